// Who is on the way in, comes back, or was there while nobody looked: not shut out (S7, S8).

#include <gtest/gtest.h>

#include "domain/plan_world_test.hpp"

namespace domain {
namespace {

TEST(Plan, WhoIsOnTheWayInAtTheNoShowIsNotShutOut) {
  World world;
  world.run_until(kT + 15min - 1s);
  const auto id = world.desktop(0).id;
  world.come_in(0);
  world.run_until(kT + 15min + 3s);
  EXPECT_FALSE(world.meeting.end);
  EXPECT_FALSE(world.desktop(0).fenced);
  world.connections[id] = 1;  // the browser got there
  world.run_until(kT + 16min);
  EXPECT_EQ(world.step_of(0), SeatStep::occupied);
}

TEST(Plan, WhoComesBackWhileTheirDesktopIsBeingClosedIsNotShutOut) {
  World world;
  world.run_until(kT);
  world.enter(0);
  world.enter(1);
  world.run_until(kT + 20min);
  world.connections.clear();  // both networks drop
  world.run_until(kT + 20min + world.policy.leave_grace - 10s);
  world.look_until_ending(100ms);
  const auto id = world.desktop(0).id;
  world.meeting = must(reenter(world.meeting, id, world.seat(0).epoch, world.now));
  world.pass();  // a look that does not see them yet
  EXPECT_FALSE(world.meeting.end);
  EXPECT_FALSE(world.desktop(0).fenced);
  world.run_until(world.now + world.policy.leave_grace -
                  1min);  // nor any: they have the grace again
  EXPECT_FALSE(world.meeting.end);
  world.connections[id] = 1;
  world.run_until(world.now + 10min);
  EXPECT_EQ(world.step_of(0), SeatStep::occupied);
  EXPECT_FALSE(world.meeting.end);
}

// Both have left, and the meeting is about to end for want of people.
void let_it_be_about_to_end(World& world) {
  world.run_until(kT);
  world.enter(0);
  world.enter(1);
  world.run_until(kT + 20min);
  world.connections.clear();
  world.look_until_ending(1s);
}

TEST(Plan, ADesktopThatDiesWhileItsMeetingIsAboutToEndIsNotOpenedAgain) {
  World world;
  let_it_be_about_to_end(world);
  const auto former = world.desktop(1).id;
  world.die(1);
  world.connections[world.desktop(0).id] = 1;  // the other one is back
  world.pass();
  EXPECT_FALSE(world.meeting.ending || world.meeting.end);
  world.run_until(world.now + 1min);
  EXPECT_TRUE(std::none_of(world.records.begin(), world.records.end(),
                           [&](const Record& record) { return record.name == former.text(); }));
  EXPECT_NE(world.desktop(1).id, former);
  EXPECT_EQ(world.step_of(1), SeatStep::ready);
}

TEST(Plan, ADesktopThatIsStillToBeLaunchedIsNotGoneWhileAnEndMayBeWithdrawn) {
  World world;
  world.now = kT + world.policy.no_show_after - 1min;  // the control plane was down
  world.launch_answers.assign(
      100, base::fail(base::ErrorKind::unavailable, "the provider takes no more calls"));
  world.launch_answers.front() = std::optional<Instance>();
  world.run_until(kT + world.policy.no_show_after - 1s);
  for (int i = 0; i < 3 && !world.meeting.ending; ++i) {
    world.now += 1s;
    world.look_once();
  }
  ASSERT_TRUE(world.meeting.ending);
  ASSERT_TRUE(world.desktop(1).closing);
  world.connections[world.desktop(0).id] = 1;
  world.look_once();
  EXPECT_FALSE(world.meeting.ending || world.meeting.end);
  EXPECT_FALSE(world.desktop(1).closing || world.desktop(1).gone);
}

TEST(Plan, WhoCameBackForAMomentWhileItWasAboutToEndHasTheGrace) {
  World world;
  world.run_until(kT);
  world.enter(0);
  world.run_until(kT + 20min);
  world.leave(0);
  world.look_until_ending(1s);
  world.meeting =
      must(reenter(world.meeting, world.desktop(0).id, world.seat(0).epoch, world.now + 10s));
  world.now += 40s;  // a look that was slow, or late: they are gone again
  world.pass();
  EXPECT_FALSE(world.meeting.end);
  world.run_until(world.now + world.policy.leave_grace - 1min);
  EXPECT_FALSE(world.meeting.ending);
  world.run_until(world.now + 5min);
  EXPECT_TRUE(world.meeting.over_at);
}

// The only one there has left, and their meeting is about to end.
void come_to_an_end(World& world) {
  world.run_until(kT);
  world.enter(0);
  world.run_until(kT + 20min);
  world.leave(0);
  world.run_until(world.now + world.policy.leave_grace - 1s);
  world.look_until_ending(100ms);
}

// Whether somebody is in it is asked by its name: it has to lead there, or nothing is ever settled.
TEST(Plan, AMachineThatMovesWhileItsMeetingIsAboutToEndIsNamedAnew) {
  World world;
  come_to_an_end(world);
  for (auto& instance : world.instances) instance.address = "127.0.9.9";
  world.run_until(world.now + 1min);
  EXPECT_TRUE(world.meeting.over_at);
}

// It can be asked no more who is in it, and was empty when it could.
TEST(Plan, ADesktopThatFallsSilentWhileItsMeetingIsAboutToEndDoesNotKeepIt) {
  World world;
  come_to_an_end(world);
  world.mute.insert(world.desktop(0).id);
  world.run_until(world.now + world.policy.ready_within - 1min);
  EXPECT_FALSE(world.meeting.end);
  world.run_until(world.now + 2min);
  EXPECT_TRUE(world.meeting.over_at);
}

TEST(Plan, NobodyComesBackByAnEpochThatWasRotatedNorAfterTheEnd) {
  World world;
  world.run_until(kT);
  world.enter(0);
  const auto id = world.desktop(0).id;
  EXPECT_FALSE(reenter(world.meeting, id, world.seat(0).epoch + 1, world.now));
  EXPECT_TRUE(reenter(world.meeting, id, world.seat(0).epoch, world.now));
  world.meeting = must(end(world.meeting, "ada", world.now));
  EXPECT_FALSE(reenter(world.meeting, id, world.seat(0).epoch, world.now));
}

TEST(Plan, WhoIsSeenInsideIsLookedAtAgainAsSoonAsItCountsAsUse) {
  World world;
  world.policy.presence_period = 50s;
  world.run_until(kT);
  world.enter(0);
  world.run_until(kT + 50s + world.policy.used_after);
  EXPECT_TRUE(world.seat(0).used_at);
}

TEST(Plan, EmptinessIsCountedAnewWhenNobodyLookedForLong) {
  World world;
  world.run_until(kT);
  world.enter(0);
  world.enter(1);
  world.run_until(kT + 20min);
  world.leave(0);
  world.leave(1);
  world.run_until(kT + 25min);
  world.now = kT + 40min;  // no control plane ran; they may have been back until a moment ago
  world.pass();
  EXPECT_FALSE(world.meeting.ending || world.meeting.end);
  world.run_until(kT + 49min);
  EXPECT_FALSE(world.meeting.end);
  world.run_until(kT + 51min);
  EXPECT_TRUE(world.meeting.end);
}

TEST(Plan, EmptinessThatIsReportedIsCountedAnewWhenNobodyLookedForLong) {
  World world;
  world.run_until(kT);
  world.enter(0);
  world.run_until(kT + 20min);
  world.leave(0);
  world.run_until(kT + 22min);
  world.now = kT + 33min;  // the store was full; they were back until a moment ago
  world.leave(0);
  world.pass();
  EXPECT_FALSE(world.meeting.ending || world.meeting.end);
  world.run_until(kT + 42min);
  EXPECT_FALSE(world.meeting.end);
  world.run_until(kT + 44min);
  EXPECT_TRUE(world.meeting.end);
}

// "End for everybody" is for all who are inside to say, also for those of whom no look can tell.
TEST(Plan, WhoMayBeInsideIsAskedBeforeEverybodyIsSaidToWantTheEnd) {
  World world;
  world.run_until(kT);
  world.enter(0);
  const auto id = world.desktop(1).id;
  world.come_in(1);
  world.connections[id] = std::nullopt;  // it cannot count
  world.run_until(kT + 5min);
  ASSERT_TRUE(world.seat(0).used_at && !world.seat(1).used_at);
  world.meeting = must(ask_end(world.meeting, world.seat(0).id, world.now));
  world.run_until(kT + 6min);
  EXPECT_FALSE(world.meeting.end);
  world.connections[id] = 0;
  world.run_until(kT + 7min);
  ASSERT_TRUE(world.meeting.end);
  EXPECT_EQ(world.meeting.end->reason, EndReason::ended_by_everyone);
}

TEST(Plan, WhoCameInAMomentAgoIsNotOverruledByWhoWantsTheEnd) {
  World world;
  world.run_until(kT);
  world.enter(0);
  world.run_until(kT + 5min);
  world.meeting = must(ask_end(world.meeting, world.seat(0).id, world.now));
  const auto id = world.desktop(1).id;
  world.come_in(1);
  world.connections[id] = 1;
  world.pass();
  EXPECT_FALSE(world.meeting.end);
}

TEST(Plan, WhoPassedTheDoorAndWasNeverSeenInsideHasTheGrace) {
  World world;
  world.run_until(kT + 14min);
  world.come_in(0);
  world.run_until(kT + 23min);
  EXPECT_FALSE(world.meeting.end);
  EXPECT_EQ(world.step_of(0), SeatStep::ready);
  world.run_until(kT + 25min);
  ASSERT_TRUE(world.meeting.end);
  EXPECT_EQ(world.meeting.end->reason, EndReason::no_show);
}

TEST(Plan, WhoPassedTheDoorWhileNobodyLookedHasTheGraceFromTheFirstLook) {
  World world;
  world.run_until(kT + 5min);
  world.come_in(0);
  world.now = kT + 25min;  // the store was full; they may have been inside until a moment ago
  world.pass();
  EXPECT_FALSE(world.meeting.ending || world.meeting.end);
  world.run_until(kT + 34min);
  EXPECT_FALSE(world.meeting.end);
  world.run_until(kT + 36min);
  EXPECT_TRUE(world.meeting.end);
}

}  // namespace
}  // namespace domain
