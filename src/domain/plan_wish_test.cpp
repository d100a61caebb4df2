// Who comes late, or finds their desktop gone, and asks for one: how long a wish holds.

#include <gtest/gtest.h>

#include "domain/plan_world_test.hpp"

namespace domain {
namespace {

const base::Error kFull{base::ErrorKind::exhausted, "no capacity", "", ""};

// The first is inside, the second's desktop was released, and they ask for another.
void ask_again(World& world) {
  world.run_until(kT);
  world.enter(0);
  world.run_until(kT + 20min);
  world.meeting = must(restart(world.meeting, world.seat(1).id, world.now, world.policy));
}

TEST(Plan, AWishThatIsNotGrantedKeepsAnEmptyMeetingNoLongerThanOneWouldWait) {
  World world;
  ask_again(world);
  world.may_launch = false;  // a budget says no
  world.run_until(kT + 25min);
  EXPECT_EQ(world.step_of(1), SeatStep::replaced);
  world.leave(0);
  world.run_until(kT + 37min);
  EXPECT_TRUE(world.meeting.end);
}

TEST(Plan, AWishThatHasLapsedMayBeMadeAgain) {
  World world;
  ask_again(world);
  world.may_launch = false;
  const auto& asked = world.meeting;
  EXPECT_EQ(must(restart(asked, world.seat(1).id, world.now + 1s, world.policy)), asked)
      << "pressed twice";
  world.run_until(kT + 36min);
  EXPECT_EQ(world.step_of(1), SeatStep::released);
  world.may_launch = true;
  world.meeting = must(restart(world.meeting, world.seat(1).id, world.now, world.policy));
  world.run_until(kT + 37min);
  EXPECT_EQ(world.step_of(1), SeatStep::ready);
}

TEST(Plan, WhoWaitedLongForADesktopHasTheWholeTimeToComeIntoIt) {
  World world;
  ask_again(world);
  world.may_launch = false;
  world.run_until(kT + 34min);
  world.may_launch = true;
  world.run_until(kT + 45min);  // it was wished for 25 minutes ago, and has been there for 11
  EXPECT_EQ(world.step_of(1), SeatStep::ready);
  world.run_until(kT + 50min);
  EXPECT_EQ(world.step_of(1), SeatStep::released);
}

TEST(Plan, WhoseUnusedDesktopDiedTooLateToBeReplacedMayAskForAnother) {
  World world;
  world.run_until(kT);
  world.enter(0);
  world.ends_slowly = true;
  world.run_until(kT + 14min);
  world.zone_fails = true;  // its name holds it until nobody is waited for any more
  world.die(1);
  world.run_until(kT + 16min);
  world.zone_fails = false;
  world.run_until(kT + 20min);
  EXPECT_EQ(world.seat(1).attempts, 1U);
  EXPECT_TRUE(can_restart(world.meeting, world.seat(1), world.now, world.policy));
  world.meeting = must(restart(world.meeting, world.seat(1).id, world.now, world.policy));
  world.run_until(kT + 21min);
  EXPECT_EQ(world.step_of(1), SeatStep::ready);
}

TEST(Plan, WhoWaitsForADesktopThatComesAnywayAsksForNothing) {
  World world;
  world.run_until(kT - 9min);
  EXPECT_FALSE(can_restart(world.meeting, world.seat(0), world.now, world.policy));
  world.die(0);
  world.pass();
  EXPECT_FALSE(can_restart(world.meeting, world.seat(0), world.now, world.policy));
}

TEST(Plan, ASeatThatHasFailedIsNotToldThatItsWishIsGranted) {
  World world;
  ask_again(world);
  world.launch_answers.assign(100, tl::unexpected<base::Error>(kFull));
  world.run_until(kT + 23min);
  ASSERT_TRUE(world.seat(1).failed);
  const auto again = restart(world.meeting, world.seat(1).id, world.now, world.policy);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().kind, base::ErrorKind::conflict);
}

TEST(Plan, ADeadDesktopThatABudgetHoldsBackKeepsAnEmptyMeetingNoLongerThanAWish) {
  World world;
  world.run_until(kT);
  world.enter(0);
  world.enter(1);
  world.run_until(kT + 20min);
  world.leave(0);
  world.leave(1);
  world.may_launch = false;
  world.run_until(kT + 22min);
  world.die(1);
  world.run_until(kT + 36min);
  EXPECT_FALSE(world.meeting.end);
  world.run_until(kT + 40min);
  EXPECT_TRUE(world.meeting.end);
}

TEST(Plan, WhoLeftADesktopThatDiesHasTheGraceAlsoWhereAWishIsShorter) {
  World world;
  world.policy.no_show_after = 5min;
  world.run_until(kT);
  world.enter(0);
  world.run_until(kT + 20min);
  world.leave(0);
  world.may_launch = false;
  world.die(0);
  world.run_until(kT + 29min);
  EXPECT_FALSE(world.meeting.ending || world.meeting.end);
  world.run_until(kT + 31min);
  EXPECT_TRUE(world.meeting.end);
}

TEST(Plan, WhoseDesktopCannotCountAndDiesIsGivenAnother) {
  World world;
  world.run_until(kT);
  world.come_in(0);
  world.connections[world.desktop(0).id] = std::nullopt;
  world.run_until(kT + 20min);
  world.die(0);
  world.run_until(kT + 21min);
  EXPECT_EQ(world.desktop(0).attempt, 2U);
  EXPECT_EQ(world.step_of(0), SeatStep::ready);
  EXPECT_FALSE(world.meeting.end);
}

// What somebody with a former link asked for, or before the meeting was moved, is nobody's wish.
TEST(Plan, AWishForTheEndGoesWithTheLinkAndTheStartThatItWasMadeFor) {
  World world;
  world.meeting = must(ask_end(world.meeting, world.seat(1).id, world.now));
  world.meeting = must(reschedule(world.meeting, {kT, "", ""}, world.now, world.policy));
  EXPECT_FALSE(world.seat(1).wants_end_at);
  world.meeting = must(ask_end(world.meeting, world.seat(1).id, world.now));
  world.meeting = must(rotate(world.meeting, world.seat(1).id, world.now));
  world.run_until(kT);
  world.enter(0);
  world.enter(1);
  world.run_until(kT + 5min);
  world.meeting = must(ask_end(world.meeting, world.seat(0).id, world.now));
  world.pass();
  EXPECT_FALSE(world.meeting.end);
}

}  // namespace
}  // namespace domain
