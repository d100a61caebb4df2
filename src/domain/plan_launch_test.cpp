// Machines that are launched, move, or do not answer.

#include <gtest/gtest.h>

#include "domain/plan_world_test.hpp"

namespace domain {
namespace {

TEST(Plan, AddressChangeVoidsWhatWasGivenOut) {
  World world;
  world.run_until(kT);
  world.meeting = must(admit(world.meeting, world.seat(0).id, "h", world.now, world.policy));
  world.instances[0].address = "127.0.0.9";
  world.run_until(kT + 31s);
  EXPECT_TRUE(world.seat(0).tokens.empty());
  EXPECT_EQ(world.desktop(0).record->value, "127.0.0.9");
  EXPECT_EQ(world.step_of(0), SeatStep::ready);
}

// A pass makes no call twice: one that is noted anew is another.
TEST(Plan, ALaunchThatIsMadeAgainIsACallOfItsOwn) {
  World world;
  world.now = kT - 10min;
  const auto first = plan(world.meeting, world.observe(), world.now, world.policy);
  const Outcome busy = base::fail(base::ErrorKind::unavailable, "too many calls");
  const auto tried =
      apply_outcome(first.meeting, first.actions.front(), busy, world.now, world.policy);
  const auto second = plan(tried, world.observe(), world.now + 11s, world.policy);
  ASSERT_FALSE(second.actions.empty());
  EXPECT_EQ(std::get<Launch>(first.actions.front()).key,
            std::get<Launch>(second.actions.front()).key);
  EXPECT_NE(first.actions.front(), second.actions.front());
}

TEST(Plan, AMachineThatMovesAndDoesNotAnswerThereIsReplaced) {
  World world;
  world.run_until(kT - 5min);
  world.instances[0].address = "127.0.0.9";
  world.mute.insert(world.desktop(0).id);
  world.run_until(kT + 1min);
  EXPECT_EQ(world.desktop(0).attempt, 2U);
  EXPECT_EQ(world.step_of(0), SeatStep::ready);
}

TEST(Plan, DesktopThatNeverAnswersIsReplacedWithinItsDwell) {
  World world;
  world.mute.insert(desktop_id(world.seat(0).id, 1));
  world.run_until(kT - 4min);
  EXPECT_EQ(world.desktop(0).attempt, 2U);
  EXPECT_EQ(world.step_of(0), SeatStep::ready);
  EXPECT_EQ(world.alive(), 2U);
}

}  // namespace
}  // namespace domain
