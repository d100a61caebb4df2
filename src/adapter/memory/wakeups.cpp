#include "adapter/memory/wakeups.hpp"

#include <algorithm>

namespace adapter::memory {

void Wakeups::wake(const domain::MeetingId& meeting, base::Timestamp at) {
  const std::lock_guard lock(mutex_);
  const auto [hint, is_new] = hints_.emplace(meeting, at);
  if (!is_new) hint->second = std::min(hint->second, at);
}

std::vector<domain::MeetingId> Wakeups::take_due(base::Timestamp now) {
  const std::lock_guard lock(mutex_);
  std::vector<std::pair<base::Timestamp, domain::MeetingId>> due;
  for (auto hint = hints_.begin(); hint != hints_.end();) {
    if (hint->second > now) {
      ++hint;
      continue;
    }
    due.emplace_back(hint->second, hint->first);
    hint = hints_.erase(hint);
  }
  std::sort(due.begin(), due.end());
  std::vector<domain::MeetingId> meetings;
  for (auto& [at, meeting] : due) meetings.push_back(std::move(meeting));
  return meetings;
}

std::optional<base::Timestamp> Wakeups::next() {
  const std::lock_guard lock(mutex_);
  std::optional<base::Timestamp> first;
  for (const auto& [meeting, at] : hints_) first = first ? std::min(*first, at) : at;
  return first;
}

}  // namespace adapter::memory
