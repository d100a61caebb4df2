#pragma once
// People: organisers and guests who use the real use cases, each on a fiber: early, late, never,
// twice, with two browsers, through a mail scanner, pressing everything, leaving and coming back.

#include <utility>

#include "process.hpp"
#include "world.hpp"

namespace sim {

// A request of a person to any control plane; a process that dies meanwhile is a lost connection.
template <class Act>
auto request(World& world, base::Rng& rng, Act act) -> decltype(act(std::declval<Process&>())) {
  Process* found = world.any_process(rng.next());
  if (found == nullptr) return base::fail(base::ErrorKind::unavailable, "nobody listens");
  const auto process = found->shared_from_this();
  try {
    return act(*process);
  } catch (const ProcessDied&) {
    return base::fail(base::ErrorKind::unknown_outcome, "the connection was lost");
  }
}

// Organisers share a name by two, and their keys with others: the key of the nth meeting.
inline std::string key_of(std::uint32_t number) {
  return number % 2 == 1 ? "key-a" : "key-b";
}

// Books everything that the seed has drawn and lets everybody come.
void bring_people(World& world);

}  // namespace sim
