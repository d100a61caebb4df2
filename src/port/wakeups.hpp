#pragma once
// Wakeups: asks to be woken for a meeting. A hint only: the truth is Meeting::wake_at in the store,
// and a lost hint costs delay, nothing else. Thread-safe, never blocks.

#include "base/time.hpp"
#include "domain/ids.hpp"

namespace port {

class Wakeups {
 public:
  virtual ~Wakeups() = default;
  virtual void wake(const domain::MeetingId& meeting, base::Timestamp at) = 0;
};

}  // namespace port
