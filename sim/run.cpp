#include "run.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "mischief.hpp"
#include "people.hpp"
#include "theme.hpp"

namespace sim {

namespace {
// As base::log writes it; quotes in texts are escaped, so nothing else looks like it.
constexpr std::string_view kErrorLevel = R"("level":"error")";
}  // namespace

Outcome run(const Swarm& swarm, const RunOptions& options) {
  World world(swarm);
  base::set_log(
      base::LogLevel::debug, [] { return std::string(); },
      [&world](std::string_view line) {
        world.canary().look("a log line", line);
        if (line.find(kErrorLevel) == std::string_view::npos) return;
        world.violation("log", "an error was logged: " + std::string(line));
      });
  world.log().set_mode(options.trace);
  if (options.only) world.faults().keep_only(*options.only);
  if (options.forced) world.faults().force(*options.forced);
  world.run([](World& one) {
    bring_people(one);
    bring_theme(one);
    if (one.swarm().mischief) bring_mischief(one);
  });
  base::set_log(base::LogLevel::error, [] { return std::string(); }, nullptr);
  return {.violation = world.violated(),
          .struck = world.faults().struck(),
          .passed = world.faults().passed_faulty(),
          .passed_at_last = world.faults().passed_at_last(),
          .repeated = world.repeated(),
          .covered = world.covered(),
          .probes = world.probes(),
          .switches = world.scheduler().switches(),
          .virtual_time = world.now() - world.start(),
          .trace_hash = world.log().hash(),
          .order_hash = world.scheduler().order_hash(),
          .store_hash = world.store_hash(),
          .trace = world.log().text()};
}

std::vector<FaultName> shrink(const Swarm& swarm, const Outcome& failed, std::size_t runs_max) {
  std::vector<FaultName> kept;
  for (const auto& [name, fate] : failed.struck) kept.push_back(name);
  std::size_t runs = 0;
  const auto still_fails = [&](const std::vector<FaultName>& names) {
    ++runs;
    const auto outcome = run(swarm, {.only = std::set(names.begin(), names.end()), .forced = {}});
    return outcome.violation && outcome.violation->invariant == failed.violation->invariant;
  };
  for (std::size_t chunk = std::max<std::size_t>(1, kept.size() / 2);; chunk /= 2) {
    for (std::size_t at = 0; at < kept.size() && runs < runs_max;) {
      auto without = kept;
      const auto end = std::min(kept.size(), at + chunk);
      without.erase(without.begin() + static_cast<std::ptrdiff_t>(at),
                    without.begin() + static_cast<std::ptrdiff_t>(end));
      if (still_fails(without)) {
        kept = std::move(without);
      } else {
        at += chunk;
      }
    }
    if (chunk <= 1 || runs >= runs_max) return kept;
  }
}

}  // namespace sim
