// decide_end(): when and why a meeting is over. Presence decides the early ends, the hard cap
// decides cost. An end for want of people is made in two steps: all gates are closed ("ending"),
// presence is read again, and only when every desktop was fenced it is an end; somebody found
// inside withdraws it.

#include <algorithm>

#include "domain/note.hpp"
#include "domain/phase.hpp"
#include "domain/plan.hpp"

namespace domain {
namespace {

bool any_used(const Meeting& meeting) {
  return std::any_of(meeting.seats.begin(), meeting.seats.end(),
                     [](const Seat& seat) { return seat.used_at.has_value(); });
}

bool all_used(const Meeting& meeting) {
  return std::all_of(meeting.seats.begin(), meeting.seats.end(),
                     [](const Seat& seat) { return seat.used_at.has_value(); });
}

// Somebody is, or may be, at this seat, or is still given time to come.
bool is_kept(const Meeting& meeting, const Seat& seat, Timestamp now, const Policy& policy) {
  const Desktop* desktop = open_desktop(seat);
  if (desktop == nullptr) return awaits_desktop(meeting, seat, now, policy);
  if (!seat.used_at || (!desktop->used_at && seat.wanted_at)) {
    if (now < release_at(meeting, seat, policy)) return true;
  }
  if (!known_empty(*desktop, now, policy)) return true;
  // Who passed the door has the grace, too, if no look has ever found them inside; and when nobody
  // looked for long, from the first look after.
  if (desktop->entered_at) {
    const auto seen_empty = desktop->empty_since.value_or(*desktop->entered_at);
    if (now < std::max(*desktop->entered_at, seen_empty) + policy.leave_grace) return true;
  }
  if (!desktop->used_at && !seat.used_at) return false;
  if (!desktop->empty_since)
    return !desktop->first_ready;  // still starting: ready_within bounds it
  return now < *desktop->empty_since + policy.leave_grace;
}

EndReason reason_of_absence(const Meeting& meeting) {
  if (any_used(meeting)) {
    return all_used(meeting) ? EndReason::completed : EndReason::partial_no_show;
  }
  const auto could_come = [](const Seat& seat) {
    return std::any_of(
               seat.past.begin(), seat.past.end(),
               [](const PastDesktop& past) { return past.reason == CloseReason::unused; }) ||
           (seat.desktop && seat.desktop->first_ready);
  };
  return std::any_of(meeting.seats.begin(), meeting.seats.end(), could_come) ? EndReason::no_show
                                                                             : EndReason::failed;
}

void end_now(Meeting& meeting, EndReason reason, Timestamp now) {
  meeting.end = End{reason, now, "howdah"};
  meeting.ending.reset();
}

// Who passed the door, and was not found to be away since. Unknown is live.
bool may_be_inside(const Seat& seat, Timestamp now, const Policy& policy) {
  if (seat.desktop && came_back(*seat.desktop) && !seat.desktop->fenced) return true;
  const Desktop* desktop = open_desktop(seat);
  if (desktop == nullptr || !desktop->entered_at) return false;
  return !known_empty(*desktop, now, policy) ||
         (desktop->presence && !is_drained(*desktop, desktop->presence->at));
}

bool everyone_asked(const Meeting& meeting, Timestamp now, const Policy& policy) {
  const auto agrees = [&](const Seat& seat) {
    return seat.wants_end_at || !(seat.used_at || may_be_inside(seat, now, policy));
  };
  return any_used(meeting) && std::all_of(meeting.seats.begin(), meeting.seats.end(), agrees);
}

bool somebody_may_be_there(const Meeting& meeting) {
  return std::any_of(meeting.seats.begin(), meeting.seats.end(), [&](const Seat& seat) {
    if (!seat.desktop || seat.desktop->gone || seat.desktop->fenced) return false;
    if (came_back(*seat.desktop)) return true;
    return seat.desktop->presence && seat.desktop->presence->connections != 0U;  // unknown is live
  });
}

void withdraw_ending(Meeting& meeting, Timestamp now) {
  meeting.ending.reset();
  for (auto& seat : meeting.seats) {
    if (!seat.desktop || !seat.desktop->closing || seat.desktop->kill_at) continue;
    if (seat.desktop->closing->reason != CloseReason::meeting_ended) continue;
    if (seat.desktop->gone) {  // meanwhile: it is replaced
      close_desktop(seat, CloseReason::died, now);
      continue;
    }
    seat.desktop->closing.reset();
    seat.desktop->fenced.reset();
    seat.desktop->unnamed.reset();
    ++seat.generation;  // within a generation a closed gate stays closed (S14)
  }
}

void settle_ending(Meeting& meeting, Timestamp now) {
  if (somebody_may_be_there(meeting)) {
    withdraw_ending(meeting, now);
    return;
  }
  const bool all_fenced = std::all_of(
      meeting.seats.begin(), meeting.seats.end(),
      [](const Seat& seat) { return !seat.desktop || seat.desktop->gone || seat.desktop->fenced; });
  if (all_fenced) end_now(meeting, meeting.ending->reason, now);
}

void decide_by_clock(Meeting& meeting, Timestamp now, const Policy& policy) {
  if (now >= hard_cap(meeting, policy)) {
    end_now(meeting, any_used(meeting) ? EndReason::overran : reason_of_absence(meeting), now);
    return;
  }
  if (meeting.ending) {
    settle_ending(meeting, now);
    return;
  }
  if (has_failed(meeting, now, policy)) {
    end_now(meeting, EndReason::failed, now);
    return;
  }
  if (now < meeting.start.at + policy.no_show_after) return;
  const bool kept = std::any_of(meeting.seats.begin(), meeting.seats.end(), [&](const Seat& seat) {
    return is_kept(meeting, seat, now, policy);
  });
  if (!kept) {
    meeting.ending = End{reason_of_absence(meeting), now, "howdah"};
    return;
  }
  for (auto& seat : meeting.seats) {  // the others are kept: release, alone, who never came
    if (open_desktop(seat) != nullptr && !seat.used_at && !is_kept(meeting, seat, now, policy)) {
      close_desktop(seat, CloseReason::unused, now);
    }
  }
}

}  // namespace

bool has_failed(const Meeting& meeting, Timestamp now, const Policy& policy) {
  const auto failed = [](const Seat& seat) { return seat.failed.has_value(); };
  if (std::all_of(meeting.seats.begin(), meeting.seats.end(), failed)) return true;
  const auto entered = [](const Seat& seat) {
    return seat.used_at || (seat.desktop && seat.desktop->entered_at);
  };
  return now >= meeting.start.at - policy.give_up_before &&
         std::any_of(meeting.seats.begin(), meeting.seats.end(), failed) &&
         std::none_of(meeting.seats.begin(), meeting.seats.end(), entered);
}

bool came_back(const Desktop& desktop) {
  return desktop.closing && desktop.entered_at && *desktop.entered_at >= desktop.closing->at;
}

bool known_empty(const Desktop& desktop, Timestamp now, const Policy& policy) {
  if (!desktop.first_ready) return true;  // the gate never opened
  if (!desktop.presence || desktop.presence->connections != 0U) return false;
  return now - desktop.presence->at <= 2 * policy.presence_period + policy.poll_starting;
}

void decide_end(Meeting& meeting, const Observed& observed, Timestamp now, const Policy& policy) {
  if (!meeting.end && everyone_asked(meeting, now, policy)) {
    end_now(meeting, EndReason::ended_by_everyone, now);
  }
  if (!meeting.end && !observed.hold_kills) decide_by_clock(meeting, now, policy);
}

}  // namespace domain
