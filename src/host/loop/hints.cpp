#include "host/loop/hints.hpp"

#include <algorithm>

namespace host::loop {

void Hints::wake(const domain::MeetingId& meeting, base::Timestamp at) {
  if (at >= next_look_.load()) return;
  std::function<void(base::Timestamp)> listener;
  {
    const std::lock_guard lock(mutex_);
    const auto found = hints_.find(meeting);
    if (found != hints_.end()) {
      if (found->second <= at) return;
      found->second = at;
    } else {
      if (hints_.size() >= kHintsMax) return;
      hints_.emplace(meeting, at);
    }
    listener = listener_;
  }
  if (listener) listener(at);
}

std::vector<domain::MeetingId> Hints::take(base::Timestamp now) {
  const std::lock_guard lock(mutex_);
  std::vector<domain::MeetingId> taken;
  for (auto it = hints_.begin(); it != hints_.end();) {
    if (it->second <= now) {
      taken.push_back(it->first);
      it = hints_.erase(it);
    } else {
      ++it;
    }
  }
  return taken;
}

std::optional<base::Timestamp> Hints::earliest() const {
  const std::lock_guard lock(mutex_);
  std::optional<base::Timestamp> first;
  for (const auto& [meeting, at] : hints_) first = std::min(first.value_or(at), at);
  return first;
}

void Hints::set_next_look(std::optional<base::Timestamp> at) {
  const std::lock_guard lock(mutex_);
  next_look_ = at.value_or(base::Timestamp::max());
  if (at) std::erase_if(hints_, [&](const auto& hint) { return hint.second >= *at; });
}

void Hints::set_listener(std::function<void(base::Timestamp)> listener) {
  const std::lock_guard lock(mutex_);
  listener_ = std::move(listener);
}

}  // namespace host::loop
