#pragma once
// The limits of providers in virtual time: a bucket of requests with a refill (EC2, Route 53), and
// Cloudflare's count over a window, beyond which every call is refused for a while (W11). Whole
// numbers, and of its own: what the product keeps to is not what it is measured by.

#include <algorithm>
#include <cstdint>
#include <deque>

#include "base/time.hpp"

namespace sim {

using base::Duration;
using base::Timestamp;

struct BucketSize {
  std::uint32_t burst = 0;
  Duration every{0};  // one more after each; 0: no limit
};

class Bucket {
 public:
  explicit Bucket(const BucketSize& size) : size_(size) {}

  // True when one is left, which is taken.
  bool take(Timestamp now) {
    if (size_.every.count() == 0) return true;
    // It was full as long ago as its missing requests take to come back.
    const auto full_at = std::max(full_at_, now);
    if (full_at + size_.every - now > size_.every * size_.burst) return false;
    full_at_ = full_at + size_.every;
    return true;
  }
  // Takes one, also when none is left: the next comes the later.
  void spend(Timestamp now) { full_at_ = std::max(full_at_, now) + size_.every; }

 private:
  BucketSize size_;
  Timestamp full_at_;
};

struct LockOutSize {
  std::uint32_t calls = 0;  // within `window`; 0: no limit
  Duration window{0};
  Duration lasts{0};
};

class LockOut {
 public:
  explicit LockOut(const LockOutSize& size) : size_(size) {}

  // False while it is locked; the call that is one too many locks it.
  bool take(Timestamp now) {
    if (size_.calls == 0) return true;
    if (now < until_) return false;
    while (!calls_.empty() && calls_.front() + size_.window <= now) calls_.pop_front();
    calls_.push_back(now);
    if (calls_.size() <= size_.calls) return true;
    calls_.clear();
    until_ = now + size_.lasts;
    return false;
  }
  bool locked(Timestamp now) const { return now < until_; }

 private:
  LockOutSize size_;
  std::deque<Timestamp> calls_;
  Timestamp until_;
};

}  // namespace sim
