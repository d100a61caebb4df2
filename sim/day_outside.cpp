#include "day_outside.hpp"

#include <algorithm>
#include <cmath>

namespace sim {

using base::ErrorKind;
using base::fail;
using base::Result;
using domain::InstanceState;

namespace {

constexpr Duration kGoneAfter = 30s;  // from the order to end
constexpr Duration kGoneShown = 10min;
constexpr double kRunningPart = 0.4;  // of the boot; the address comes with it

auto not_in_a_day() {
  return fail(ErrorKind::internal, "a planned day has no such thing");
}

}  // namespace

DayOutside::DayOutside(Scheduler& scheduler, const DayOptions& options, const ApiLimits& limits,
                       DayResult& result)
    : scheduler_(scheduler),
      options_(options),
      throttle_(limits),
      result_(result),
      rng_(base::Rng(options.seed).fork("machines")) {}

Result<> DayOutside::admit(Site site, const char* kind, std::size_t pages) {
  auto& calls = result_.calls[kind];
  for (std::size_t i = 0; i < pages; ++i) {
    ++calls.made;
    if (i == 0 ? throttle_.admits(site, now()) : throttle_.takes_page(site, now())) continue;
    ++calls.refused;
    return fail(ErrorKind::unavailable, "too many requests");
  }
  return {};
}

// Spread as such times are: many near the median, few that take much longer.
Duration DayOutside::boot_time() {
  double normal = -6;
  for (int i = 0; i < 12; ++i) normal += rng_.below(1'000'000) / 1e6;
  const auto median = static_cast<double>(options_.boot_median.count());
  const auto p99 = static_cast<double>(options_.boot_p99.count());
  const double sigma = std::log(p99 / median) / 2.326;
  return Duration(static_cast<std::int64_t>(median * std::exp(sigma * normal)));
}

domain::Instance DayOutside::view(DayMachine& machine) const {
  auto& seen = machine.seen;
  const auto at = scheduler_.now();
  if (machine.ending) {
    seen.state = at >= machine.gone_at ? InstanceState::gone : InstanceState::stopping;
  } else if (at >= machine.running_at) {
    seen.state = InstanceState::running;
  }
  auto copy = seen;
  if (copy.state == InstanceState::pending) copy.address.clear();
  return copy;
}

Result<std::vector<domain::Instance>> DayOutside::list(const domain::MeetingId& meeting) {
  TRY(admit(Site::list, "list machines"));
  std::vector<domain::Instance> own;
  for (const auto& id : by_meeting_[meeting]) own.push_back(view(machines_.at(id)));
  return own;
}

Result<std::vector<domain::Instance>> DayOutside::list_all() {
  TRY(admit(Site::list_all, "list machines", 1 + machines_.size() / kMachinesPage));
  std::vector<domain::Instance> all;
  all.reserve(machines_.size());
  for (auto& [id, machine] : machines_) {
    if (!machine.ending || now() < machine.gone_at + kGoneShown) all.push_back(view(machine));
  }
  return all;
}

Result<domain::Instance> DayOutside::launch(const port::LaunchSpec& spec) {
  TRY(admit(Site::launch, "launch"));
  const auto known = by_key_.find(spec.key);
  if (known != by_key_.end()) return view(machines_.at(known->second));
  if (options_.capacity > 0 && alive_ >= options_.capacity) {
    return fail(ErrorKind::exhausted, "no desktop can be had at this place now");
  }
  const auto number = machines_.size() + 1;
  const auto id = *domain::InstanceId::parse("i-" + std::to_string(number));
  const auto boot = boot_time();
  const auto until_running =
      Duration(static_cast<std::int64_t>(static_cast<double>(boot.count()) * kRunningPart));
  const auto address = "10." + std::to_string(number / 65'536) + "." +
                       std::to_string(number / 256 % 256) + "." + std::to_string(number % 256);
  DayMachine machine{.seen = {.id = id,
                              .owner = spec.owner,
                              .launch_key = spec.key,
                              .state = InstanceState::pending,
                              .address = address,
                              .launched_at = now(),
                              .deadline = spec.deadline,
                              .why = ""},
                     .launched_at = now(),
                     .running_at = now() + until_running,
                     .answers_at = now() + boot,
                     .gone_at = {}};
  by_meeting_[*domain::meeting_of(spec.owner.seat)].push_back(id);
  by_key_.emplace(spec.key, id);
  by_address_.emplace(machine.seen.address, id);
  ++alive_;
  return view(machines_.emplace(id, std::move(machine)).first->second);
}

Result<> DayOutside::terminate(const domain::InstanceId& instance, const domain::Owner& /*owner*/) {
  TRY(admit(Site::terminate, "terminate"));
  const auto found = machines_.find(instance);
  if (found == machines_.end()) return fail(ErrorKind::not_found, "no such machine");
  if (found->second.ending) return {};
  found->second.ending = true;
  found->second.gone_at = now() + kGoneAfter;
  --alive_;
  return {};
}

Result<> DayOutside::set_deadline(const domain::InstanceId& instance,
                                  const domain::Owner& /*owner*/, Timestamp deadline) {
  TRY(admit(Site::set_deadline, "set deadline"));
  const auto found = machines_.find(instance);
  if (found == machines_.end()) return fail(ErrorKind::not_found, "no such machine");
  found->second.seen.deadline = deadline;
  return {};
}

Result<domain::Probe> DayOutside::probe(const port::ProbeTarget& target) {
  ++result_.calls["probe"].made;
  domain::Probe probe;
  const auto found = by_address_.find(target.address);
  if (found == by_address_.end()) return probe;
  const auto& machine = machines_.at(found->second);
  probe.answers = !machine.ending && now() >= machine.answers_at;
  if (!probe.answers) return probe;
  const auto& there = people_.at(*domain::meeting_of(target.desktop));
  probe.connections = now() >= there.first && now() < there.second ? 1 : 0;
  return probe;
}

Result<std::vector<base::Secret>> DayOutside::fetch(std::string_view /*name*/) {
  return not_in_a_day();
}

void DayOutside::count_hours(Timestamp until, Timestamp first_start) {
  Duration total{0};
  for (const auto& [id, machine] : machines_) {
    const auto end = machine.ending ? std::min(machine.gone_at, until) : until;
    total += end - machine.launched_at;
    result_.last_gone = std::max(result_.last_gone, end - first_start);
  }
  result_.machine_hours = std::chrono::duration<double, std::ratio<3600>>(total).count();
  result_.cost = result_.machine_hours * options_.price;
}

// ---- Names.

Result<std::vector<domain::Record>> DayZone::list(const domain::MeetingId& meeting) {
  TRY(outside_.admit(Site::zone_list, "list names"));
  std::vector<domain::Record> own;
  for (auto it = records_.lower_bound(meeting.text() + "-");
       it != records_.end() && it->first.starts_with(meeting.text() + "-"); ++it) {
    own.push_back(it->second);
  }
  return own;
}

Result<std::vector<domain::Record>> DayZone::list_all() {
  TRY(outside_.admit(Site::zone_list_all, "list names", 1 + records_.size() / page_));
  std::vector<domain::Record> all;
  all.reserve(records_.size());
  for (const auto& [name, record] : records_) all.push_back(record);
  return all;
}

Result<> DayZone::put(const domain::Record& record) {
  TRY(outside_.admit(Site::put, "put name"));
  records_.insert_or_assign(record.name, record);
  return {};
}

Result<> DayZone::drop(const std::string& name, const domain::Owner& /*owner*/) {
  TRY(outside_.admit(Site::drop, "drop name"));
  records_.erase(name);
  return {};
}

// ---- The store.

Result<domain::Meeting> DayStore::load(const domain::MeetingId& id) {
  const auto found = rows_.find(id);
  if (found == rows_.end()) return fail(ErrorKind::not_found, "no such meeting");
  return found->second;
}

Result<std::uint64_t> DayStore::save(const port::Commit& commit) {
  auto& row = rows_.at(commit.meeting.id);
  if (row.version != commit.meeting.version) return fail(ErrorKind::conflict, "was changed");
  saved_(row, commit.meeting);
  row = commit.meeting;
  return ++row.version;
}

Result<port::Created> DayStore::create(const port::Commit& /*commit*/,
                                       const std::optional<port::IdempotencyKey>& /*key*/) {
  return not_in_a_day();
}
Result<std::optional<domain::Meeting>> DayStore::made_by(const port::IdempotencyKey& /*key*/) {
  return not_in_a_day();
}
Result<std::vector<port::AuditEntry>> DayStore::audit(const domain::MeetingId& /*id*/) {
  return not_in_a_day();
}
Result<std::vector<domain::MeetingId>> DayStore::due(Timestamp /*now*/, std::size_t /*limit*/) {
  return not_in_a_day();
}
Result<std::optional<Timestamp>> DayStore::next_wake() {
  return not_in_a_day();
}
Result<port::Page> DayStore::list(const std::optional<domain::PrincipalId>& /*owner*/,
                                  const std::string& /*from*/, std::size_t /*limit*/) {
  return not_in_a_day();
}
Result<std::vector<domain::MeetingId>> DayStore::live() {
  return not_in_a_day();
}
Result<std::vector<std::pair<std::string, std::string>>> DayStore::parked() {
  return not_in_a_day();
}
Result<std::vector<port::Change>> DayStore::changes(std::uint64_t /*after*/,
                                                    std::size_t /*limit*/) {
  return not_in_a_day();
}
Result<std::uint64_t> DayStore::cursor(const std::string& /*consumer*/) {
  return not_in_a_day();
}
Result<> DayStore::set_cursor(const std::string& /*consumer*/, std::uint64_t /*cursor*/) {
  return not_in_a_day();
}
Result<std::size_t> DayStore::purge(Timestamp /*before*/, std::size_t /*limit*/) {
  return not_in_a_day();
}

}  // namespace sim
