#include "rate_checks.hpp"

#include <algorithm>

#include "domain/backoff.hpp"
#include "process.hpp"
#include "world.hpp"

namespace sim {

namespace {

constexpr Duration kWindow = 4min;
constexpr std::uint32_t kSlack = 3;  // calls that a crash or an overtaken pass makes again
constexpr Duration kAskAgain = 2s;   // the plan's pause between calls for names
constexpr double kDropShare = 0.3;

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
    case Site::terminate: {  // by passes, or, where its row cannot be read, by everybody's sweeps
      const auto swept = kWindow / world_.swarm().sweep.period * world_.swarm().processes;
      const auto passed = calls_within(kWindow, policy.terminate_retry, policy.retry_max);
      return std::max(passed, static_cast<std::uint32_t>(swept)) + kSlack;
    }
    default:
      return calls_within(kWindow, kAskAgain, policy.retry_max) + kSlack;
  }
}

void RateChecks::changes(Site site, const domain::DesktopId& desktop) {
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

void RateChecks::sets_deadline(const domain::DesktopId& desktop, Timestamp deadline) {
  const auto last = deadlines_.find(desktop);
  if (last == deadlines_.end() || last->second != deadline) {
    calls_.erase({Site::set_deadline, desktop});
  }
  deadlines_[desktop] = deadline;
  changes(Site::set_deadline, desktop);
}

}  // namespace sim
