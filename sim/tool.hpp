#pragma once
// The commands of the simulation's tool: many seeds on several worker processes, or one seed to be
// read, replayed and shrunk.

#include <optional>
#include <set>
#include <string>

#include "faults.hpp"

namespace sim {

struct ToolOptions {
  std::uint64_t from = 1;
  std::uint64_t seeds = 1000;
  double seconds = 0;  // > 0: as many seeds as that takes
  bool until_failure = false;
  std::optional<std::uint64_t> seed;  // this one alone
  bool trace = false;
  std::optional<std::set<FaultName>> only;
  std::string json;         // a file
  std::string regressions;  // a file of seeds that are run first
  unsigned jobs = 2;
  std::string coverage;        // a file for the table of states x faults
  std::size_t depth = 2;       // of the small scope: faults in one run
  std::uint64_t find = 0;      // look for the seed of this scope among so many
  std::string scope;           // of one run in it
  std::string plan;            // ... with these faults
  bool probes_matter = false;  // an unreached probe fails
};

int run_many(const ToolOptions& options);
int run_one(const ToolOptions& options);
// A line for each seed: its hashes of trace, order and store, and its switches.
int run_hashes(const ToolOptions& options);
// Every fault at every call of the small scopes, and every pair of them in the least one
// (scope.hpp); with a scope named, that one with the faults of a plan.
int run_small(const ToolOptions& options);

}  // namespace sim
