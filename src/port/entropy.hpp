#pragma once
// Entropy: unpredictable bytes for ids, tokens and keys. Never base::Rng. Thread-safe.

#include <cstddef>
#include <string>

namespace port {

class Entropy {
 public:
  virtual ~Entropy() = default;
  virtual std::string bytes(std::size_t count) = 0;
};

}  // namespace port
