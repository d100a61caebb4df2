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

TEST(Plan, WhatAPassHasAskedForIsNotNotedAgainInIt) {
  World world;
  world.now = kT - 10min;
  const auto first = plan(world.meeting, world.observe(), world.now, world.policy);
  const Outcome busy = base::fail(base::ErrorKind::unavailable, "too many calls");
  const auto tried =
      apply_outcome(first.meeting, first.actions.front(), busy, world.now, world.policy);
  auto observed = world.observe();
  for (const auto& action : first.actions) observed.asked.insert(identity_of(action));
  const auto later = world.now + 20s;  // it would be due
  const auto same_pass = plan(tried, observed, later, world.policy);
  EXPECT_TRUE(same_pass.actions.empty());
  EXPECT_FALSE(same_pass.meeting.seats[0].desktop->launch_called_at);
  EXPECT_LE(same_pass.meeting.wake_at, later + 2s) << "the next wake is the retry";
  const auto next = plan(same_pass.meeting, world.observe(), later, world.policy);
  EXPECT_EQ(identity_of(next.actions.front()), identity_of(first.actions.front()));
}

TEST(Plan, WhatOneHostHasNotMadeSaysNothingOfALaterCallOfAnother) {
  World world;
  world.zone_fails = true;
  world.run_until(kT - 5min);
  const auto& desktop = world.desktop(0);
  ASSERT_TRUE(desktop.record_asked_at);
  const PutRecord former{desktop.id, desktop.address->value, world.seat(0).generation,
                         *desktop.record_asked_at - 40s};
  const Outcome skipped = base::fail(base::ErrorKind::held_back, "the pass was held up");
  EXPECT_EQ(apply_outcome(world.meeting, former, skipped, world.now, world.policy)
                .seats[0]
                .desktop->record_asked_at,
            desktop.record_asked_at);
}

// Nobody was in it when it was last seen, and nobody can have come in since.
TEST(Plan, ADesktopThatStopsAnsweringAfterItsPersonHasLeftIsReplaced) {
  World world;
  world.run_until(kT);
  world.enter(0);
  world.enter(1);
  world.run_until(kT + 5min);
  world.leave(1);
  world.run_until(kT + 6min);
  world.mute.insert(world.desktop(1).id);
  world.run_until(kT + 13min);
  EXPECT_EQ(world.desktop(1).attempt, 2U);
  EXPECT_EQ(world.step_of(1), SeatStep::ready);
}

TEST(Plan, ADesktopThatStopsAnsweringWhenSomebodyHasJustComeBackIsKept) {
  World world;
  world.run_until(kT);
  world.enter(1);
  world.run_until(kT + 5min);
  world.leave(1);
  world.run_until(kT + 6min);
  const auto& seat = world.seat(1);
  world.meeting = must(reenter(world.meeting, seat.desktop->id, seat.epoch, world.now));
  world.mute.insert(world.desktop(1).id);
  world.run_until(kT + 13min);
  EXPECT_EQ(world.desktop(1).attempt, 1U);
  EXPECT_FALSE(world.desktop(1).closing);
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
