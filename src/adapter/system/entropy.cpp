#include "adapter/system/entropy.hpp"

#include <openssl/rand.h>

#include "base/check.hpp"

namespace adapter::system {

std::string Entropy::bytes(std::size_t count) {
  CHECK(count <= 1'048'576);
  std::string bytes(count, '\0');
  auto* start = reinterpret_cast<unsigned char*>(bytes.data());
  CHECK(RAND_bytes(start, static_cast<int>(count)) == 1);
  return bytes;
}

}  // namespace adapter::system
