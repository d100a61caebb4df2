#pragma once
// Request: how a person's call reaches a control plane, whoever lives by chance or by a script.

#include <utility>

#include "process.hpp"
#include "world.hpp"

namespace sim {

// A request of a person; a process that dies meanwhile is a lost connection.
template <class Act>
auto request(World& world, Process* found, Act act) -> decltype(act(std::declval<Process&>())) {
  if (found == nullptr) return base::fail(base::ErrorKind::unavailable, "nobody listens");
  const auto process = found->shared_from_this();
  try {
    auto result = act(*process);
    world.canary().look_at_error(result);
    return result;
  } catch (const ProcessDied&) {
    return base::fail(base::ErrorKind::unknown_outcome, "the connection was lost");
  }
}

// ... to any control plane.
template <class Act>
auto request(World& world, base::Rng& rng, Act act) -> decltype(act(std::declval<Process&>())) {
  return request(world, world.any_process(rng.next()), act);
}

}  // namespace sim
