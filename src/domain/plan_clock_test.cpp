// A clock that was ahead and was set right: what it wrote must hold nothing up (S18).

#include <gtest/gtest.h>

#include "domain/plan_world_test.hpp"

namespace domain {
namespace {

// One pass by a clock that is ahead, before it is set right; ends are held meanwhile, if somebody
// has seen it jump.
void pass_ahead(World& world, Duration by, bool is_held = true) {
  world.hold_kills = is_held;
  world.now += by;
  world.pass();
  world.now -= by;
}

TEST(PlanClock, ADayAheadForAMomentDoesNotKeepAnEmptyMeeting) {
  World world;
  world.run_until(kT);
  world.enter(0);
  world.enter(1);
  world.run_until(kT + 20min);
  pass_ahead(world, 24h);
  world.pass();
  EXPECT_EQ(world.alive(), 2U);
  world.hold_kills = false;
  world.connections.clear();  // both leave
  world.run_until(kT + 31min);
  ASSERT_TRUE(world.meeting.end);
  EXPECT_EQ(world.meeting.end->reason, EndReason::completed);
}

TEST(PlanClock, WhoIsInsideIsNotEndedThough) {
  World world;
  world.run_until(kT);
  world.enter(0);
  world.enter(1);
  pass_ahead(world, 24h);
  world.hold_kills = false;
  world.run_until(kT + 60min);
  EXPECT_FALSE(world.meeting.end);
}

TEST(PlanClock, ADayAheadForAMomentDoesNotHoldUpATeardown) {
  World world;
  world.run_until(kT);
  world.meeting = must(end(world.meeting, "ada", world.now));
  world.zone_fails = true;
  pass_ahead(world, 24h);  // asks for the removal of the records
  world.zone_fails = false;
  world.run_until(kT + 1min);
  EXPECT_EQ(world.alive(), 0U);
  EXPECT_TRUE(world.meeting.over_at);
}

TEST(PlanClock, AMachineLaunchedFromAheadIsGivenUpInItsTimeWhenItNeverComesUp) {
  World world;
  world.run_until(kT - 30min);
  ASSERT_FALSE(world.seat(0).desktop);
  world.mute.insert(desktop_id(world.seat(0).id, 1));
  pass_ahead(world, 22min, false);  // launches
  ASSERT_TRUE(world.desktop(0).instance);
  world.hold_kills = false;
  world.run_until(kT - 9min);  // the window has opened
  EXPECT_EQ(world.seat(0).attempts, 2U);
}

TEST(PlanClock, ALaunchFromAheadOfWhichNobodyKnowsIsAwaitedNoLongerThanAnother) {
  World world;
  world.policy.launch_late = 3min;
  world.launch_answers = {base::fail(base::ErrorKind::unknown_outcome, "timed out"),
                          base::fail(base::ErrorKind::unknown_outcome, "timed out")};
  world.run_until(kT - 30min);
  pass_ahead(world, 22min, false);
  ASSERT_TRUE(world.desktop(0).launch_called_at && !world.desktop(0).instance);
  world.hold_kills = false;
  world.meeting = must(end(world.meeting, "ada", world.now));
  world.run_until(world.now + 10min);
  EXPECT_TRUE(world.meeting.over_at);
}

TEST(PlanClock, WhatALaunchIsGivenUpByWaitsUntilTheClockIsBelieved) {
  World world;
  const base::Error full{base::ErrorKind::exhausted, "no capacity", "", ""};
  world.launch_answers.assign(100, tl::unexpected(full));
  world.run_until(kT - 10min);
  const auto calls = world.count("launch");
  pass_ahead(world, 30min);
  EXPECT_FALSE(world.seat(0).failed);
  EXPECT_EQ(world.count("launch"), calls);  // nor is anything launched so late
  world.hold_kills = false;
  world.launch_answers.clear();  // there is room again
  world.run_until(kT);
  EXPECT_FALSE(world.meeting.end);
  EXPECT_EQ(world.alive(), 2U);
}

TEST(PlanClock, NothingIsLaunchedByAClockThatHasJustJumped) {
  World world;
  world.run_until(kT - 24h + 1min);
  pass_ahead(world, 24h);
  EXPECT_EQ(world.seat(0).attempts, 0U);
  world.hold_kills = false;
  world.run_until(kT - 11min);
  EXPECT_EQ(world.alive(), 0U);
  world.run_until(kT);
  EXPECT_EQ(world.step_of(0), SeatStep::ready);
}

TEST(PlanClock, AMachineThatIsStartingIsNotGivenUpByAClockThatJumped) {
  World world;
  world.run_until(kT - 30min);
  world.mute.insert(desktop_id(world.seat(0).id, 1));
  world.run_until(kT - 10min);
  ASSERT_TRUE(world.desktop(0).instance && !world.desktop(0).first_ready);
  pass_ahead(world, 1h);
  EXPECT_FALSE(world.desktop(0).closing);
  world.hold_kills = false;
  world.mute.clear();
  world.run_until(kT - 8min);
  EXPECT_EQ(world.seat(0).attempts, 1U);
  EXPECT_TRUE(world.desktop(0).ready);
}

TEST(PlanClock, ANameIsNotGivenUpByAClockThatJumped) {
  World world;
  world.policy.kill_despite_name = true;
  world.run_until(kT);
  world.meeting = must(end(world.meeting, "ada", world.now));
  world.zone_fails = true;
  pass_ahead(world, 1h);
  EXPECT_EQ(world.alive(), 2U);
  EXPECT_FALSE(world.desktop(0).name_given_up_at);
}

// Its misses were counted by a clock that was ahead: they are counted anew.
TEST(PlanClock, AMissThatWasCountedAheadDoesNotKeepAMeetingThatHasEnded) {
  World world;
  world.launch_answers = {base::fail(base::ErrorKind::unknown_outcome, "timed out"),
                          base::fail(base::ErrorKind::unknown_outcome, "timed out")};
  world.run_until(kT - 10min);
  ASSERT_TRUE(world.desktop(0).launch_called_at && !world.desktop(0).instance);
  world.meeting = must(end(world.meeting, "ada", world.now));
  pass_ahead(world, 1h);
  ASSERT_EQ(world.desktop(0).misses, 1U);
  world.hold_kills = false;
  world.run_until(world.now + 5min);
  EXPECT_TRUE(world.meeting.over_at);
}

TEST(PlanClock, AWishFromAheadKeepsAnEmptyDesktopNoLongerThanAnother) {
  World world;
  world.run_until(kT);
  world.enter(0);
  world.run_until(kT + 16min);  // the other's was released
  world.now += 20min;
  world.meeting = must(restart(world.meeting, world.seat(1).id, world.now, world.policy));
  world.now -= 20min;
  world.pass();
  EXPECT_LE(*world.seat(1).wanted_at, world.now);
}

TEST(PlanClock, AnAnswerFromAheadIsNotFresh) {
  World world;
  world.run_until(kT - 5min);
  pass_ahead(world, 1h);
  EXPECT_TRUE(why_not_enter(world.meeting, world.seat(0), world.now, world.policy));
  world.pass();
  EXPECT_FALSE(why_not_enter(world.meeting, world.seat(0), world.now, world.policy));
}

TEST(PlanClock, HostsWhoseClocksDifferALittleLeaveEachOthersFacts) {
  World world;
  world.run_until(kT);
  world.enter(0);
  world.connections.clear();
  world.now += 2min;
  world.pass();
  const auto empty_since = world.desktop(0).empty_since;
  ASSERT_TRUE(empty_since);
  world.now -= 2min;
  world.pass();
  EXPECT_EQ(world.desktop(0).empty_since, empty_since);
}

TEST(PlanClock, HostsWhoseClocksDifferByMinutesSeeTogetherThatEverybodyHasLeft) {
  World world;
  world.run_until(kT);
  world.enter(0);
  world.run_until(kT + 5min);
  ASSERT_TRUE(world.seat(0).used_at);
  world.connections.clear();
  for (auto left = kT + 5min; !world.meeting.end && left < kT + 40min; left += 30s) {
    world.now = left;
    world.pass();
    world.now = left + 6min;
    world.pass();
  }
  ASSERT_TRUE(world.meeting.end);
  EXPECT_EQ(world.meeting.end->reason, EndReason::partial_no_show);
  EXPECT_LE(world.meeting.end->at, kT + 5min + world.policy.leave_grace + 6min + 1min);
}

}  // namespace
}  // namespace domain
