#pragma once
// Mischief: requests that must be refused, whatever else happens: forged links, others' meetings, a
// key that comes again with another body, bookings that mean nothing. And lists that must be whole.

#include "world.hpp"

namespace sim {

void bring_mischief(World& world);

}  // namespace sim
