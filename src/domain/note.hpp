#pragma once
// The few ways in which facts of a desktop are written down, shared by plan() and apply(). Internal
// to domain: the order of facts matters, so nothing else writes them.

#include "domain/meeting.hpp"
#include "domain/outside.hpp"
#include "domain/policy.hpp"

namespace domain {

// Closes the gate of the seat's desktop: no one enters any more, tokens are void.
void close_desktop(Seat& seat, CloseReason reason, Timestamp now);

// It was closed for an end of the meeting that may still be withdrawn.
bool may_open_again(const Meeting& meeting, const Desktop& desktop);

// By when the last call to set its name, which was noted, has been made: by its answer, and where
// nobody has heard of one, as late as a call may be made.
Timestamp record_made_by(const Desktop& desktop);

// Connections to a desktop as seen at `at`; nothing = unknown, which is never "empty".
void note_presence(Seat& seat, Desktop& desktop, std::optional<std::uint32_t> connections,
                   Timestamp at, const Policy& policy);

// It does not answer any more, and the last look before has seen that whoever was in it had left:
// nobody comes in meanwhile but through a door that is closed, or back to a screen, which is noted.
bool had_left(const Desktop& desktop);

// Who is there was seen at most so long before `at` that nobody can have come and gone in between.
bool is_watched(const Desktop& desktop, Timestamp at);

void note_used(Seat& seat, Desktop& desktop, Timestamp at);

// A clock that was ahead and was set right has left times from which nothing would happen for as
// long as it was wrong (S18): they become `now`, and who was there then is unknown.
void forget_the_future(Meeting& meeting, Timestamp now, const Policy& policy);

// Somebody opened a screen again after the gate was closed, if only for a moment.
bool came_back(const Desktop& desktop);

// Nobody who had passed its door by then can still be on the way in at `at` (S8).
bool is_drained(const Desktop& desktop, Timestamp at);

// The desktop is known to be empty at `now`: nobody was ever let in, or a recent look saw nobody.
bool known_empty(const Desktop& desktop, Timestamp now, const Policy& policy);

// A seat that can have no desktop, with nobody inside anywhere, fails the meeting (L7).
bool has_failed(const Meeting& meeting, Timestamp now, const Policy& policy);

// A machine that carries our mark for this seat and is not its desktop: from a launch that came
// about twice, or one that appeared after it was given up. Never one of an attempt that we do not
// know of (S28).
bool is_stray(const Seat& seat, const Instance& instance);
// The same for a name: it came about late, when its desktop was gone already.
bool is_stray(const Seat& seat, const Record& record);

// The seat has no open desktop, and is to have one as soon as the former one is gone.
bool awaits_desktop(const Meeting& meeting, const Seat& seat, Timestamp now, const Policy& policy);

}  // namespace domain
