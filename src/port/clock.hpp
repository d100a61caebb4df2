#pragma once
// Clock: wall time in UTC milliseconds. Read once per pass. Deadlines are wall time; durations
// inside adapters use their own monotonic clock. Thread-safe.

#include "base/time.hpp"

namespace port {

class Clock {
 public:
  virtual ~Clock() = default;
  virtual base::Timestamp now() = 0;
  // Time since boot, suspends included (CLOCK_BOOTTIME). now() minus this jumps when somebody steps
  // the wall clock (S18).
  virtual base::Duration since_boot() = 0;
};

}  // namespace port
