#include "day.hpp"

#include <gtest/gtest.h>

namespace sim {
namespace {

using namespace std::chrono_literals;  // NOLINT: 10min reads better than any alternative

DayOptions small_day() {
  DayOptions options;
  options.meetings = 20;
  return options;
}

TEST(Day, BringsEverySeatUpAndTakesEverythingDown) {
  const auto result = simulate_day(small_day(), false, {});
  EXPECT_EQ(result.seats, 40U);
  EXPECT_EQ(result.ready_in_time, 40U);
  EXPECT_EQ(result.ready.size(), 40U);
  EXPECT_EQ(result.allowed, 40U);
  EXPECT_EQ(result.failed, 0U);
  for (const auto* kind : {"launch", "terminate", "put name", "drop name"}) {
    EXPECT_GE(result.calls.at(kind).made, 40U) << kind;
    EXPECT_EQ(result.calls.at(kind).refused, 0U) << kind;  // the pace keeps below the limits
  }
  // From the window to the end of presence, each; nobody stays after the grace period.
  EXPECT_GT(result.machine_hours, 40 * 0.9);
  EXPECT_LT(result.machine_hours, 40 * 1.3);
  EXPECT_DOUBLE_EQ(result.cost, result.machine_hours * small_day().price);
  EXPECT_LT(result.last_gone, 45min + 15min);
}

TEST(Day, TheSameOptionsGiveTheSameDay) {
  const auto one = simulate_day(small_day(), false, {});
  const auto two = simulate_day(small_day(), false, {});
  EXPECT_EQ(one.ready, two.ready);
  EXPECT_EQ(one.passes, two.passes);
  auto other = small_day();
  other.seed = 2;
  EXPECT_NE(simulate_day(other, false, {}).ready, one.ready);
}

TEST(Day, LimitsHoldBackWhatTheLeadIsTooShortFor) {
  auto options = small_day();
  options.launches_per_second = 0.1;
  options.launch_burst = 1;
  options.boot_p99 = options.boot_median;
  const auto result = simulate_day(options, true, {});
  // The window is 10 min; what is launched in its first 6.5 can be ready in time: 0.1/s of it.
  EXPECT_EQ(result.allowed, 40U);
  EXPECT_LE(result.ready_in_time, result.allowed);
  EXPECT_GE(result.ready_in_time, 30U);
  options.launches_per_second = 0.05;
  const auto slower = simulate_day(options, true, {});
  EXPECT_EQ(slower.allowed, 20U);
  EXPECT_LE(slower.ready_in_time, slower.allowed);
  EXPECT_GE(slower.ready_in_time, 15U);
}

TEST(Day, FindsTheLeadThatIsNeeded) {
  auto options = small_day();
  options.launches_per_second = 0.1;
  options.launch_burst = 1;
  const auto lead = lead_needed(options, {});
  EXPECT_GT(lead, 2min + 90s + 390s);  // the last of 40 launches, its boot, and two minutes
  EXPECT_LT(lead, 20min);
  options.lead = lead;
  EXPECT_GE(simulate_day(options, true, {}).ready_in_time, 39U);
}

TEST(Day, WithoutRoomNoLeadIsEnough) {
  auto options = small_day();
  options.capacity = 10;
  const auto result = simulate_day(options, true, {});
  EXPECT_EQ(result.allowed, 10U);
  EXPECT_EQ(result.ready_in_time, 10U);
}

TEST(Day, ThePictureSaysWhatItShows) {
  const auto options = small_day();
  const auto picture = day_picture(options, simulate_day(options, false, {}));
  for (const auto* part : {"<svg", "20 meetings of 2 seats", "seats ready", "time of day",
                           "as many as the limits allow", "T - 2m", "</svg>"}) {
    EXPECT_NE(picture.find(part), std::string::npos) << part;
  }
}

}  // namespace
}  // namespace sim
