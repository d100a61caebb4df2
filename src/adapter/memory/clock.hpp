#pragma once
// Clock: virtual time that moves only when told to. advance() is time passing (both clocks move);
// step() is somebody setting the wall clock (time since boot stays). Thread-safe.

#include <mutex>

#include "port/clock.hpp"

namespace adapter::memory {

class Clock : public port::Clock {
 public:
  explicit Clock(base::Timestamp start, base::Duration since_boot = std::chrono::hours(24))
      : now_(start), since_boot_(since_boot) {}

  base::Timestamp now() override;
  base::Duration since_boot() override;

  void advance(base::Duration by);  // by >= 0
  void step(base::Duration by);

 private:
  std::mutex mutex_;
  base::Timestamp now_;
  base::Duration since_boot_;
};

}  // namespace adapter::memory
