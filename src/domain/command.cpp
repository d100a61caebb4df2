#include "domain/command.hpp"

#include <algorithm>
#include <set>

#include "base/text.hpp"
#include "domain/note.hpp"
#include "domain/phase.hpp"

namespace domain {
namespace {

using base::ErrorKind;
using base::fail;

constexpr std::size_t kTitleMax = 200;
constexpr std::size_t kPersonMax = 100;
constexpr std::size_t kRoleMax = 40;

std::string minutes_text(Duration duration) {
  return base::to_text(duration);
}

Result<> check_start(const Start& start, Timestamp now, const Policy& policy) {
  const std::string field = start.zone.empty() ? "start" : "start_local";
  if (start.at < now - policy.start_past_max) {
    return fail(ErrorKind::invalid,
                "must not be more than " + minutes_text(policy.start_past_max) + " in the past",
                field);
  }
  if (start.at > now + policy.book_ahead_max) {
    return fail(ErrorKind::invalid,
                "must be within " + minutes_text(policy.book_ahead_max) + " from now", field);
  }
  return {};
}

Result<> check_seats(const std::vector<SeatRequest>& seats) {
  if (seats.empty() || seats.size() > kSeatsMax) {
    return fail(ErrorKind::invalid, "must have 1 to " + std::to_string(kSeatsMax) + " seats",
                "seats");
  }
  std::set<std::string> roles;
  for (std::size_t i = 0; i < seats.size(); ++i) {
    const std::string field = "seats[" + std::to_string(i) + "]";
    TRY(base::check_name(seats[i].role, kRoleMax, field + ".role"));
    if (!roles.insert(seats[i].role).second) {
      return fail(ErrorKind::invalid, "each role can be given once", field + ".role");
    }
    if (!seats[i].person.empty()) {
      TRY(base::check_name(seats[i].person, kPersonMax, field + ".name"));
    }
    if (!seats[i].email.empty()) TRY(base::check_email(seats[i].email, field + ".email"));
  }
  return {};
}

Result<> check_length(Duration length, const Policy& policy, const std::string& field) {
  if (length < policy.length_min || length > policy.length_max) {
    return fail(ErrorKind::invalid,
                "must be from " + minutes_text(policy.length_min) + " to " +
                    minutes_text(policy.length_max),
                field);
  }
  return {};
}

Result<> must_be_open(const Meeting& meeting) {
  if (meeting.end) return fail(ErrorKind::conflict, "this meeting has ended");
  return {};
}

tl::unexpected<base::Error> no_such_seat() {
  return fail(ErrorKind::not_found, "no such seat");
}

Meeting ended(const Meeting& meeting, EndReason reason, const std::string& by, Timestamp now) {
  Meeting next = meeting;
  if (next.end) return next;
  next.ending.reset();
  next.end = End{reason, now, by};
  next.wake_at = now;
  for (auto& seat : next.seats) seat.tokens.clear();
  return next;
}

void drop_expired(Seat& seat, Timestamp now) {
  std::erase_if(seat.tokens, [&](const DoorToken& token) { return token.expires_at <= now; });
}

}  // namespace

Result<Meeting> book(const Booking& booking, const MeetingId& id, const PrincipalId& owner,
                     Timestamp now, const Policy& policy) {
  TRY(base::check_name(booking.title, kTitleMax, "title"));
  TRY(check_start(booking.start, now, policy));
  TRY(check_length(booking.length, policy, "length_minutes"));
  if (!booking.call_url.empty()) TRY(base::check_https_url(booking.call_url, "call_url"));
  TRY(check_seats(booking.seats));
  Meeting meeting{.id = id,
                  .owner = owner,
                  .title = booking.title,
                  .start = booking.start,
                  .length = booking.length,
                  .call_url = booking.call_url,
                  .created_at = now};
  std::uint32_t number = 0;
  for (const auto& seat : booking.seats) {
    meeting.seats.push_back(Seat{.id = seat_id(id, ++number),
                                 .role = seat.role,
                                 .person = seat.person,
                                 .email = seat.email});
  }
  meeting.wake_at = std::max(now, launch_at(meeting, policy));
  return meeting;
}

Result<Meeting> cancel(const Meeting& meeting, const std::string& by, Timestamp now) {
  return ended(meeting, EndReason::cancelled, by, now);
}

Result<Meeting> end(const Meeting& meeting, const std::string& by, Timestamp now) {
  return ended(meeting, EndReason::ended_by_organiser, by, now);
}

Result<Meeting> extend(const Meeting& meeting, Duration by, Timestamp now, const Policy& policy) {
  TRY(must_be_open(meeting));
  if (by <= Duration{0}) return fail(ErrorKind::invalid, "must be at least 1", "minutes");
  if (meeting.extended + by > policy.extend_max ||
      meeting.length + meeting.extended + by > policy.length_max) {
    return fail(ErrorKind::conflict,
                "a meeting can be extended by " + minutes_text(policy.extend_max) +
                    " in all and last " + minutes_text(policy.length_max),
                "minutes");
  }
  Meeting next = meeting;
  next.extended += by;
  next.wake_at = now;
  return next;
}

Result<Meeting> reschedule(const Meeting& meeting, const Start& start, Timestamp now,
                           const Policy& policy) {
  TRY(must_be_open(meeting));
  if (was_begun(meeting)) {
    return fail(ErrorKind::conflict,
                "desktops of this meeting were started already; cancel it and book a new one");
  }
  TRY(check_start(start, now, policy));
  Meeting next = meeting;
  next.start = start;
  next.ending.reset();  // nobody came at the former start
  for (auto& seat : next.seats) seat.wants_end_at.reset();
  next.wake_at = std::max(now, launch_at(next, policy));
  return next;
}

Result<Meeting> rotate(const Meeting& meeting, const SeatId& seat_id, Timestamp now) {
  Meeting next = meeting;
  Seat* seat = find_seat(next, seat_id);
  if (seat == nullptr) return no_such_seat();
  ++seat->epoch;
  ++seat->generation;
  seat->tokens.clear();
  seat->wants_end_at.reset();  // whoever had the former link has asked
  if (!next.over_at) next.wake_at = now;
  return next;
}

Result<Meeting> restart(const Meeting& meeting, const SeatId& seat_id, Timestamp now,
                        const Policy& policy) {
  TRY(must_be_open(meeting));
  Meeting next = meeting;
  Seat* seat = find_seat(next, seat_id);
  if (seat == nullptr) return no_such_seat();
  const bool comes = awaits_desktop(meeting, *seat, now, policy);
  if (comes && wants_desktop(meeting, *seat, now, policy)) return next;  // pressed twice
  if (!can_restart(meeting, *seat, now, policy)) {
    return fail(ErrorKind::conflict, "this desktop cannot be started again now");
  }
  seat->wanted_at = now;
  next.wake_at = now;
  return next;
}

bool can_restart(const Meeting& meeting, const Seat& seat, Timestamp now, const Policy& policy) {
  return window_open(meeting, now, policy) && !seat.failed && open_desktop(seat) == nullptr &&
         !awaits_desktop(meeting, seat, now, policy);
}

Result<Meeting> admit(const Meeting& meeting, const SeatId& seat_id, const std::string& token_hash,
                      Timestamp now, const Policy& policy) {
  Meeting next = meeting;
  Seat* seat = find_seat(next, seat_id);
  if (seat == nullptr) return no_such_seat();
  if (const auto why = why_not_enter(meeting, *seat, now, policy)) {
    return fail(ErrorKind::conflict, std::string(*why));
  }
  drop_expired(*seat, now);
  if (seat->tokens.size() >= kDoorTokensMax) seat->tokens.erase(seat->tokens.begin());
  seat->tokens.push_back(
      {token_hash, seat->desktop->attempt, seat->generation, now + policy.token_life});
  return next;
}

Result<Meeting> pass_door(const Meeting& meeting, const DesktopId& desktop,
                          const std::string& token_hash, Timestamp now, const Policy& policy) {
  Meeting next = meeting;
  const auto seat_id = seat_of(desktop);
  Seat* seat = seat_id ? find_seat(next, *seat_id) : nullptr;
  const auto refuse = [] {
    return fail(ErrorKind::denied,
                "this way in is used up or too old; go back and press Enter again");
  };
  if (seat == nullptr || !seat->desktop || seat->desktop->id != desktop) return refuse();
  drop_expired(*seat, now);
  const auto token =
      std::find_if(seat->tokens.begin(), seat->tokens.end(), [&](const DoorToken& one) {
        return one.hash == token_hash && one.attempt == seat->desktop->attempt &&
               one.generation == seat->generation;
      });
  if (token == seat->tokens.end()) return refuse();
  if (const auto why = why_not_enter(meeting, *seat, now, policy)) {
    return fail(ErrorKind::conflict, std::string(*why));
  }
  seat->tokens.erase(token);
  seat->desktop->entered_at = now;
  return next;
}

Result<Meeting> reenter(const Meeting& meeting, const DesktopId& desktop, std::uint32_t epoch,
                        Timestamp now) {
  if (!session_may_stay(meeting, desktop, epoch)) {
    return fail(ErrorKind::not_found, "this desktop is not open to you; use your link again");
  }
  Meeting next = meeting;
  find_seat(next, *seat_of(desktop))->desktop->entered_at = now;
  return next;
}

Result<Meeting> report_presence(const Meeting& meeting, const DesktopId& desktop_id,
                                std::uint32_t connections, bool used, Timestamp now) {
  Meeting next = meeting;
  const auto seat_id = seat_of(desktop_id);
  Seat* seat = seat_id ? find_seat(next, *seat_id) : nullptr;
  if (seat == nullptr || !seat->desktop || seat->desktop->id != desktop_id || seat->desktop->gone) {
    return fail(ErrorKind::not_found, "no such desktop");
  }
  Desktop& desktop = *seat->desktop;
  if (connections > 0) {
    desktop.empty_since.reset();
  } else if (!desktop.empty_since || !is_watched(desktop, now)) {
    desktop.empty_since = now;
  }
  desktop.presence = Presence{now, connections};
  if (used) note_used(*seat, desktop, now);
  if (connections == 0) next.wake_at = now;  // perhaps it died: look
  return next;
}

Result<Meeting> ask_end(const Meeting& meeting, const SeatId& seat_id, Timestamp now) {
  Meeting next = meeting;
  Seat* seat = find_seat(next, seat_id);
  if (seat == nullptr) return no_such_seat();
  if (next.end || seat->wants_end_at) return next;
  seat->wants_end_at = now;
  next.wake_at = now;
  return next;
}

}  // namespace domain
