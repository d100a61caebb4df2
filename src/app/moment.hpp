#pragma once
// Moment: an instant by both clocks, that of the wall and the time since boot. A wall clock may be
// set at any time; told by it alone, nobody knows how long something took (S18).

#include "port/clock.hpp"

namespace app {

struct Moment {
  base::Timestamp at;
  base::Duration up{0};  // since boot
};

inline Moment moment_of(port::Clock& clock) {
  return {clock.now(), clock.since_boot()};
}

// By both clocks: one that was set back hides how long it took, and what was decided by one that
// was wrong is void.
inline bool is_within(const Moment& now, const Moment& then, base::Duration life) {
  return now.up - then.up <= life && std::chrono::abs(now.at - then.at) <= life;
}

// By more than hosts correct without anybody's noticing.
inline bool was_set(const Moment& now, const Moment& then) {
  constexpr base::Duration kJump{30'000};
  return std::chrono::abs((now.at - then.at) - (now.up - then.up)) > kJump;
}

}  // namespace app
