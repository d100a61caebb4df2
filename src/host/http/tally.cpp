#include "host/http/tally.hpp"

#include <algorithm>

#include "domain/phase.hpp"

namespace host::http {

Tally::Tally(base::Metrics& metrics, const domain::Policy& policy)
    : metrics_(metrics),
      policy_(policy),
      time_to_ready_(
          metrics.histogram("howdah_time_to_ready_seconds",
                            "From the launch intent of a desktop to its first good look.",
                            {0.25, 0.5, 1, 2, 5, 10, 30, 60, 120, 300})) {}

void Tally::move(const std::map<std::string, std::int64_t>& states, std::int64_t sign) {
  for (const auto& [state, count] : states) {
    metrics_
        .gauge("howdah_desktops", "Desktops that exist or may exist, by state.", {{"state", state}})
        .add(sign * count);
  }
}

void Tally::see(const domain::Meeting& meeting, base::Timestamp now) {
  const bool owns = std::any_of(meeting.seats.begin(), meeting.seats.end(),
                                [](const domain::Seat& seat) { return owns_anything(seat); });
  const std::lock_guard lock(mutex_);
  const auto found = known_.find(meeting.id);
  if (found == known_.end() && !owns) return;
  if (found != known_.end() && found->second.version > meeting.version) return;
  Known next;
  next.version = meeting.version;
  for (const auto& seat : meeting.seats) {
    if (!owns_anything(seat)) continue;
    ++next.states[std::string(domain::to_string(domain::step(meeting, seat, now, policy_)))];
    if (!seat.desktop) continue;
    const auto& desktop = *seat.desktop;
    next.ready[desktop.id] = desktop.first_ready.has_value();
    // Counted when it is seen to become ready: not again after a restart of this process.
    const bool waited = found != known_.end() && found->second.ready.contains(desktop.id) &&
                        !found->second.ready.at(desktop.id);
    if (waited && desktop.first_ready) {
      time_to_ready_.observe(
          std::chrono::duration<double>(desktop.first_ready->at - desktop.intent_at).count());
    }
  }
  if (found != known_.end()) move(found->second.states, -1);
  move(next.states, 1);
  if (owns) {
    known_.insert_or_assign(meeting.id, std::move(next));
  } else {
    known_.erase(meeting.id);
  }
}

}  // namespace host::http
