#include "domain/phase.hpp"

#include <algorithm>
#include <array>

namespace domain {
namespace {

SeatStep step_down(const Desktop& desktop) {
  if (desktop.kill_at) return SeatStep::killing;
  if (desktop.unnamed) return SeatStep::unnamed;
  if (desktop.fenced) return SeatStep::fenced;
  return SeatStep::closing;
}

SeatStep step_up(const Desktop& desktop) {
  if (desktop.presence && desktop.presence->connections.value_or(0) > 0) return SeatStep::occupied;
  if (desktop.ready && desktop.silent_since) return SeatStep::stale;
  if (desktop.ready) return SeatStep::ready;
  if (desktop.record) return SeatStep::named;
  if (desktop.address) return SeatStep::addressed;
  if (desktop.running) return SeatStep::running;
  if (desktop.instance) return SeatStep::launched;
  return SeatStep::intent;
}

SeatStep step_without_desktop(const Meeting& meeting, const Seat& seat, Timestamp now,
                              const Policy& policy) {
  if (meeting.end) return SeatStep::ended;
  if (seat.failed) return SeatStep::failed;
  if (seat.desktop) {  // gone
    const bool unused =
        seat.desktop->closing && seat.desktop->closing->reason == CloseReason::unused;
    const bool comes = unused ? wants_desktop(meeting, seat, now, policy)
                              : now < release_at(meeting, seat, policy);
    return comes ? SeatStep::replaced : SeatStep::released;
  }
  return now < launch_at(meeting, policy) ? SeatStep::planned : SeatStep::waiting;
}

}  // namespace

Timestamp launch_at(const Meeting& meeting, const Policy& policy) {
  return meeting.start.at - policy.launch_lead;
}

Timestamp planned_end(const Meeting& meeting) {
  return meeting.start.at + meeting.length + meeting.extended;
}

Timestamp hard_cap(const Meeting& meeting, const Policy& policy) {
  return planned_end(meeting) + policy.overrun;
}

// Whoever wants one may have been in another that died: they have the grace, at least.
Timestamp release_at(const Meeting& meeting, const Seat& seat, const Policy& policy) {
  const auto no_show = meeting.start.at + policy.no_show_after;
  if (!seat.wanted_at) return no_show;
  return std::max(no_show, *seat.wanted_at + std::max(policy.no_show_after, policy.leave_grace));
}

bool wants_desktop(const Meeting& meeting, const Seat& seat, Timestamp now, const Policy& policy) {
  return seat.wanted_at && now < release_at(meeting, seat, policy);
}

bool window_open(const Meeting& meeting, Timestamp now, const Policy& policy) {
  return !meeting.end && !meeting.ending && now >= launch_at(meeting, policy) &&
         now < hard_cap(meeting, policy);
}

bool was_begun(const Meeting& meeting) {
  return std::any_of(meeting.seats.begin(), meeting.seats.end(),
                     [](const Seat& seat) { return seat.attempts > 0; });
}

bool takes_down(const Meeting& meeting, Timestamp now) {
  if (meeting.over_at) return false;
  if (meeting.end || meeting.ending) return true;
  const bool late = now >= planned_end(meeting);
  return std::any_of(meeting.seats.begin(), meeting.seats.end(), [&](const Seat& seat) {
    return owns_anything(seat) && (late || seat.desktop->closing);
  });
}

MeetingPhase phase(const Meeting& meeting, Timestamp now, const Policy& policy) {
  if (meeting.over_at) return MeetingPhase::over;
  if (meeting.end) return MeetingPhase::closing;
  if (meeting.ending) return MeetingPhase::ending;
  if (now < launch_at(meeting, policy)) return MeetingPhase::booked;
  return now < meeting.start.at ? MeetingPhase::starting : MeetingPhase::running;
}

SeatStep step(const Meeting& meeting, const Seat& seat, Timestamp now, const Policy& policy) {
  if (!owns_anything(seat)) return step_without_desktop(meeting, seat, now, policy);
  return seat.desktop->closing ? step_down(*seat.desktop) : step_up(*seat.desktop);
}

bool is_fresh(const Desktop& desktop, Timestamp now, const Policy& policy) {
  if (!desktop.ready || desktop.silent_since) return false;
  const auto age = now - desktop.ready->at;
  return age <= policy.ready_fresh && age >= -policy.ready_fresh;
}

std::optional<std::string_view> why_not_offer(const Meeting& meeting, const Seat& seat,
                                              Timestamp now, const Policy& policy) {
  if (meeting.end || meeting.ending) return "this meeting has ended";
  if (!window_open(meeting, now, policy)) return "this meeting is not open now";
  const Desktop* desktop = open_desktop(seat);
  if (desktop == nullptr) return "this desktop is not running";
  if (!desktop->instance || !desktop->running) return "this desktop is still starting";
  if (!desktop->address || !desktop->record || desktop->record->value != desktop->address->value) {
    return "this desktop has no name yet";
  }
  if (!desktop->ready || desktop->silent_since) return "this desktop does not answer yet";
  return std::nullopt;
}

std::optional<std::string_view> why_not_enter(const Meeting& meeting, const Seat& seat,
                                              Timestamp now, const Policy& policy) {
  if (const auto why = why_not_offer(meeting, seat, now, policy)) return why;
  if (!is_fresh(*seat.desktop, now, policy)) {
    return "this desktop has to be checked again";
  }
  return std::nullopt;
}

std::string_view to_string(MeetingPhase phase) {
  switch (phase) {
    case MeetingPhase::booked:
      return "booked";
    case MeetingPhase::starting:
      return "starting";
    case MeetingPhase::running:
      return "running";
    case MeetingPhase::ending:
      return "ending";
    case MeetingPhase::closing:
      return "closing";
    case MeetingPhase::over:
      return "over";
  }
  return "over";
}

std::string_view to_string(SeatStep step) {
  constexpr std::array<std::string_view, 18> kNames{
      "planned", "waiting", "intent",   "launched", "running", "addressed",
      "named",   "ready",   "stale",    "occupied", "closing", "fenced",
      "unnamed", "killing", "released", "replaced", "failed",  "ended"};
  return kNames.at(static_cast<std::size_t>(step));
}

}  // namespace domain
