#pragma once
// Run: one seed from its first event to its verdict; the same again to prove that it replays; and
// the smallest set of faults that still breaks the same promise.

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "faults.hpp"
#include "trace.hpp"
#include "world.hpp"

namespace sim {

struct RunOptions {
  std::optional<std::set<FaultName>> only;          // keep these faults alone
  std::optional<std::map<FaultName, Fate>> forced;  // exactly these, none drawn
  Trace::Mode trace = Trace::Mode::hash;
};

struct Outcome {
  std::optional<Violation> violation;
  std::vector<std::pair<FaultName, Fate>> struck;
  std::array<std::uint32_t, kSites> passed{};          // before healing
  std::array<std::uint32_t, kSites> passed_at_last{};  // ... up to the last fault
  std::uint64_t repeated = 0;                          // changes outside that were made again
  std::map<Covered, std::uint32_t> covered;
  std::set<std::string_view> probes;
  std::uint64_t switches = 0;
  Duration virtual_time{0};
  std::uint64_t trace_hash = 0;
  std::uint64_t order_hash = 0;
  std::uint64_t store_hash = 0;
  std::string trace;  // with Trace::Mode::keep

  bool same_as(const Outcome& other) const {
    return trace_hash == other.trace_hash && order_hash == other.order_hash &&
           store_hash == other.store_hash;
  }
};

Outcome run(const Swarm& swarm, const RunOptions& options);

// Of the faults that struck, the few without which `invariant` holds; at most `runs_max` runs.
std::vector<FaultName> shrink(const Swarm& swarm, const Outcome& failed, std::size_t runs_max);

}  // namespace sim
