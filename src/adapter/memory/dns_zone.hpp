#pragma once
// DnsZone: one parent domain in memory, with our owner mark. By default every change is there at
// once; DnsManners switches on how providers really behave (INVARIANTS W11): changes that show only
// later, a put that adds a second record beside one it could not see yet, a lock-out after too many
// calls. resolve() is what a resolver in the world answers. Time is the given clock's alone.
// Thread-safe.
//
// A provider's refusal of an identical record ("81058") never leaves an adapter: put() is
// idempotent.

#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "adapter/memory/fate.hpp"
#include "port/clock.hpp"
#include "port/dns_zone.hpp"

namespace adapter::memory {

struct DnsManners {
  std::string parent = "desk.example.org";
  std::string store = "store";
  base::Duration list_after{0};     // an accepted change shows in lists this much later
  base::Duration resolve_after{0};  // ... and to resolvers this much after that
  bool second_record = false;       // a put that can't see the former record yet adds one beside it
  // More than `calls_max` calls within `calls_within`: every call fails for `locked_for`.
  std::uint32_t calls_max = 0;  // 0: no limit
  base::Duration calls_within = std::chrono::minutes(5);
  base::Duration locked_for = std::chrono::minutes(5);
};

class DnsZone : public port::DnsZone {
 public:
  DnsZone(port::Clock& clock, DnsManners manners) : clock_(clock), manners_(std::move(manners)) {}

  std::string name_of(const domain::DesktopId& desktop) const override;
  base::Result<std::vector<domain::Record>> list(const domain::MeetingId& meeting) override;
  base::Result<std::vector<domain::Record>> list_all() override;
  base::Result<> put(const domain::Record& record) override;
  base::Result<> drop(const std::string& name, const domain::Owner& owner) override;

  // ---- What the world does.
  void plant(const domain::Record& record);  // with a mark; of whatever store its owner says
  void plant_unmarked(const std::string& name, const std::string& address);
  void remove(const std::string& name);  // an operator deletes it
  void next_put(Fate fate);
  void next_drop(Fate fate);
  void fail_lists(std::uint32_t count);
  void set_down(bool down);  // every call is unavailable

  // ---- What is really there now.
  std::vector<domain::Record> truth();                          // marked ones, of any store
  std::vector<std::string> addresses(const std::string& name);  // at the provider
  std::vector<std::string> resolve(const std::string& name);    // as the world sees it

 private:
  struct Row {
    domain::Record record;
    bool marked = true;
    base::Timestamp from;
    std::optional<base::Timestamp> until;  // removed then
  };
  struct Late {
    base::Timestamp at;
    domain::Record record;
    bool is_drop = false;
  };

  // The private functions want the lock held.
  void settle(base::Timestamp now);           // lets time have its effects
  base::Result<> enter(base::Timestamp now);  // ... and answers as a call: rate, outage
  static bool is_at(const Row& row, base::Timestamp as_of);
  bool is_ours(const Row& row, const domain::Owner& owner) const;
  base::Result<> put_now(const domain::Record& record, base::Timestamp now);
  base::Result<> drop_now(const std::string& name, const domain::Owner& owner, base::Timestamp now);
  void write(const domain::Record& record, base::Timestamp now, base::Timestamp seen);
  base::Result<std::vector<domain::Record>> list_if(
      const std::optional<domain::MeetingId>& meeting);

  port::Clock& clock_;
  const DnsManners manners_;
  std::mutex mutex_;
  std::multimap<std::string, Row> rows_;
  std::vector<Late> late_;
  std::deque<base::Timestamp> calls_;
  std::optional<base::Timestamp> locked_until_;
  Fates put_fates_;
  Fates drop_fates_;
  std::uint32_t failing_lists_ = 0;
  bool down_ = false;
};

}  // namespace adapter::memory
