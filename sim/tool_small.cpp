// The small scope, exhaustively: one meeting of one seat with one person on one process, without
// any drawn fault. Its calls are counted in one clean run; then each call meets each fate, and, if
// wanted, pairs of calls do.

#include <chrono>
#include <cstdio>
#include <fstream>

#include "run.hpp"
#include "tool.hpp"

namespace sim {
namespace {

Swarm small_swarm() {
  Swarm swarm = draw_swarm(1);
  swarm.processes = 1;
  swarm.meetings = 1;
  swarm.seats_max = 1;
  swarm.bridged = false;
  swarm.calm = false;
  swarm.mix = {};
  swarm.mix.late_max = 60s;
  swarm.mix.slow_max = 10s;
  swarm.policy = {};
  swarm.policy.poll_starting = 5s;
  swarm.policy.poll_slow = 10s;
  swarm.policy.reconcile_hot = 30s;
  swarm.policy.presence_period = 30s;
  swarm.policy.no_show_after = 5min;
  swarm.policy.leave_grace = 3min;
  swarm.sweep.period = 60s;
  swarm.hints_delivered = 100;
  swarm.skew_max = 0s;
  swarm.start_max = 12min;
  swarm.faults_for = 60min;
  swarm.long_rest = false;
  return swarm;
}

constexpr std::array kFates{Fate::refused, Fate::lost,         Fate::done_unknown, Fate::late,
                            Fate::slow,    Fate::crash_before, Fate::crash_after};

using Plan = std::map<FaultName, Fate>;

bool run_plan(const Swarm& swarm, const Plan& plan, std::uint64_t& bad) {
  const auto outcome = run(swarm, {.only = {}, .forced = plan});
  if (!outcome.violation) return true;
  if (++bad <= 20) {
    std::string names;
    for (const auto& [name, fate] : plan) names += to_text(name) + "=" + name_of(fate) + " ";
    std::printf("%s-> %s: %s\n", names.c_str(), outcome.violation->invariant.c_str(),
                outcome.violation->message.c_str());
  }
  return false;
}

std::vector<Plan> singles(const Outcome& clean) {
  std::vector<Plan> plans;
  for (std::size_t site = 0; site <= static_cast<std::size_t>(Site::secrets); ++site) {
    for (std::uint32_t n = 1; n <= clean.passed.at(site); ++n) {
      for (const auto fate : kFates) {
        plans.push_back({{{static_cast<Site>(site), n}, fate}});
      }
    }
  }
  return plans;
}

}  // namespace

int run_small(const ToolOptions& options, std::uint64_t pairs) {
  const auto swarm = small_swarm();
  const auto clean = run(swarm, {.only = {}, .forced = Plan{}});
  if (clean.violation) {
    std::printf("without faults: %s: %s\n", clean.violation->invariant.c_str(),
                clean.violation->message.c_str());
    return 1;
  }
  const auto one = singles(clean);
  std::uint64_t bad = 0;
  for (const auto& plan : one) run_plan(swarm, plan, bad);
  auto rng = base::Rng(swarm.seed).fork("pairs");
  for (std::uint64_t i = 0; i < pairs; ++i) {
    const auto count = static_cast<std::uint32_t>(one.size());
    Plan plan = one.at(rng.below(count));
    plan.merge(Plan(one.at(rng.below(count))));
    run_plan(swarm, plan, bad);
  }
  std::printf("small scope: %zu single faults, %llu pairs, %llu violations\n", one.size(),
              static_cast<unsigned long long>(pairs), static_cast<unsigned long long>(bad));
  if (!options.json.empty()) {
    std::ofstream(options.json) << "{\"singles\": " << one.size() << ", \"pairs\": " << pairs
                                << ", \"violations\": " << bad << "}\n";
  }
  return bad == 0 ? 0 : 1;
}

}  // namespace sim
