#pragma once
// Entropy: bytes that look random and are the same for the same seed. For tests and simulation
// only: whoever knows the seed knows every byte. Thread-safe.

#include <mutex>

#include "base/random.hpp"
#include "port/entropy.hpp"

namespace adapter::memory {

class Entropy : public port::Entropy {
 public:
  explicit Entropy(std::uint64_t seed) : rng_(seed) {}
  std::string bytes(std::size_t count) override;

 private:
  std::mutex mutex_;
  base::Rng rng_;
};

}  // namespace adapter::memory
