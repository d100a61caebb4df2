#pragma once
// Wakeups: keeps the hints until somebody takes them. One hint per meeting, the earliest: a later
// one would only repeat what the store says anyway. Thread-safe.

#include <map>
#include <mutex>
#include <optional>
#include <vector>

#include "port/wakeups.hpp"

namespace adapter::memory {

class Wakeups : public port::Wakeups {
 public:
  void wake(const domain::MeetingId& meeting, base::Timestamp at) override;

  // Hints due by now, earliest first (then by id); they are forgotten here.
  std::vector<domain::MeetingId> take_due(base::Timestamp now);
  std::optional<base::Timestamp> next();

 private:
  std::mutex mutex_;
  std::map<domain::MeetingId, base::Timestamp> hints_;
};

}  // namespace adapter::memory
