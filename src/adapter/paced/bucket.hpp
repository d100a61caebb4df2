#pragma once
// Bucket: how many calls may be made: a burst, refilled at a steady rate. Time is given in, on one
// clock that never goes back. A rate of 0 knows no limit. A value; not thread-safe by itself.

#include <algorithm>
#include <cstdint>

#include "base/time.hpp"

namespace adapter::paced {

struct Rate {
  double per_second = 0;    // 0: no limit
  std::uint32_t burst = 1;  // at once, after a rest

  // A part of this rate, never less than one call at once.
  Rate part(double share) const {
    return {per_second * share,
            std::max<std::uint32_t>(1, static_cast<std::uint32_t>(burst * share))};
  }
};

class Bucket {
 public:
  explicit Bucket(const Rate& rate) : rate_(rate), left_(rate.burst) {}

  // True when a call may be made now; it is counted then. `left_over`: 0 borrows one from later.
  bool take(base::Duration now, double left_over = 1) {
    if (rate_.per_second <= 0) return true;
    const double passed = std::max(0.0, std::chrono::duration<double>(now - last_).count());
    left_ = started_ ? std::min<double>(rate_.burst, left_ + passed * rate_.per_second) : left_;
    last_ = std::max(last_, now);
    started_ = true;
    if (left_ < left_over - kRounding) return false;
    left_ -= 1;
    return true;
  }
  // Counts calls that were made beside the one that was taken: the next comes the later.
  void spend(double calls) { left_ -= calls; }

 private:
  static constexpr double kRounding = 1e-9;

  Rate rate_;
  double left_;
  base::Duration last_{0};
  bool started_ = false;
};

}  // namespace adapter::paced
