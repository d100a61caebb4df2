#pragma once
// Secrets: fetched by name, never from a file in the repository. Thread-safe.

#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/secret.hpp"

namespace port {

class Secrets {
 public:
  virtual ~Secrets() = default;
  // All live versions of the secret `name` ([a-z0-9_]), newest first, at least one; two while it is
  // being rotated. not_found: no such secret; denied: not readable (also when others may read it);
  // unavailable: try later. May be up to 5 minutes old.
  virtual base::Result<std::vector<base::Secret>> fetch(std::string_view name) = 0;
};

}  // namespace port
