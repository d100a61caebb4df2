#pragma once
// Bodies of booking requests, as organisers' browsers send them: the same instant in each of the
// three forms that the API takes, with the clocks of Berlin changing in between; and such that
// mean nothing and must be refused.

#include <string>

#include "base/random.hpp"
#include "base/time.hpp"

namespace sim {

std::string booking_body(std::uint32_t number, base::Timestamp start, std::uint32_t minutes,
                         std::uint32_t seats, base::Rng& rng);
std::string junk_body(base::Rng& rng);
// Sound in its start, at `start`, and in nothing else.
std::string nonsense_body(base::Timestamp start, base::Rng& rng);

}  // namespace sim
