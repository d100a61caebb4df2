#pragma once
// What is outside of the product on a planned day: machines, names, screens and a store, behind
// the ports, found by index however many there are. Providers refuse what is beyond their limits.

#include <map>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "day.hpp"
#include "port/clock.hpp"
#include "port/compute.hpp"
#include "port/dns_zone.hpp"
#include "port/entropy.hpp"
#include "port/meeting_store.hpp"
#include "port/prober.hpp"
#include "port/secrets.hpp"
#include "port/wakeups.hpp"
#include "scheduler.hpp"
#include "throttle.hpp"

namespace sim {

constexpr std::size_t kMachinesPage = 1000;  // DescribeInstances, at most

struct DayMachine {
  domain::Instance seen;
  Timestamp launched_at;
  Timestamp running_at;
  Timestamp answers_at;
  Timestamp gone_at;  // once asked to end
  bool ending = false;
};

class DayOutside final : public port::Clock,
                         public port::Compute,
                         public port::Prober,
                         public port::Secrets,
                         public port::Entropy {
 public:
  DayOutside(Scheduler& scheduler, const DayOptions& options, const ApiLimits& limits,
             DayResult& result);

  Timestamp now() override { return scheduler_.now(); }
  Duration since_boot() override { return scheduler_.now().time_since_epoch(); }

  base::Result<std::vector<domain::Instance>> list(const domain::MeetingId& meeting) override;
  base::Result<std::vector<domain::Instance>> list_all() override;
  base::Result<domain::Instance> launch(const port::LaunchSpec& spec) override;
  base::Result<> terminate(const domain::InstanceId& instance, const domain::Owner& owner) override;
  base::Result<> set_deadline(const domain::InstanceId& instance, const domain::Owner& owner,
                              Timestamp deadline) override;
  base::Result<domain::Probe> probe(const port::ProbeTarget& target) override;
  base::Result<std::vector<base::Secret>> fetch(std::string_view name) override;
  std::string bytes(std::size_t count) override { return std::string(count, 'x'); }

  // A call of this kind arrives; fails when it is beyond the limit.
  base::Result<> admit(Site site, const char* kind, std::size_t pages = 1);
  // Until when the people of a meeting stay.
  void people(const domain::MeetingId& meeting, Timestamp from, Timestamp until) {
    people_[meeting] = {from, until};
  }
  // What has run up to `until`; and when the last one was gone.
  void count_hours(Timestamp until, Timestamp first_start);

 private:
  domain::Instance view(DayMachine& machine) const;
  Duration boot_time();

  Scheduler& scheduler_;
  const DayOptions& options_;
  Throttle throttle_;
  DayResult& result_;
  base::Rng rng_;
  std::map<domain::InstanceId, DayMachine> machines_;
  std::map<domain::MeetingId, std::vector<domain::InstanceId>> by_meeting_;
  std::map<std::string, domain::InstanceId> by_key_;
  std::map<std::string, domain::InstanceId> by_address_;
  std::map<domain::MeetingId, std::pair<Timestamp, Timestamp>> people_;
  std::size_t alive_ = 0;
};

class DayZone final : public port::DnsZone {
 public:
  explicit DayZone(DayOutside& outside, std::size_t page) : outside_(outside), page_(page) {}
  std::string name_of(const domain::DesktopId& desktop) const override { return desktop.text(); }
  base::Result<std::vector<domain::Record>> list(const domain::MeetingId& meeting) override;
  base::Result<std::vector<domain::Record>> list_all() override;
  base::Result<> put(const domain::Record& record) override;
  base::Result<> drop(const std::string& name, const domain::Owner& owner) override;

 private:
  DayOutside& outside_;
  std::size_t page_;  // records that one call lists
  std::map<std::string, domain::Record> records_;
};

// The rows of the day, and who hears of each write. Of all else that a store can do a pass needs
// nothing: it answers `internal`.
class DayStore final : public port::MeetingStore {
 public:
  using Saved = std::function<void(const domain::Meeting& before, const domain::Meeting& after)>;
  explicit DayStore(Saved saved) : saved_(std::move(saved)) {}

  void add(domain::Meeting meeting) {
    meeting.version = 1;
    rows_.emplace(meeting.id, std::move(meeting));
  }
  const std::map<domain::MeetingId, domain::Meeting>& rows() const { return rows_; }

  std::string identity() override { return "day"; }
  base::Result<std::optional<domain::Meeting>> made_by(const port::IdempotencyKey& key) override;
  base::Result<domain::Meeting> load(const domain::MeetingId& id) override;
  base::Result<std::uint64_t> save(const port::Commit& commit) override;
  base::Result<> append_audit(const domain::MeetingId& /*id*/,
                              const std::vector<port::AuditEntry>& /*entries*/) override {
    return {};
  }
  base::Result<port::Created> create(const port::Commit& commit,
                                     const std::optional<port::IdempotencyKey>& key) override;
  base::Result<std::vector<port::AuditEntry>> audit(const domain::MeetingId& id) override;
  base::Result<std::vector<domain::MeetingId>> due(Timestamp now, std::size_t limit) override;
  base::Result<std::optional<Timestamp>> next_wake() override;
  base::Result<port::Page> list(const std::optional<domain::PrincipalId>& owner,
                                const std::string& from, std::size_t limit) override;
  base::Result<std::vector<domain::MeetingId>> live() override;
  base::Result<std::vector<std::pair<std::string, std::string>>> parked() override;
  base::Result<std::vector<port::Change>> changes(std::uint64_t after, std::size_t limit) override;
  base::Result<std::uint64_t> cursor(const std::string& consumer) override;
  base::Result<> set_cursor(const std::string& consumer, std::uint64_t cursor) override;
  base::Result<std::size_t> purge(Timestamp before, std::size_t limit) override;

 private:
  Saved saved_;
  std::map<domain::MeetingId, domain::Meeting> rows_;
};

}  // namespace sim
