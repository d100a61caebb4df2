#pragma once
// What happens to one call of an outside service: the ways in which answer and effect may part (F5
// to F7), and the token bucket that answers when there were too many (F8).

#include <algorithm>
#include <cstdint>
#include <deque>
#include <optional>

#include "base/time.hpp"

namespace adapter::memory {

struct Fate {
  enum class Kind {
    normal,
    refused,       // unavailable; nothing happens
    done_unknown,  // it happens, the answer is lost
    lost_unknown,  // it does not happen, the answer is lost
    late_unknown,  // the answer is lost, it happens after `delay`
  };
  Kind kind = Kind::normal;
  base::Duration delay{0};
};

// Fates of the next calls, in order; normal when there is none left.
class Fates {
 public:
  void push(Fate fate) { queue_.push_back(fate); }
  Fate take() {
    if (queue_.empty()) return {};
    const Fate fate = queue_.front();
    queue_.pop_front();
    return fate;
  }

 private:
  std::deque<Fate> queue_;
};

struct Rate {
  std::int64_t burst = 0;
  std::int64_t per_second = 0;
};

// Counts calls; time going backwards adds nothing.
class Bucket {
 public:
  explicit Bucket(const std::optional<Rate>& rate) : rate_(rate) {
    if (rate_) thousandths_ = rate_->burst * 1000;
  }
  bool take(base::Timestamp now) {
    if (!rate_) return true;
    if (now > filled_at_) {
      const auto passed = std::min<std::int64_t>((now - filled_at_).count(), 86'400'000);
      thousandths_ = std::min(rate_->burst * 1000, thousandths_ + passed * rate_->per_second);
    }
    filled_at_ = now;
    if (thousandths_ < 1000) return false;
    thousandths_ -= 1000;
    return true;
  }

 private:
  std::optional<Rate> rate_;
  std::int64_t thousandths_ = 0;
  base::Timestamp filled_at_;
};

}  // namespace adapter::memory
