#pragma once
// People: organisers and guests who use the real use cases, each on a fiber: early, late, never,
// twice, with two browsers, through a mail scanner, pressing everything, leaving and coming back.

#include <cstdint>

#include "request.hpp"

namespace sim {

// Organisers share a name by two, and their keys with others: the key of the nth meeting.
inline std::string key_of(std::uint32_t number) {
  return number % 2 == 1 ? "key-a" : "key-b";
}

// Books everything that the seed has drawn and lets everybody come.
void bring_people(World& world);

}  // namespace sim
