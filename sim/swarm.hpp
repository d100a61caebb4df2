#pragma once
// Swarm: everything that a run depends on, drawn from its seed: sizes, policy values, lags, and the
// mix and rates of faults. Two seeds are two different worlds.

#include <string>

#include "adapter/paced/paced.hpp"
#include "app/ports.hpp"
#include "app/sweep.hpp"
#include "faults.hpp"
#include "theme.hpp"
#include "throttle.hpp"

namespace sim {

// What a newer version writes into the store that this one does not know (F26); none: there is no
// newer one.
enum class NewerRows : std::uint8_t { none, schema, field, seat_field };

struct Swarm {
  std::uint64_t seed = 1;
  Timestamp start;
  std::uint32_t processes = 1;
  std::uint32_t meetings = 1;
  std::uint32_t seats_max = 2;
  bool bridged = false;  // screens go through the process (local desktops); else straight (DCV)
  bool on_disk = false;  // the real SQLite store, on a disk that may lose power
  NewerRows newer_rows = NewerRows::none;
  domain::Policy policy;
  app::SweepPolicy sweep;
  port::LaunchLimits limits{200, 100, 50, 50};
  FaultMix mix;
  std::uint32_t hints_delivered = 100;  // percent; 0: no event ever arrives (L4)
  Duration skew_max{0};
  Duration boot_max = 60s;  // to running; then to an address; then to a screen that answers
  Duration address_max = 5s;
  Duration answer_max = 60s;
  Duration end_max = 30s;  // from the order to gone
  Duration list_lag{0};    // lists of machines show the past; the policy knows of it
  Duration zone_lag{0};    // accepted changes show in lists this much later
  Duration resolve_lag = 5s;
  Duration start_max = 40min;     // meetings start within this from the run's start
  Duration faults_for = 90min;    // then everything is healed
  bool long_rest = false;         // 24 quiet hours at the end, in which nothing may change outside
  bool first_place_full = false;  // for good; the others have room (L7)
  Duration tick = 5s;             // the dispatcher's longest rest, whatever the store says
  Duration repeat_later{0};  // > 0: changes outside are made again at once, and this much later
  bool mischief = true;      // strangers and requests that must be refused
  bool calm = false;         // no faults, everybody on time: L1 is checked
  Theme theme = Theme::none;
  bool plain = false;  // stories: everything takes as long as it says, nothing is left to chance

  ApiLimits api;                             // what the providers take; real ones after healing
  adapter::paced::ComputePace compute_pace;  // what each process asks at most
  adapter::paced::ZonePace zone_pace;
  std::uint32_t workers = 16;  // passes of one process at once
  Duration outage{0};          // no control plane at all for so long before everything is healed

  std::string describe() const;
};

Swarm draw_swarm(std::uint64_t seed);

}  // namespace sim
