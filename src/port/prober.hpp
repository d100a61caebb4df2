#pragma once
// Prober: looks at one desktop through its own name, as a person's browser would. Thread-safe.

#include "base/result.hpp"
#include "domain/outside.hpp"

namespace port {

struct ProbeTarget {
  domain::DesktopId desktop;
  std::uint32_t attempt = 1;
  std::string name;  // full DNS name
  std::string address;
  domain::InstanceId instance;
};

class Prober {
 public:
  virtual ~Prober() = default;
  // One look, at most 5 s. `answers` only if what answers says it is this desktop and attempt and
  // its screen works. A desktop that does not answer is a Probe with why_not, not an error. The
  // prober's own connection is never counted. Probe::at is set by the caller. Error: this host
  // can't look.
  virtual base::Result<domain::Probe> probe(const ProbeTarget& target) = 0;
};

}  // namespace port
