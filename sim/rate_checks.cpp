#include "rate_checks.hpp"

#include <algorithm>

#include "domain/backoff.hpp"
#include "domain/phase.hpp"
#include "process.hpp"
#include "world.hpp"

namespace sim {

namespace {

constexpr Duration kWindow = 4min;
constexpr std::uint32_t kSlack = 3;      // calls that a crash or an overtaken pass makes again
constexpr Duration kAskAgain = 2s;       // the plan's pause between calls for names
constexpr Duration kLongOverdue = 1min;  // for so long the former processes could have done it
constexpr std::uint32_t kIdleLooks = 3;  // overtaken, or held back by a budget, it looks again
constexpr double kDropShare = 0.3;
constexpr std::uint32_t kWastedMax = 4;  // calls for one that is on its way, while others wait

// As much as `rate` allows; `more` per cent faster, so that rounding breaks nothing.
BucketSize size_of(const adapter::paced::Rate& rate, double share, int more) {
  if (rate.per_second <= 0) return {};
  const double every = 1000.0 / (rate.per_second * share) * (100.0 / (100 + more));
  const auto burst = static_cast<std::uint32_t>(rate.burst * share);
  return {std::max(1U, burst) + (more > 0 ? 1U : 0U), Duration(static_cast<std::int64_t>(every))};
}

// How many calls fit into the window when each pause is as short as the rule of backoff allows.
std::uint32_t calls_within(Duration window, Duration base, Duration most) {
  std::uint32_t calls = 0;
  for (Duration at{0}; at < window; ++calls) at += base + std::min(at / 2, most) / 2;
  return calls;
}

// Something of it is being closed, or soon. Not asked of the product, whose answer is what is
// checked.
bool goes_first(const domain::Meeting& meeting, Timestamp now) {
  if (meeting.end || meeting.ending) return !meeting.over_at;
  const bool late = now >= domain::planned_end(meeting);
  return std::any_of(meeting.seats.begin(), meeting.seats.end(), [&](const domain::Seat& seat) {
    return domain::owns_anything(seat) && (late || seat.desktop->closing);
  });
}

}  // namespace

RateChecks::Allowance::Allowance(const adapter::paced::ComputePace& compute,
                                 const adapter::paced::ZonePace& zone)
    : launch(size_of(compute.launch, 1, 2)),
      terminate(size_of(compute.terminate, 1, 2)),
      look(size_of(compute.look, 1, 2)),
      deadline(size_of(compute.deadline, 1, 2)),
      names(size_of({zone.calls.per_second, zone.calls.burst + 2}, 1, 2)),
      own_terminate(size_of(compute.terminate, 1, -5)),
      own_drop(size_of(zone.calls, kDropShare, -5)) {}

RateChecks::Allowance& RateChecks::allowance(const Process& process) {
  const auto& swarm = world_.swarm();
  return allowances_.try_emplace(process.name(), swarm.compute_pace, swarm.zone_pace).first->second;
}

// However often a sweep in between could not see everything.
void RateChecks::swept(const Process& process, const app::SweepReport& report) {
  const auto& sweep = world_.swarm().sweep;
  const auto first = first_swept_.emplace(process.name(), world_.now()).first->second;
  if (world_.now() < first + sweep.warm_up + 2 * sweep.period) return;
  const auto before = std::exchange(watched_[process.name()], {});
  auto& now_watched = watched_[process.name()];
  for (const auto& item : report.items) {
    if (item.verdict != "watched" && item.verdict != "unread") continue;
    const auto key = item.kind + " " + item.id;
    const auto known = before.find(key);
    auto& watched = now_watched[key] = known == before.end() ? Watched{} : known->second;
    const bool counts = item.verdict == "watched" && item.unneeded;
    if (!counts || world_.now() < watched.at + sweep.period) continue;
    watched.at = world_.now();
    if (++watched.times <= sweep.misses_min) continue;
    world_.violation("L2", process.name() + " goes on to watch " + item.id + ", which has no row");
    return;
  }
}

void RateChecks::called(const Process& process, Site site) {
  auto& may = allowance(process);
  const auto now = world_.now();
  bool within = true;
  switch (site) {
    case Site::launch:
      within = may.launch.take(now);
      break;
    case Site::terminate:
      may.own_terminate.spend(now);
      within = may.terminate.take(now);
      break;
    case Site::list:
    case Site::list_all:
      within = may.look.take(now);
      break;
    case Site::set_deadline:
      within = may.deadline.take(now);
      break;
    default:
      if (site == Site::drop) may.own_drop.spend(now);
      within = may.names.take(now);
      break;
  }
  if (!within) {
    world_.violation("L13", process.name() + " calls " + name_of(site) + " faster than its pace");
  }
}

void RateChecks::held_back(const Process& process, Site site) {
  world_.probe("pace: an end was held back");
  auto& may = allowance(process);
  auto& own = site == Site::terminate ? may.own_terminate : may.own_drop;
  if (own.take(world_.now())) {
    world_.violation("L6", std::string(name_of(site)) + " was held back though its share was left");
  }
}

std::uint32_t RateChecks::calls_max(Site site) const {
  const auto& policy = world_.swarm().policy;
  switch (site) {
    case Site::launch:  // each round tries every place
      return policy.places * calls_within(kWindow, policy.launch_retry, policy.retry_max) + kSlack;
    case Site::terminate:
      return calls_within(kWindow, policy.terminate_retry, policy.retry_max) + kSlack;
    default:
      return calls_within(kWindow, kAskAgain, policy.retry_max) + kSlack;
  }
}

void RateChecks::changes(Site site, const domain::DesktopId& desktop) {
  looks_[*domain::meeting_of(desktop)] = 0;
  if (world_.clock_error() > 1s) return;  // clocks that disagree do not agree on pauses
  auto& calls = calls_[{site, desktop}];
  const auto now = world_.now();
  while (!calls.empty() && calls.front() + kWindow <= now) calls.pop_front();
  calls.push_back(now);
  if (calls.size() > calls_max(site)) {
    world_.violation("L6", std::string(name_of(site)) + " of " + desktop.text() + " is called " +
                               std::to_string(calls.size()) + " times in " +
                               base::to_text(kWindow));
  }
}

void RateChecks::tells(const Process& process, const domain::InstanceId& instance,
                       const domain::Owner& owner) {
  check_stray_pause(process, owner);
  auto& wasted = told_[instance];
  const auto* told = world_.cloud().find(instance);
  if (told == nullptr || told->state != domain::InstanceState::stopping) return;
  if (++wasted < kWastedMax) return;
  const auto shown = world_.now() - world_.swarm().list_lag;
  const auto& machines = world_.cloud().machines();
  const auto waiting = std::count_if(machines.begin(), machines.end(), [&](const auto& one) {
    const auto& machine = one.second;
    return machine.spec.owner == owner && machine.alive() && machine.planted() &&
           machine.launched_at < shown && !told_.contains(one.first);
  });
  if (waiting < 3) return;
  world_.violation("L2", instance.text() + " is told to end again and again while " +
                             std::to_string(waiting) + " of its kind wait");
}

void RateChecks::listed(const Process& process, const domain::MeetingId& id,
                        const base::Result<std::vector<domain::Instance>>& instances) {
  auto& ending = ending_[process.name()][id];
  ending.clear();
  if (!instances) return;
  for (const auto& instance : *instances) {
    if (instance.state == domain::InstanceState::stopping) ending.insert(instance.id);
  }
}

void RateChecks::ends(const Process& process, const domain::InstanceId& instance,
                      const domain::MeetingId& id) {
  if (!ending_[process.name()][id].contains(instance)) return;
  world_.violation(
      "L6", process.name() + " tells " + instance.text() + " to end, which it has seen on its way");
}

void RateChecks::names_listed(const Process& process, const domain::MeetingId& id,
                              const base::Result<std::vector<domain::Record>>& records) {
  auto& named = named_[process.name()][id];
  named.clear();
  if (!records) return;
  for (const auto& record : *records) named.insert(record.name);
}

void RateChecks::ends_named(const Process& process, const domain::DesktopId& desktop) {
  const auto& named = named_[process.name()][*domain::meeting_of(desktop)];
  if (!named.contains(Zone::name_of(desktop))) return;
  world_.violation("S11", process.name() + " ends " + desktop.text() + ", whose name it has seen");
}

void RateChecks::sweep_looks(const Process& process) {
  ending_.erase(process.name());
  named_.erase(process.name());
  std::erase_if(strays_called_, [&](const auto& one) { return one.first.first == process.name(); });
}

// As the row said when the pass looked: what is too many is told in one go, and then given time.
void RateChecks::check_stray_pause(const Process& process, const domain::Owner& owner) {
  const auto looked = strays_called_.find({process.name(), *domain::meeting_of(owner.seat)});
  if (looked == strays_called_.end() || world_.clock_error() > 1s) return;
  const auto last = looked->second.find(owner.seat);
  if (last == looked->second.end()) return;
  const auto pause = world_.now() - last->second;
  if (pause < Duration{0} || pause + 2s >= world_.swarm().policy.terminate_retry) return;
  world_.violation("L6", "what is too many of " + owner.seat.text() +
                             " is told to end again after " + base::to_text(pause));
}

void RateChecks::pass_begins(const Process& process, const domain::MeetingId& id) {
  begun_[process.name()].insert(id);
  ending_[process.name()].erase(id);
  named_[process.name()].erase(id);
  const auto* row = world_.row(id);
  if (row != nullptr && goes_first(*row, world_.now())) took_down_.insert({process.name(), id});
  looks_[id] = 0;
}

// Looks cost calls: a pass looks again when there is something new.
void RateChecks::looks(const Process& process, const domain::MeetingId& id) {
  auto& strays_called = strays_called_[{process.name(), id}];
  strays_called.clear();
  if (const auto* row = world_.row(id)) {
    for (const auto& seat : row->seats) {
      if (seat.stray_called_at) strays_called.emplace(seat.id, *seat.stray_called_at);
    }
  }
  if (++looks_[id] <= kIdleLooks || world_.swarm().processes > 1) return;
  world_.violation("L6", process.name() + " looks at " + id.text() + " " +
                             std::to_string(looks_[id]) + " times though nothing has changed");
}

void RateChecks::committed(const domain::Meeting& before, domain::Meeting after) {
  after.version = before.version;
  after.wake_at = before.wake_at;
  if (after != before) looks_[after.id] = 0;
}

// What was overdue when the process started must have had its turn before anything is launched.
void RateChecks::launch_called(const Process& process, const domain::MeetingId& id) {
  if (!healed_ || process.started_at_heal() == false) return;
  if (took_down_.contains({process.name(), id})) return;  // its own went first, and is replaced
  const auto limit = process.born() - world_.clock_error() - kLongOverdue;
  for (const auto& [other, meeting] : world_.checks().rows()) {
    const bool owns =
        std::any_of(meeting.seats.begin(), meeting.seats.end(), domain::owns_anything);
    const bool owed = meeting.end ? meeting.end->at <= limit && !meeting.over_at
                                  : owns && domain::planned_end(meeting) <= limit;
    const bool due = meeting.wake_at && *meeting.wake_at <= limit;
    if (other == id || !owed || !due || !world_.checks().readable(other)) continue;
    world_.probe("start: something overdue ends first");
    if (!begun_[process.name()].contains(other)) {
      world_.violation("L13", process.name() + " launches for " + id.text() + " before it ends " +
                                  other.text() + ", which is overdue");
    }
  }
}

}  // namespace sim
