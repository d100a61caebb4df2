#pragma once
// Versions (S29, F26): in some worlds control planes of two versions share the store, and are
// replaced by each other at any time, until all are of the newer one. The newer one writes what the
// older one cannot know: another schema number, a field of the meeting, a field of a seat. What
// either may make of a row is what the product's own parser says of the text as it was written. An
// older one must neither write over such a row nor act outside on it.

#include <array>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "domain/meeting.hpp"
#include "domain/outside.hpp"
#include "port/meeting_store.hpp"

namespace sim {

class Process;
class World;

class Versions {
 public:
  explicit Versions(World& world);

  // This life of this control plane is of the newer version.
  bool is_newer(std::size_t index, std::uint32_t incarnation) const;
  std::string name_of(bool newer) const;  // for the trace
  // The body of a fiber: replaces control planes until the faults end.
  void roll_out();
  // Everything is of the newer version from now on.
  void finish();

  void wrote(bool newer, const domain::Meeting& meeting);
  // What one of this version reads where this meeting is stored.
  base::Result<domain::Meeting> read(bool newer, base::Result<domain::Meeting> stored) const;
  // As the store's, without what this version cannot read.
  base::Result<std::vector<domain::MeetingId>> due(bool newer, base::Timestamp now,
                                                   std::size_t limit) const;
  base::Result<std::optional<base::Timestamp>> next_wake(bool newer) const;
  base::Result<port::Page> list(bool newer, const std::optional<domain::PrincipalId>& owner,
                                const std::string& from, std::size_t limit) const;
  // Some control plane may not be able to read it.
  bool may_hide(const domain::MeetingId& id) const;
  // This process calls for a change outside, perhaps of a machine with this deadline. True: it
  // cannot read the row and was right, as what has outlived its deadline needs no row (S21).
  bool acts(const Process& process, const domain::Owner& owner,
            std::optional<base::Timestamp> deadline = {});

 private:
  struct Row {
    std::string text;
    bool newer = false;
    base::Timestamp newer_since;
    // What the older and the newer version make of it; parsed once, as most time went there.
    mutable std::array<std::optional<base::Result<domain::Meeting>>, 2> parsed;
  };
  const base::Result<domain::Meeting>& parse(bool newer, const Row& row) const;
  bool can_read(bool newer, const domain::MeetingId& id) const;
  bool mixed() const;
  std::string write(bool newer, const domain::Meeting& meeting) const;

  World& world_;
  bool finished_ = false;
  std::map<domain::MeetingId, Row> rows_;
};

}  // namespace sim
