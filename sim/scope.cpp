#include "scope.hpp"

#include <sstream>

namespace sim {
namespace {

// Of 300,000 seeds the one whose people live through everything with the least work for all pairs
// (`./dev sim --small --scope least --find 300000` looks for it).
constexpr std::uint64_t kLeastSeed = 153809;
constexpr std::uint64_t kLargeSeed = 5844;  // of 8,000

Swarm quiet(std::uint64_t seed) {
  Swarm swarm = draw_swarm(seed);
  swarm.processes = 1;
  swarm.meetings = 1;
  swarm.bridged = false;
  swarm.calm = false;
  swarm.theme = Theme::none;
  swarm.first_place_full = false;
  swarm.mischief = false;
  swarm.on_disk = false;
  swarm.long_rest = false;
  swarm.limits = {200, 100, 50, 50};
  swarm.mix = {};
  swarm.policy = {};
  swarm.list_lag = swarm.policy.list_lag;
  swarm.api = {};
  swarm.compute_pace = {};
  swarm.zone_pace = {};
  swarm.workers = 16;
  swarm.outage = 0s;
  swarm.sweep = {};
  swarm.hints_delivered = 100;
  swarm.skew_max = 0s;
  return swarm;
}

Swarm large(std::uint64_t seed) {
  Swarm swarm = quiet(seed);
  swarm.seats_max = 2;
  swarm.mix.late_max = 60s;
  swarm.mix.slow_max = 10s;
  swarm.policy.poll_starting = 5s;
  swarm.policy.poll_slow = 10s;
  swarm.policy.reconcile_hot = 30s;
  swarm.policy.presence_period = 30s;
  swarm.policy.no_show_after = 5min;
  swarm.policy.leave_grace = 3min;
  swarm.sweep.period = 60s;
  swarm.start_max = 12min;
  swarm.faults_for = 60min;
  return swarm;
}

Swarm least(std::uint64_t seed) {
  Swarm swarm = quiet(seed);
  swarm.seats_max = 1;
  swarm.mix.late_max = 30s;
  swarm.mix.slow_max = 5s;
  swarm.boot_max = 1s;
  swarm.address_max = 0s;
  swarm.answer_max = 1s;
  swarm.end_max = 1s;
  swarm.zone_lag = 0s;
  swarm.resolve_lag = 0s;
  swarm.start_max = 4min;
  swarm.tick = 10min;
  auto& policy = swarm.policy;
  policy.poll_starting = 10s;
  policy.poll_slow = 10s;
  policy.reconcile_hot = 1min;
  policy.presence_period = 50s;  // well below the grace: who leaves has been seen
  policy.ready_fresh = 1min;
  policy.no_show_after = 3min;
  policy.leave_grace = 2min;
  policy.overrun = 2min;
  policy.attempts_max = 2;
  swarm.sweep.period = 4min;
  swarm.faults_for = 10min;
  return swarm;
}

const std::vector<Fate> kAll{Fate::refused, Fate::lost,         Fate::done_unknown, Fate::late,
                             Fate::slow,    Fate::crash_before, Fate::crash_after};
const std::vector<Fate> kRead{Fate::refused, Fate::lost, Fate::slow, Fate::crash_before,
                              Fate::crash_after};
// A look at a name is remembered by the resolver, also when its answer is lost.
const std::vector<Fate> kProbe{Fate::refused, Fate::lost,         Fate::done_unknown,
                               Fate::slow,    Fate::crash_before, Fate::crash_after};
const std::vector<Fate> kOne{Fate::refused};
const std::vector<Fate> kNone;

}  // namespace

std::optional<Swarm> scope_of(const std::string& name) {
  if (name == "least") return least(kLeastSeed);
  if (name == "large") return large(kLargeSeed);
  if (name != "twice") return std::nullopt;
  auto swarm = least(kLeastSeed);
  swarm.repeat_later = 20s;
  return swarm;
}

const std::vector<Fate>& fates_of(Site site) {
  switch (site) {
    case Site::store_write:
    case Site::launch:
    case Site::terminate:
    case Site::set_deadline:
    case Site::put:
    case Site::drop:
      return kAll;
    case Site::store_read:
    case Site::list:
    case Site::list_all:
    case Site::zone_list:
    case Site::zone_list_all:
      return kRead;
    case Site::probe:
      return kProbe;
    case Site::secrets:
    case Site::wakeup:
      return kOne;
    default:
      return kNone;  // not a call
  }
}

std::optional<std::string> what_is_missing(const Outcome& outcome) {
  for (std::size_t i = 0; i < kSites; ++i) {
    const auto site = static_cast<Site>(i);
    if (!fates_of(site).empty() && outcome.passed.at(i) == 0) {
      return std::string("no call of ") + name_of(site);
    }
  }
  std::size_t at = 0;
  for (const auto* step : {"has booked", "cloud launched", "cloud address", "dns put", "is in",
                           "leaves", "dns drop", "cloud terminating", "cloud gone", "HEALED"}) {
    at = outcome.trace.find(step, at);
    if (at == std::string::npos) return std::string("not in its order: ") + step;
  }
  return std::nullopt;
}

std::uint64_t calls_of(const Outcome& outcome) {
  std::uint64_t calls = 0;
  for (std::size_t i = 0; i < kSites; ++i) {
    if (!fates_of(static_cast<Site>(i)).empty()) calls += outcome.passed.at(i);
  }
  return calls;
}

std::optional<std::uint64_t> find_seed(const std::string& scope, std::uint64_t seeds) {
  std::optional<std::pair<std::uint64_t, std::uint64_t>> best;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    const auto outcome = run(scope == "large" ? large(seed) : least(seed),
                             {.only = {}, .forced = FaultPlan{}, .trace = Trace::Mode::keep});
    if (outcome.violation || what_is_missing(outcome)) continue;
    const auto calls = calls_of(outcome);  // so many runs with one fault, each with so many calls
    const std::pair found{calls * calls * outcome.switches, seed};
    if (!best || found < *best) best = found;
  }
  if (!best) return std::nullopt;
  return best->second;
}

bool is_outside(Site site) {
  return site != Site::store_write && &fates_of(site) == &kAll;
}

std::string to_text(const FaultPlan& plan) {
  std::string text;
  for (const auto& [name, fate] : plan) {
    text += (text.empty() ? "" : ",") + to_text(name) + "=" + name_of(fate);
  }
  return text;
}

std::optional<FaultPlan> parse_plan(const std::string& text) {
  FaultPlan plan;
  std::istringstream in(text);
  for (std::string one; std::getline(in, one, ',');) {
    const auto equals = one.find('=');
    if (equals == std::string::npos) return std::nullopt;
    const auto name = parse_fault(one.substr(0, equals));
    const auto fate = parse_fate(one.substr(equals + 1));
    if (!name || !fate) return std::nullopt;
    plan[*name] = *fate;
  }
  return plan;
}

}  // namespace sim
