#pragma once
// The instants that a meeting's timeline hangs on, worked out here once more from the booking and
// the policy: a mistake in the product's own arithmetic must not be shared by its checks.

#include <algorithm>

#include "domain/meeting.hpp"
#include "domain/policy.hpp"

namespace sim {

inline base::Timestamp window_from(const domain::Meeting& meeting, const domain::Policy& policy) {
  return meeting.start.at - policy.launch_lead;
}

inline base::Timestamp cap_of(const domain::Meeting& meeting, const domain::Policy& policy) {
  return meeting.start.at + meeting.length + meeting.extended + policy.overrun;
}

// Until when a desktop that nobody has used is kept.
inline base::Timestamp unused_until(const domain::Meeting& meeting, const domain::Seat& seat,
                                    const domain::Policy& policy) {
  const auto wish = std::max(policy.no_show_after, policy.leave_grace);
  const auto no_show = meeting.start.at + policy.no_show_after;
  return seat.wanted_at ? std::max(no_show, *seat.wanted_at + wish) : no_show;
}

}  // namespace sim
