#include "host/loop/queue.hpp"

#include <algorithm>

namespace host::loop {
namespace {

constexpr base::Duration kIdleRest{100};

}  // namespace

bool Queue::push(const domain::MeetingId& meeting, bool first) {
  if (queued_.contains(meeting)) return true;
  auto& line = first ? first_ : waiting_;
  if (line.size() >= kWaitingMax) return false;
  queued_.insert(meeting);
  line.push_back(meeting);
  changed_.notify_one();
  return true;
}

bool Queue::knows(const domain::MeetingId& meeting) const {
  const std::lock_guard lock(mutex_);
  const auto resting = resting_.find(meeting);
  return queued_.contains(meeting) || running_.contains(meeting) ||
         (resting != resting_.end() && !resting->second.over);
}

bool Queue::add(const domain::MeetingId& meeting, bool hinted, bool first) {
  const std::lock_guard lock(mutex_);
  if (running_.contains(meeting)) {
    if (hinted) again_.insert(meeting);
    return true;
  }
  const auto resting = resting_.find(meeting);
  if (resting != resting_.end() && !resting->second.over) {
    // A hint shortens the rest, and does not end it: a pass that hints at itself would never rest.
    if (hinted) {
      resting->second.until =
          std::min(resting->second.until, std::chrono::steady_clock::now() + backoff_min_);
      hinted_.insert(meeting);
    }
    return true;
  }
  return push(meeting, first);
}

std::optional<domain::MeetingId> Queue::take() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return stopped_ || !waiting_.empty() || !first_.empty(); });
  if (stopped_) return std::nullopt;
  auto& line = first_.empty() ? waiting_ : first_;
  auto meeting = line.front();
  line.pop_front();
  queued_.erase(meeting);
  running_.insert(meeting);
  return meeting;
}

void Queue::done(const domain::MeetingId& meeting, Result result) {
  const std::lock_guard lock(mutex_);
  running_.erase(meeting);
  const bool again = again_.erase(meeting) > 0;
  if (result == Result::good) {
    resting_.erase(meeting);
    if (again) push(meeting);
    return;
  }
  rest(meeting, result);
  // What has failed is tried again whatever its row says: it may be of a wrong clock.
  if (again || result == Result::failed) hinted_.insert(meeting);
}

void Queue::rest(const domain::MeetingId& meeting, Result result) {
  Rest& rest = resting_[meeting];
  rest.over = false;
  if (result == Result::idle) {
    rest.backoff = base::Duration{0};
    rest.until = std::chrono::steady_clock::now() + kIdleRest;
    return;
  }
  rest.backoff = std::clamp(rest.backoff * 2, backoff_min_, backoff_max_);
  // Half of it is chance, so that what failed together does not come back together.
  const auto half = static_cast<std::uint32_t>(std::max<std::int64_t>(1, rest.backoff.count() / 2));
  rest.until =
      std::chrono::steady_clock::now() + rest.backoff / 2 + base::Duration(rng_.below(half) + 1);
}

std::size_t Queue::size() const {
  const std::lock_guard lock(mutex_);
  return first_.size() + waiting_.size() + running_.size() + resting_.size();
}

std::optional<Queue::SteadyTime> Queue::wake(SteadyTime now) {
  const std::lock_guard lock(mutex_);
  std::optional<SteadyTime> next;
  for (auto it = resting_.begin(); it != resting_.end();) {
    Rest& rest = it->second;
    if (!rest.over && rest.until <= now) {
      rest.over = true;  // the store says whether it is still due; a hint needs no store
      if (hinted_.erase(it->first) > 0) push(it->first);
      rest.until = now + 2 * backoff_max_;
    } else if (rest.over && rest.until <= now) {
      it = resting_.erase(it);  // it was not due again: its failures are forgotten
      continue;
    }
    if (!rest.over) next = std::min(next.value_or(rest.until), rest.until);
    ++it;
  }
  return next;
}

void Queue::stop() {
  const std::lock_guard lock(mutex_);
  stopped_ = true;
  changed_.notify_all();
}

}  // namespace host::loop
