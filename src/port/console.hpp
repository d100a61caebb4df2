#pragma once
// Console: a byte stream to a desktop's screen (RFB), where this host bridges it. Thread-safe.

#include "base/result.hpp"
#include "domain/outside.hpp"

namespace port {

class Console {
 public:
  virtual ~Console() = default;
  // A connected, non-blocking stream socket to the screen of this very instance, close-on-exec,
  // owned by the caller. The peer's identity was verified (SECURITY row 14). Local, so it answers
  // at once. not_found: no such desktop here; denied: what listens there is not that desktop;
  // unavailable: it does not accept.
  virtual base::Result<int> connect(const domain::InstanceId& instance,
                                    const domain::Owner& owner) = 0;
};

}  // namespace port
