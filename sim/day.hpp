#pragma once
// A day, as a planning tool: many meetings that start together, brought up by the real use cases
// and the real pace against providers with limits and machines that take time to boot. Tells when
// each seat becomes ready, what is called for it and what it costs. The same options, the same
// answer. Calls take no time and nothing fails but by a limit; `howdah simulate-day` shows it.

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/time.hpp"

namespace sim {

struct DayOptions {
  std::uint32_t meetings = 100;
  std::uint32_t seats = 2;
  base::Duration at{9 * 3'600'000};    // of the first start, since midnight
  base::Duration spread{0};            // the last start is so much later
  base::Duration length{45 * 60'000};  // of each meeting; everybody stays until its end
  base::Duration lead{10 * 60'000};    // desktops are launched so long before
  base::Duration boot_median{90'000};  // from the launch to a screen that answers
  base::Duration boot_p99{180'000};    // ... which one in a hundred exceeds
  std::uint32_t capacity = 0;          // machines at once; 0: as many as are asked for
  double launches_per_second = 2;      // EC2's RunInstances
  std::uint32_t launch_burst = 5;
  bool cloudflare = false;  // else Route 53
  double price = 0.526;     // of a machine for an hour
  std::uint64_t seed = 1;
};

struct DayCalls {
  std::uint64_t made = 0;
  std::uint64_t refused = 0;  // by the provider's limit
};

struct DayResult {
  std::uint32_t seats = 0;
  std::uint32_t ready_in_time = 0;  // two minutes before its own start
  std::uint32_t ready_at_start = 0;
  std::uint32_t failed = 0;   // given up
  std::uint32_t allowed = 0;  // as many as the limits allow in time, whatever the product does
  std::vector<base::Duration> ready;  // each seat that became ready, after the first start (or < 0)
  std::map<std::string, DayCalls> calls;  // by "launch", "list machines", ...
  double machine_hours = 0;
  double cost = 0;
  base::Duration last_gone{0};  // when the last machine was gone, after the first start
  std::uint64_t passes = 0;
};

// `progress` hears now and then how much of the day is over, from 0 to 1. Ends two minutes before
// the last start when `only_starting`: nothing is known then of cost and end.
using DayProgress = std::function<void(double)>;
DayResult simulate_day(const DayOptions& options, bool only_starting, const DayProgress& progress);

// The shortest lead with which 99 % of the seats are ready in time, to 2 % of itself; 0: none up to
// a day. `progress` hears of each lead that was tried and its share of seats in time.
using LeadProgress = std::function<void(base::Duration lead, double share)>;
base::Duration lead_needed(const DayOptions& options, const LeadProgress& progress);

// What the day looks like: ready seats over time, with the start, the window and what the limits
// allow.
std::string day_picture(const DayOptions& options, const DayResult& result);

// When the nth seat (from 0) may be launched at the earliest, after the window of the first opens;
// `start` counts from the first start.
std::vector<base::Duration> launch_slots(const DayOptions& options);
// The start of a meeting's number, after the first one.
base::Duration start_of(const DayOptions& options, std::uint32_t meeting);

}  // namespace sim
