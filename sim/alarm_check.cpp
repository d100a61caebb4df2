#include "alarm_check.hpp"

#include <algorithm>
#include <utility>

#include "process.hpp"

namespace sim {

using app::AlarmKind;

namespace {
constexpr app::AlarmPolicy kPolicy;
// A turn of the loop and the store calls in it, each of which may be slow.
constexpr Duration kTurn = 3min;
constexpr Duration kCheckEvery = 30s;  // the truth is searched, which costs
constexpr Duration kDenials = 90s;     // between denials of calls that belong together
}  // namespace

AlarmCheck::AlarmCheck(Process& process)
    : process_(process),
      alarms_(kPolicy, boot_time()),
      swept_at_(process.world().now()),
      sweeps_well_since_(process.world().now()),
      passed_at_(process.world().now()) {}

Duration AlarmCheck::boot_time() const {
  return process_.world().now() - process_.world().start() + 24h;
}

void AlarmCheck::looked(std::optional<Timestamp> next_wake, bool clock_settles) {
  const auto now = process_.wall();
  std::optional<Duration> late;
  if (next_wake && *next_wake <= now) late = clock_settles ? Duration{0} : now - *next_wake;
  alarms_.looked(boot_time(), late);
  if (!late) due_since_.reset();  // for a moment nothing was due
}

void AlarmCheck::passed(const app::PassReport& report) {
  alarms_.passed(boot_time());
  if (!report.refused.empty()) alarms_.refused(boot_time(), report.refused);
  passed_at_ = process_.world().now();
}

void AlarmCheck::failed(const base::Error& error) {
  if (error.kind == base::ErrorKind::denied) alarms_.refused(boot_time(), error.message);
}

void AlarmCheck::swept(const base::Result<app::SweepReport>& report) {
  if (!report) {
    if (report.error().kind == base::ErrorKind::denied) alarms_.refused(boot_time(), "sweep");
    return;
  }
  note_gap();
  alarms_.swept(boot_time(), *report);
  swept_at_ = process_.world().now();
}

void AlarmCheck::denied() {
  const auto now = process_.world().now();
  if (!denied_since_ || now > denied_at_ + kDenials) denied_since_ = now;
  denied_at_ = now;
}

Duration AlarmCheck::gap_max() const {
  return 2 * process_.world().swarm().sweep.period + 30s;
}

// Where sweeps do not see everything, leaks cannot be told.
void AlarmCheck::note_gap() {
  const auto now = process_.world().now();
  if (now > swept_at_ + gap_max()) sweeps_well_since_ = now;
}

bool AlarmCheck::says(AlarmKind kind) const {
  return std::any_of(raised_.begin(), raised_.end(),
                     [&](const app::Alarm& alarm) { return alarm.kind == kind; });
}

void AlarmCheck::check() {
  auto& world = process_.world();
  const auto before = std::exchange(raised_, alarms_.raised(boot_time()));
  if (!raised_.empty()) trace_news(before);
  if (!raised_.empty() && world.swarm().calm) {
    world.violation("L15", "a false alarm of " + process_.name() + ": " + raised_.front().detail);
  }
  const auto first_wake = world.checks().first_wake();
  check_silence(first_wake);
  check_backlog(first_wake);
  check_credentials();
  if (world.now() < next_check_) return;
  next_check_ = world.now() + kCheckEvery;
  check_leaks();
}

void AlarmCheck::trace_news(const std::vector<app::Alarm>& before) const {
  for (const auto& alarm : raised_) {
    const bool old = std::any_of(before.begin(), before.end(),
                                 [&](const app::Alarm& one) { return one.kind == alarm.kind; });
    if (old) continue;
    process_.world().trace(process_.name(), "alarm", app::to_string(alarm.kind), alarm.detail);
  }
}

std::optional<Timestamp> AlarmCheck::leak_since() const {
  auto& world = process_.world();
  std::optional<Timestamp> since;
  for (const auto& [id, machine] : world.cloud().machines()) {
    const auto& owner = machine.spec.owner;
    if (!machine.alive() || owner.store != world.store_identity()) continue;
    const auto unneeded = world.checks().surely_unneeded_since(machine);
    if (unneeded && (!since || *unneeded < *since)) since = unneeded;
  }
  return since;
}

void AlarmCheck::check_leaks() {
  auto& world = process_.world();
  const auto now = world.now();
  note_gap();
  if (says(AlarmKind::leak_suspected)) return world.probe("alarm: a leak");
  const auto since = leak_since();
  if (!since) return;
  const auto from = std::max(*since + world.swarm().policy.list_lag, sweeps_well_since_);
  if (now > from + kPolicy.leak_after + 2 * gap_max()) {
    world.violation(
        "L15", process_.name() + " says nothing of a leak since " + base::to_text(now - *since));
  }
}

void AlarmCheck::check_silence(std::optional<Timestamp> first_wake) {
  auto& world = process_.world();
  const auto now = world.now();
  const bool due = first_wake && *first_wake <= process_.wall();
  if (!due) due_since_.reset();
  if (due && !due_since_) due_since_ = now;
  if (says(AlarmKind::passes_silent)) world.probe("alarm: passes are silent");
  if (!due || says(AlarmKind::passes_silent) || says(AlarmKind::backlog)) return;
  const auto from = std::max({*due_since_, passed_at_, process_.awake_since()});
  if (now > from + kPolicy.silent_after + kTurn) {
    world.violation("L15", process_.name() + " does not say that its passes are silent");
  }
}

void AlarmCheck::check_backlog(std::optional<Timestamp> first_wake) {
  auto& world = process_.world();
  if (says(AlarmKind::backlog)) world.probe("alarm: backlog");
  const bool late = first_wake && process_.wall() > *first_wake + kPolicy.backlog_after &&
                    !process_.holds_kills();
  if (!late) late_since_.reset();
  if (late && !late_since_) late_since_ = world.now();
  if (!late || says(AlarmKind::backlog) || says(AlarmKind::passes_silent)) return;
  if (world.now() > std::max(*late_since_, process_.awake_since()) + kTurn) {
    world.violation("L15", process_.name() + " says nothing of a meeting that waits for a look");
  }
}

void AlarmCheck::check_credentials() {
  const auto now = process_.world().now();
  if (says(AlarmKind::credentials_refused)) process_.world().probe("alarm: credentials");
  if (!denied_since_ || now > denied_at_ + kDenials) return;
  if (says(AlarmKind::credentials_refused) || says(AlarmKind::passes_silent)) return;
  if (now > *denied_since_ + kTurn) {
    process_.world().violation("L15", process_.name() +
                                          " says nothing of credentials that are refused since " +
                                          base::to_text(now - *denied_since_));
  }
}

}  // namespace sim
