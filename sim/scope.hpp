#pragma once
// Scope: a world that is small enough to try every fault in it. Nothing in it is drawn but
// latencies; people and their orders are those of its seed.

#include <optional>
#include <string>
#include <vector>

#include "run.hpp"

namespace sim {

// least: one meeting of one seat from booking to over in as few calls as pass through every kind
// of port call. large: two seats, a longer life, looks as often as by default. twice: the least,
// with every change outside made again at once and later.
std::optional<Swarm> scope_of(const std::string& name);

// A run without faults that does not pass through every kind of call before healing, or whose
// meeting is not booked, launched, named, entered, left, unnamed and ended by then: what is
// missing. Needs a kept trace.
std::optional<std::string> what_is_missing(const Outcome& outcome);
std::uint64_t calls_of(const Outcome& outcome);
// The seed that makes this scope complete with the least work for all pairs, of so many.
std::optional<std::uint64_t> find_seed(const std::string& scope, std::uint64_t seeds);

// What can go wrong at this site, each once: at a read, `late` is `refused` and `done_unknown` is
// `lost`; secrets and hints have one way to fail.
const std::vector<Fate>& fates_of(Site site);

// A change that is seen outside.
bool is_outside(Site site);

// "launch#1=late,put#2=lost"; nothing when it is not that.
using FaultPlan = std::map<FaultName, Fate>;
std::string to_text(const FaultPlan& plan);
std::optional<FaultPlan> parse_plan(const std::string& text);

}  // namespace sim
