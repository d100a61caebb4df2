#pragma once
// People: organisers and guests who use the real use cases, each on a fiber: early, late, never,
// twice, with two browsers, through a mail scanner, pressing everything, leaving and coming back.

#include "world.hpp"

namespace sim {

// Books everything that the seed has drawn and lets everybody come.
void bring_people(World& world);

}  // namespace sim
