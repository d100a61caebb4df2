#include "adapter/system/clock.hpp"

#include <ctime>

#include "base/check.hpp"

namespace adapter::system {
namespace {

base::Duration read_clock(clockid_t which) {
  timespec time{};
  CHECK(clock_gettime(which, &time) == 0);
  return std::chrono::floor<base::Duration>(std::chrono::seconds(time.tv_sec) +
                                            std::chrono::nanoseconds(time.tv_nsec));
}

}  // namespace

base::Timestamp Clock::now() {
  return base::Timestamp(read_clock(CLOCK_REALTIME));
}
base::Duration Clock::since_boot() {
  return read_clock(CLOCK_BOOTTIME);
}

}  // namespace adapter::system
