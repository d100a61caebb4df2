#pragma once
// apply(): a person, or an agent speaking for one, states something. Each command is a pure
// function from a meeting to a meeting or an error that says why not; all are idempotent by nature
// except book.

#include <string>
#include <vector>

#include "base/result.hpp"
#include "domain/meeting.hpp"
#include "domain/policy.hpp"

namespace domain {

using base::Result;

struct SeatRequest {
  std::string role;
  std::string person;
  std::string email;
};

struct Booking {
  std::string title;
  Start start;
  Duration length{0};
  std::string call_url;
  std::vector<SeatRequest> seats;
};

// Checks every field (errors name it) and makes the meeting, seats numbered from 1.
Result<Meeting> book(const Booking& booking, const MeetingId& id, const PrincipalId& owner,
                     Timestamp now, const Policy& policy);

// Any time, also while people are inside. Cancelling an ended meeting changes nothing.
Result<Meeting> cancel(const Meeting& meeting, const std::string& by, Timestamp now);
// Any time. Ending an ended meeting changes nothing.
Result<Meeting> end(const Meeting& meeting, const std::string& by, Timestamp now);
// Adds to the planned length, within policy.extend_max in all and length_max.
Result<Meeting> extend(const Meeting& meeting, Duration by, Timestamp now, const Policy& policy);
// Moves the start; only before anything was launched.
Result<Meeting> reschedule(const Meeting& meeting, const Start& start, Timestamp now,
                           const Policy& policy);
// Makes the seat's link, cookies and open sessions void and gives it a new link.
Result<Meeting> rotate(const Meeting& meeting, const SeatId& seat, Timestamp now);

// A person asks for a desktop, inside the window; conflict when one is there, comes anyway, or none
// is left. Idempotent while the wish holds.
Result<Meeting> restart(const Meeting& meeting, const SeatId& seat, Timestamp now,
                        const Policy& policy);
bool can_restart(const Meeting& meeting, const Seat& seat, Timestamp now, const Policy& policy);
// Mints a door token (its hash is stored) if S9 holds by what was last observed.
Result<Meeting> admit(const Meeting& meeting, const SeatId& seat, const std::string& token_hash,
                      Timestamp now, const Policy& policy);
// Consumes a door token: S9 is evaluated again; unknown, used, expired and foreign are one answer.
Result<Meeting> pass_door(const Meeting& meeting, const DesktopId& desktop,
                          const std::string& token_hash, Timestamp now, const Policy& policy);
// The bridge saw sessions of a desktop open or close. `used`: one was open for policy.used_after.
// Somebody who passed the door before is about to open a screen again (S8): until they can be seen
// inside, they count as on the way in. not_found unless session_may_stay().
Result<Meeting> reenter(const Meeting& meeting, const DesktopId& desktop, std::uint32_t epoch,
                        Timestamp now);

Result<Meeting> report_presence(const Meeting& meeting, const DesktopId& desktop,
                                std::uint32_t connections, bool used, Timestamp now);
// A person asks to end for everybody: the meeting ends when all who ever entered asked.
Result<Meeting> ask_end(const Meeting& meeting, const SeatId& seat, Timestamp now);

}  // namespace domain
