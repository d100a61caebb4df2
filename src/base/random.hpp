#pragma once
// Rng: a small value-type generator (PCG32) for jitter and simulation. Never for secrets: those
// come from port::Entropy. The same seed gives the same numbers on every compiler and library.

#include <cstdint>
#include <string_view>

namespace base {

class Rng {
 public:
  explicit Rng(std::uint64_t seed);
  std::uint32_t next();
  // Uniform in [0, bound); bound >= 1.
  std::uint32_t below(std::uint32_t bound);
  // A child stream that does not disturb this one; the same name gives the same child.
  Rng fork(std::string_view name) const;

 private:
  std::uint64_t state_ = 0;
};

}  // namespace base
