#pragma once
// Policy: every number that a rule of plan() depends on, with its default. Values, set once from
// the configuration; DESIGN.md section 3 has the timeline that they make.

#include "base/time.hpp"

namespace domain {

using base::Duration;
using base::Timestamp;
using namespace std::chrono_literals;  // NOLINT: 10min reads better than any alternative

// A pass acts on what it has decided for so long: a call may be made as late after it was noted.
inline constexpr Duration kDecisionLife{30'000};

struct Policy {
  // Booking.
  Duration length_min = 5min;
  Duration length_max = 12h;
  Duration start_past_max = 5min;       // how late a booking may come
  Duration book_ahead_max = 365 * 24h;  // how far ahead
  Duration extend_max = 2h;             // extensions of one meeting, in all

  // The timeline of a meeting that starts at T.
  Duration launch_lead = 10min;
  Duration no_show_after = 15min;
  Duration leave_grace = 10min;
  Duration overrun = 30min;
  Duration used_after = 5s;  // a session open for this long makes its seat used

  // Starting desktops.
  std::uint32_t attempts_max = 3;  // desktops that one seat may use up by dying or never coming up
  std::uint32_t places = 1;        // length of the ordered fallback list
  Duration launch_retry = 10s;     // between launch calls of one seat
  Duration ready_within = 5min;    // from when its machine is known; then the next attempt
  Duration give_up_before = 1min;  // no desktop by T minus this: the seat has failed
  Duration launch_timeout = 2min;  // ... but a first launch is always given this long

  // Looking.
  Duration poll_starting = 100ms;  // between looks while something is expected to change: at first,
  Duration poll_slow = 5s;         // ... and at most, as it takes longer
  Duration presence_period = 10s;  // between looks at a desktop in use
  Duration ready_fresh = 30s;    // readiness older than this is probed again before it is relied on
  Duration reconcile_hot = 10s;  // longest time between looks at a meeting that owns anything
  Duration list_lag = 0s;        // how long a new machine may be missing from the provider's list
  Duration launch_late = 0s;     // ... and to come about after a launch call without an answer
  Duration name_lag = 0s;        // how long a name that was set may be missing from the zone's list
  std::uint32_t misses_min = 3;  // spaced lists without a machine before it counts as gone
  Duration miss_spacing = 10s;

  // Taking down.
  Duration terminate_retry = 5s;
  Duration retry_max = 30s;        // what failing repeatedly adds to a pause between calls, at most
  Duration name_wait_max = 5min;   // a record that can't be removed holds a machine this long ...
  bool kill_despite_name = false;  // ... and longer if its name was given out, unless this is set
  Duration deadline_margin = 5min;  // a desktop ends itself this long after the hard cap
  Duration retention = 90 * 24h;

  // The door.
  Duration token_life = 60s;

  bool operator==(const Policy&) const = default;
};

}  // namespace domain
