#pragma once
// What the facts add up to: the phase of a meeting, the step of a seat, and the instants that the
// timeline hangs on. Pure, derived every time, stored nowhere.

#include "domain/meeting.hpp"
#include "domain/policy.hpp"

namespace domain {

enum class MeetingPhase {
  booked,    // before the launch window
  starting,  // in the window, T not reached
  running,   // from T to the end
  ending,    // nobody there: being closed, may be withdrawn
  closing,   // ended; something of it is still there outside
  over,      // ended, and seen that nothing is left
};

// The ladder of a seat; it may go down again (ready to unready), only `gone` absorbs a desktop.
enum class SeatStep {
  planned,   // no desktop yet, the window is not open
  waiting,   // in the window, nothing launched (budget, capacity, backoff)
  intent,    // launch intent stored
  launched,  // the provider knows the machine
  running,
  addressed,
  named,     // its record was read back
  ready,     // it answered as itself
  stale,     // it answered before, and does not now
  occupied,  // somebody is connected
  closing,
  fenced,
  unnamed,
  killing,
  released,  // taken down because nobody came; can be started again
  replaced,  // its desktop died and is gone, the next one comes
  failed,    // no further attempt
  ended,     // the meeting ended, nothing is left of this seat
};

MeetingPhase phase(const Meeting& meeting, Timestamp now, const Policy& policy);
SeatStep step(const Meeting& meeting, const Seat& seat, Timestamp now, const Policy& policy);

Timestamp launch_at(const Meeting& meeting, const Policy& policy);
Timestamp planned_end(const Meeting& meeting);
Timestamp hard_cap(const Meeting& meeting, const Policy& policy);
// Until when an unused desktop of this seat is kept.
Timestamp release_at(const Meeting& meeting, const Seat& seat, const Policy& policy);

// Somebody has asked for a desktop of this seat, not longer ago than one would wait for them.
bool wants_desktop(const Meeting& meeting, const Seat& seat, Timestamp now, const Policy& policy);

// The window in which desktops may be launched: from launch_at until the hard cap, not ended.
bool window_open(const Meeting& meeting, Timestamp now, const Policy& policy);

// It answered at its last look, and that is not long ago. A look from the future says nothing: the
// clock was set back since.
bool is_fresh(const Desktop& desktop, Timestamp now, const Policy& policy);

// A desktop of it was started, or is about to be: something may be there outside.
bool was_begun(const Meeting& meeting);

// Something of this meeting is to be taken down, or soon: it ended, or has a desktop that is being
// closed or is there past the planned end. Such meetings go first when many want a pass (L13).
bool takes_down(const Meeting& meeting, Timestamp now);

// S9, all but the outside: this seat's desktop may be entered now, given what was last observed.
// Nothing when it may; else the reason, for the person.
std::optional<std::string_view> why_not_enter(const Meeting& meeting, const Seat& seat,
                                              Timestamp now, const Policy& policy);

// The same without the question how old the last look is: what a waiting page may offer. Entering
// looks again where it must.
std::optional<std::string_view> why_not_offer(const Meeting& meeting, const Seat& seat,
                                              Timestamp now, const Policy& policy);

std::string_view to_string(MeetingPhase phase);
std::string_view to_string(SeatStep step);

}  // namespace domain
