#pragma once
// Canary (S22): knows every secret of a run, and sings when one of them, or its beginning, stands
// in a text that leaves the process: a log line, an audit row, what a machine or a record is told,
// an error message. Cheap enough to be always on: one lookup in a bitmap for some bytes of text.

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/secret.hpp"
#include "domain/meeting.hpp"
#include "port/compute.hpp"
#include "port/meeting_store.hpp"

namespace sim {

class World;

// The secret of this name, the same in every process of every run.
base::Secret secret_of(std::string_view name);

class Canary {
 public:
  explicit Canary(World& world);

  void know(std::string_view secret);
  // A key; also in the forms in which bytes are printed.
  void know_key(std::string_view secret);
  // Links, cookies and probe tickets that may ever be signed for this meeting as it is now.
  void know_tickets(const domain::Meeting& meeting);

  void look(std::string_view where, std::string_view text);
  void look(const port::Commit& commit);
  void look(const std::vector<port::AuditEntry>& audit);
  void look(const port::LaunchSpec& spec);
  template <class T>
  void look_at_error(const base::Result<T>& result) {
    if (result) return;
    look("an error", result.error().message);
    look("an error", result.error().field);
    look("an error", result.error().detail);
  }

 private:
  static constexpr std::size_t kWindow = 8;                    // bytes by which a secret is found
  static constexpr std::size_t kKept = 12;                     // ... and by which it is recognised
  static constexpr std::size_t kStride = kKept - kWindow + 1;  // ... wherever it stands in a text
  static constexpr std::size_t kMarks = 1U << 17U;
  static std::size_t mark_of(const char* at);
  bool is_marked(const char* at) const;
  bool is_secret_around(std::string_view text, std::size_t at) const;
  bool is_new(const std::string& id, std::uint32_t epoch);

  World& world_;
  std::vector<std::uint64_t> marks_;
  std::set<std::string, std::less<>> beginnings_;
  std::map<std::string, std::uint32_t> signed_;  // seats or desktops, with their latest epoch
};

}  // namespace sim
