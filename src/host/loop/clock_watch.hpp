#pragma once
// ClockWatch (S18): notices that the wall clock was stepped, by comparing it with the time since
// boot. After a jump nothing may be ended by the clock until it has settled; then it is believed.
// So it is after a boot: perhaps nobody has set it yet, and it counts from what the machine kept.
// Pure: the caller reads the clocks. Not thread-safe.

#include <optional>

#include "base/time.hpp"

namespace host::loop {

class ClockWatch {
 public:
  ClockWatch(base::Duration jump, base::Duration settle) : jump_(jump), settle_(settle) {}

  // By how much the wall clock jumped since the last look; zero when it did not.
  base::Duration look(base::Timestamp now, base::Duration since_boot) {
    const base::Duration offset = now.time_since_epoch() - since_boot;
    if (!offset_ && since_boot < settle_) settled_at_ = settle_;
    const base::Duration step = offset_ ? offset - *offset_ : base::Duration{0};
    offset_ = offset;
    if (std::chrono::abs(step) <= jump_) return base::Duration{0};
    settled_at_ = since_boot + settle_;
    return step;
  }
  bool settling(base::Duration since_boot) const {
    return settled_at_ && since_boot < *settled_at_;
  }

 private:
  base::Duration jump_;
  base::Duration settle_;
  std::optional<base::Duration> offset_;
  std::optional<base::Duration> settled_at_;
};

}  // namespace host::loop
