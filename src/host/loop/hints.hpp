#pragma once
// Hints: port::Wakeups for a process that runs its own loop. Keeps the earliest hint of each
// meeting, in memory only; at most kHintsMax, then hints are dropped (the store's wake_at is the
// truth).

#include <condition_variable>
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

 private:
  mutable std::mutex mutex_;
  std::map<domain::MeetingId, base::Timestamp> hints_;
  std::function<void(base::Timestamp)> listener_;
};

}  // namespace host::loop
