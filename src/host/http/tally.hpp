#pragma once
// Tally: what the metrics say about desktops: how many are in which state, and how long they took
// to become ready. Follows the meetings it is shown (commits, and looks after a pass); remembers
// those that own something, so its memory is bounded by the budgets. Thread-safe.

#include <map>
#include <mutex>
#include <string>

#include "base/metrics.hpp"
#include "domain/meeting.hpp"
#include "domain/policy.hpp"

namespace host::http {

class Tally {
 public:
  Tally(base::Metrics& metrics, const domain::Policy& policy);
  void see(const domain::Meeting& meeting, base::Timestamp now);

 private:
  struct Known {
    std::uint64_t version = 0;
    std::map<std::string, std::int64_t> states;
    std::map<domain::DesktopId, bool> ready;
  };
  void move(const std::map<std::string, std::int64_t>& states, std::int64_t sign);

  base::Metrics& metrics_;
  domain::Policy policy_;
  base::Histogram& time_to_ready_;
  std::mutex mutex_;
  std::map<domain::MeetingId, Known> known_;
};

}  // namespace host::http
