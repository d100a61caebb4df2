#include "adapter/memory/clock.hpp"

#include "base/check.hpp"

namespace adapter::memory {

base::Timestamp Clock::now() {
  const std::lock_guard lock(mutex_);
  return now_;
}

base::Duration Clock::since_boot() {
  const std::lock_guard lock(mutex_);
  return since_boot_;
}

void Clock::advance(base::Duration by) {
  CHECK(by >= base::Duration{0});
  const std::lock_guard lock(mutex_);
  now_ += by;
  since_boot_ += by;
}

void Clock::step(base::Duration by) {
  const std::lock_guard lock(mutex_);
  now_ += by;
}

}  // namespace adapter::memory
