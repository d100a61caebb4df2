#pragma once
// Hints: port::Wakeups for a process that runs its own loop. Keeps the earliest hint of each
// meeting, in memory only, if it is for sooner than the loop looks anyway (bookings come in
// thousands, for days ahead); at most kHintsMax, then hints are dropped (the store's wake_at is the
// truth).

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <vector>

#include "port/wakeups.hpp"

namespace host::loop {

class Hints final : public port::Wakeups {
 public:
  static constexpr std::size_t kHintsMax = 16'384;

  void wake(const domain::MeetingId& meeting, base::Timestamp at) override;

  // Removes and answers the meetings whose hint is at or before `now`.
  std::vector<domain::MeetingId> take(base::Timestamp now);
  std::optional<base::Timestamp> earliest() const;
  // Called after each new hint with its time, from any thread.
  void set_listener(std::function<void(base::Timestamp)> listener);
  // When the store is looked at next: a hint for then or later tells nothing new, and those that
  // are known are forgotten. Nothing: unknown.
  void set_next_look(std::optional<base::Timestamp> at);

 private:
  std::atomic<base::Timestamp> next_look_ = base::Timestamp::max();
  mutable std::mutex mutex_;
  std::map<domain::MeetingId, base::Timestamp> hints_;
  std::function<void(base::Timestamp)> listener_;
};

}  // namespace host::loop
