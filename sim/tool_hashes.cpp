// Fingerprints of many seeds, one line each: what two builds of the same source must agree on.

#include <cstdio>

#include "run.hpp"
#include "tool.hpp"

namespace sim {

int run_hashes(const ToolOptions& options) {
  for (std::uint64_t i = 0; i < options.seeds; ++i) {
    const auto seed = options.from + i;
    const auto outcome = run(draw_swarm(seed), {});
    std::printf("%llu %016llx %016llx %016llx %llu\n", static_cast<unsigned long long>(seed),
                static_cast<unsigned long long>(outcome.trace_hash),
                static_cast<unsigned long long>(outcome.order_hash),
                static_cast<unsigned long long>(outcome.store_hash),
                static_cast<unsigned long long>(outcome.switches));
  }
  return 0;
}

}  // namespace sim
