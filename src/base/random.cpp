#include "base/random.hpp"

#include "base/check.hpp"

namespace base {

Rng::Rng(std::uint64_t seed) : state_(seed + 1442695040888963407ULL) {
  next();
}

std::uint32_t Rng::next() {
  const std::uint64_t old = state_;
  state_ = old * 6364136223846793005ULL + 1442695040888963407ULL;
  const auto shifted = static_cast<std::uint32_t>(((old >> 18U) ^ old) >> 27U);
  const auto turn = static_cast<std::uint32_t>(old >> 59U);
  return (shifted >> turn) | (shifted << ((32U - turn) & 31U));
}

std::uint32_t Rng::below(std::uint32_t bound) {
  CHECK(bound > 0);
  const std::uint32_t threshold = (0U - bound) % bound;
  for (;;) {
    const std::uint32_t drawn = next();
    if (drawn >= threshold) return drawn % bound;
  }
}

Rng Rng::fork(std::string_view name) const {
  std::uint64_t hash = 1469598103934665603ULL ^ state_;
  for (const char c : name) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  }
  return Rng(hash);
}

}  // namespace base
