#include <cstdio>

#include "run.hpp"
#include "tool.hpp"

namespace sim {

int run_one(const ToolOptions& options) {
  const auto swarm = draw_swarm(*options.seed);
  std::fputs(swarm.describe().c_str(), stdout);
  const auto mode = options.trace ? Trace::Mode::print : Trace::Mode::hash;
  const auto outcome = run(swarm, {.only = options.only, .forced = {}, .trace = mode});
  std::printf("%zu faults, %llu switches, trace %016llx, store %016llx\n", outcome.struck.size(),
              static_cast<unsigned long long>(outcome.switches),
              static_cast<unsigned long long>(outcome.trace_hash),
              static_cast<unsigned long long>(outcome.store_hash));
  if (!outcome.violation) {
    std::printf("nothing was violated\n");
    return 0;
  }
  std::printf("VIOLATED %s: %s\n", outcome.violation->invariant.c_str(),
              outcome.violation->message.c_str());
  if (options.only) return 1;
  constexpr std::size_t kRunsMax = 400;
  const auto few = shrink(swarm, outcome, kRunsMax);
  std::string names;
  for (const auto& name : few) names += (names.empty() ? "" : ",") + to_text(name);
  std::printf("it takes %zu of the faults: ./dev sim --seed %llu --trace --only '%s'\n", few.size(),
              static_cast<unsigned long long>(swarm.seed), names.c_str());
  return 1;
}

}  // namespace sim
