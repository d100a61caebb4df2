#pragma once
// The real clocks: wall time (CLOCK_REALTIME) and time since boot, suspends included
// (CLOCK_BOOTTIME).

#include "port/clock.hpp"

namespace adapter::system {

class Clock final : public port::Clock {
 public:
  base::Timestamp now() override;
  base::Duration since_boot() override;
};

}  // namespace adapter::system
