#pragma once
// Unpredictable bytes from OpenSSL's generator (RAND_bytes), which the kernel seeds. When it can't
// give any, the process ends: no id or key is ever made of anything else.

#include "port/entropy.hpp"

namespace adapter::system {

class Entropy final : public port::Entropy {
 public:
  std::string bytes(std::size_t count) override;
};

}  // namespace adapter::system
