#include "adapter/memory/entropy.hpp"

namespace adapter::memory {

std::string Entropy::bytes(std::size_t count) {
  const std::lock_guard lock(mutex_);
  std::string bytes(count, '\0');
  for (char& byte : bytes) byte = static_cast<char>(rng_.next() >> 24U);
  return bytes;
}

}  // namespace adapter::memory
