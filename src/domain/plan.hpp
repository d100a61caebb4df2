#pragma once
// The heart: what should be true of a meeting now, given what was observed, and which steps lead
// there. Pure and total: no clock, no I/O, no randomness; every rule of launching, naming, closing
// and ending lives here or in the functions it calls.
//
//   plan = absorb (observations become facts)
//        -> decide the end of the meeting
//        -> per seat: launch, name, replace, release, take down
//        -> when to look again
//
// The pass saves `meeting` before it executes any action; actions are idempotent; nothing is lost
// when the process dies between the two, because the next plan() makes the same actions from the
// same facts.

#include <optional>
#include <vector>

#include "domain/action.hpp"
#include "domain/meeting.hpp"
#include "domain/outside.hpp"
#include "domain/policy.hpp"

namespace domain {

struct Plan {
  Meeting meeting;              // as it should be stored; wake_at is set in it
  std::vector<Action> actions;  // in order; each is idempotent
};

Plan plan(const Meeting& meeting, const Observed& observed, Timestamp now, const Policy& policy);

// What plan() would have to see to decide now. The pass looks at this and nothing else.
struct Look {
  bool instances = false;
  bool records = false;
  std::vector<DesktopId> probes;
  bool operator==(const Look&) const = default;
};
Look look(const Meeting& meeting, Timestamp now, const Policy& policy);

// The parts of plan(), for their own tests.
void absorb(Meeting& meeting, const Observed& observed, Timestamp now, const Policy& policy);
void decide_end(Meeting& meeting, const Observed& observed, Timestamp now, const Policy& policy);
void decide_seat(Meeting& meeting, Seat& seat, const Observed& observed, Timestamp now,
                 const Policy& policy, std::vector<Action>& actions);
// What carries the mark of this seat and is not, or no more, its desktop: told to end, with pauses.
void end_strays(Meeting& meeting, Seat& seat, const Observed& observed, Timestamp now,
                const Policy& policy, std::vector<Action>& actions);
std::optional<Timestamp> next_wake(const Meeting& meeting, Timestamp now, const Policy& policy);

}  // namespace domain
