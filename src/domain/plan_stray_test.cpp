// What is left outside and is not forgotten: machines too many of a seat, told to end one by one
// where calls are few, and names that may be there.

#include <gtest/gtest.h>

#include "domain/plan_world_test.hpp"

namespace domain {
namespace {

constexpr std::size_t kStrays = 6;

// A world at T with both desktops up, and strays of the first seat beside them.
World world_with_strays() {
  World world;
  world.run_until(kT);
  for (std::size_t i = 0; i < kStrays; ++i) {
    world.instances.push_back({.id = must(InstanceId::parse("i-stray-" + std::to_string(i))),
                               .owner = {"s", world.seat(0).id, 1},
                               .launch_key = "other",
                               .state = InstanceState::running,
                               .launched_at = kT});
  }
  return world;
}

TEST(Plan, StraysAreAllEndedAtOnceWhereCallsAreMany) {
  auto world = world_with_strays();
  world.pass();
  EXPECT_EQ(world.alive(), 2U);
  EXPECT_EQ(world.count("terminate"), kStrays);
}

TEST(Plan, EachLookEndsAnotherStrayWhereCallsAreFew) {
  auto world = world_with_strays();
  for (std::size_t ended = 1; ended <= kStrays; ++ended) {
    world.ends_left = 1;
    world.pass();
    EXPECT_EQ(world.alive(), 2 + kStrays - ended);
    if (ended == kStrays) break;
    EXPECT_LE(*world.meeting.wake_at, world.now + world.policy.terminate_retry);
    world.now += world.policy.terminate_retry + world.policy.retry_max;
  }
}

// A desktop that is ended does not wait behind what is too many, at whatever seat.
TEST(Plan, WhatIsKnownGoesBeforeStraysWhereCallsAreFew) {
  World world;
  world.run_until(kT);
  for (int i = 0; i < 5; ++i) {
    Instance twin = world.instances.front();
    twin.id = must(InstanceId::parse("i-twin" + std::to_string(i)));
    world.instances.push_back(twin);
  }
  world.meeting = must(end(world.meeting, "ada", world.now));
  world.ends_left = 0;
  bool both = false;
  for (int second = 0; second < 60; ++second) {
    world.now += 1s;
    const auto next = plan(world.meeting, world.observe(), world.now, world.policy);
    bool stray = false;
    for (const auto& action : next.actions) {
      const auto* told = std::get_if<Terminate>(&action);
      if (told == nullptr) continue;
      const bool twin = told->instance.text().starts_with("i-twin");
      EXPECT_FALSE(stray && !twin);
      both = both || (!stray && twin && action != next.actions.front());
      stray = stray || twin;
    }
    world.pass();
  }
  EXPECT_TRUE(both);
}

// A list may lag: what was told to end still runs in it, and others must have their turn.
TEST(Plan, StraysTakeTurnsWhereListsShowThePast) {
  auto world = world_with_strays();
  std::set<std::string> told;
  for (std::size_t i = 0; i < kStrays; ++i) {  // each time one call is taken
    auto next = plan(world.meeting, world.observe(), world.now, world.policy);
    ASSERT_EQ(next.actions.size(), kStrays);
    told.emplace(thing_of(next.actions.front()));
    Outcome outcome = std::optional<Instance>();
    for (const auto& action : next.actions) {
      next.meeting = apply_outcome(next.meeting, action, outcome, world.now, world.policy);
      outcome = base::fail(base::ErrorKind::held_back, "too many calls");
    }
    world.meeting = next.meeting;
    world.now += 1s;
  }
  EXPECT_EQ(told.size(), kStrays);
}

TEST(Plan, AStrayThatAProviderRefusesToEndIsGivenTimeAndOneThatWeHeldBackIsNot) {
  for (const auto kind : {base::ErrorKind::unavailable, base::ErrorKind::held_back}) {
    auto world = world_with_strays();
    world.now += world.policy.terminate_retry + world.policy.retry_max;
    auto next = plan(world.meeting, world.observe(), world.now, world.policy);
    ASSERT_EQ(next.actions.size(), kStrays);
    for (const auto& action : next.actions) {
      next.meeting = apply_outcome(next.meeting, action, base::fail(kind, "too many calls"),
                                   world.now, world.policy);
    }
    world.now += 1s;
    const auto again = plan(next.meeting, world.observe(), world.now, world.policy);
    EXPECT_EQ(again.actions.size(), kind == base::ErrorKind::held_back ? kStrays : 0U);
  }
}

// While the outcome of its launch is unknown, any machine may bear its marks; the key is its own.
TEST(Plan, AMachineWithTheMarksButAnotherKeyIsNotTakenForTheOneThatWasLaunched) {
  World world;
  world.launch_answers = {base::fail(base::ErrorKind::unknown_outcome, "timed out"),
                          base::fail(base::ErrorKind::unknown_outcome, "timed out")};
  world.run_until(kT - 10min);
  ASSERT_TRUE(world.desktop(0).launch_called_at && !world.desktop(0).instance);
  world.instances.push_back({.id = must(InstanceId::parse("i-planted")),
                             .owner = {"s", world.seat(0).id, 1},
                             .launch_key = "other",
                             .state = InstanceState::running,
                             .launched_at = world.now});
  world.pass();
  EXPECT_FALSE(world.desktop(0).instance);
  EXPECT_EQ(world.count("terminate"), 1U);
  world.run_until(kT);
  EXPECT_NE(world.desktop(0).instance->value.text(), "i-planted");
  EXPECT_EQ(world.alive(), 2U);
}

TEST(Plan, AMeetingIsNotOverWhileAStrayIsLeft) {
  auto world = world_with_strays();
  world.ends_left = 3;  // two desktops and one of the strays
  world.meeting = must(cancel(world.meeting, "ada", world.now));
  world.run_until(kT + 1min);
  EXPECT_EQ(world.alive(), 5U);
  EXPECT_FALSE(world.meeting.over_at);
  world.ends_left.reset();
  world.run_until(kT + 2min);
  EXPECT_EQ(world.alive(), 0U);
  EXPECT_TRUE(world.meeting.over_at);
}

TEST(Plan, WhatIsOnItsWayToTheEndIsNotToldAgain) {
  auto world = world_with_strays();
  world.ends_slowly = true;
  world.meeting = must(cancel(world.meeting, "ada", world.now));
  world.run_until(kT + 5min);
  EXPECT_EQ(world.count("terminate"), 2 + kStrays);
  EXPECT_FALSE(world.meeting.over_at);
  for (auto& instance : world.instances) instance.state = InstanceState::gone;
  world.run_until(kT + 6min);
  EXPECT_TRUE(world.meeting.over_at);
}

// Beside strays, which are told at each look, an end whose pauses grew would never have its turn.
TEST(Plan, WhatWasHeldBackIsAskedAgainWithoutALongerPause) {
  World world;
  world.run_until(kT);
  world.ends_left = 0;
  world.meeting = must(cancel(world.meeting, "ada", world.now));
  world.run_until(kT + 10min);
  const auto tries = static_cast<std::int64_t>(world.count("terminate"));
  EXPECT_GE(tries, 2 * (10min / world.policy.terminate_retry) * 9 / 10);
  EXPECT_EQ(world.alive(), 2U);
}

// Two lists a moment apart say one thing, whenever their passes come to count it.
TEST(Plan, MissesAreSpacedByWhenListsWereAskedFor) {
  World world;
  world.run_until(kT);
  world.instances.clear();
  const auto first = world.now + 1min;
  const auto count = [&](Duration asked, Duration answered, Duration planned) {
    auto observed = world.observe();
    observed.instances_asked_at = first + asked;
    observed.instances_answered_at = first + answered;
    absorb(world.meeting, observed, first + planned, world.policy);
    return world.desktop(0).misses;
  };
  EXPECT_EQ(count(0s, 1s, 1s), 1U);
  EXPECT_EQ(count(2s, 3s, 30s), 1U);  // its pass was slow
  EXPECT_EQ(count(11s, 20s, 31s), 2U);
  EXPECT_EQ(count(29s, 30s, 50s), 2U);  // the second may have been made as late as its answer
  EXPECT_FALSE(world.desktop(0).gone);
  EXPECT_EQ(count(30s, 31s, 51s), 3U);
}

// Who has noted a call may be held up before it makes it, while another host looks.
TEST(Plan, ADesktopWhoseCallMayStillBeMadeHasNotFailedToAppear) {
  World world;
  world.launch_answers = {base::fail(base::ErrorKind::unknown_outcome, "timed out"),
                          base::fail(base::ErrorKind::unknown_outcome, "timed out")};
  world.run_until(kT - 10min);
  const auto called_at = *world.desktop(0).launch_called_at;
  world.meeting = must(end(world.meeting, "ada", world.now));
  world.run_until(called_at + kDecisionLife + 2 * world.policy.miss_spacing);
  EXPECT_FALSE(world.meeting.over_at);
  world.run_until(called_at + 3min);
  EXPECT_TRUE(world.meeting.over_at);
}

// Each call may come about: lists from before it do not count.
TEST(Plan, MissesAreCountedAnewAfterEachLaunchCall) {
  World world;
  world.policy.attempts_max = 1;
  world.launch_answers.assign(200, base::fail(base::ErrorKind::unknown_outcome, "timed out"));
  world.run_until(kT - 9min);
  const auto called_at = *world.desktop(0).launch_called_at;
  EXPECT_LE(world.desktop(0).misses, (world.now - called_at) / world.policy.miss_spacing + 1);
  EXPECT_LT(world.desktop(0).misses, world.policy.misses_min + 1);
}

// Where calls are few the same meetings would find them taken by the same others each time.
TEST(Plan, AMeetingWhoseListsAreMissingDoesNotLookInStep) {
  World world;
  world.run_until(kT);
  world.meeting = must(cancel(world.meeting, "ada", world.now));
  world.run_until(kT + 1s);
  world.meeting.over_at.reset();
  world.list_fails = true;
  std::set<Duration> pauses;
  for (int i = 0; i < 20; ++i) {
    world.pass();
    const auto pause = *world.meeting.wake_at - world.now;
    EXPECT_LE(pause, world.policy.reconcile_hot);
    EXPECT_GE(pause, world.policy.reconcile_hot / 2);
    pauses.insert(pause);
    world.now = *world.meeting.wake_at;
  }
  EXPECT_GT(pauses.size(), 10U);
}

// Another host's clock ran ahead and was set right: the pause it left is not waited for.
TEST(Plan, ACallFromAheadOfTheClockIsMadeAgain) {
  World world;
  world.run_until(kT);
  world.zone_fails = true;
  world.meeting = must(cancel(world.meeting, "ada", world.now));
  world.run_until(kT + 10s);
  world.meeting.seats[0].desktop->drop_asked_at = world.now + 9min;
  world.zone_fails = false;
  world.run_until(kT + 2min);
  EXPECT_EQ(world.alive(), 0U);
  EXPECT_TRUE(world.meeting.over_at);
}

// Its put may have happened, and nobody has read the zone since.
TEST(Plan, ANameThatWasAskedForIsLookedForAlsoAfterTheAddressMoved) {
  World world;
  world.zone_fails = true;
  world.run_until(kT - 9min);
  ASSERT_TRUE(world.desktop(0).record_asked_at);
  world.instances[0].address = "10.0.0.99";
  world.meeting = must(cancel(world.meeting, "ada", world.now));
  world.run_until(kT - 7min);
  EXPECT_FALSE(world.desktop(0).unnamed);
  world.zone_fails = false;
  world.run_until(kT - 6min);
  EXPECT_TRUE(world.meeting.over_at);
}

// A put that was answered by a time-out took effect after the next attempt had begun.
TEST(Plan, TheNameOfAFormerAttemptThatComesLateIsRemoved) {
  World world;
  world.run_until(kT - 5min);
  world.die(0);
  world.run_until(kT - 4min);
  ASSERT_EQ(world.desktop(0).attempt, 2U);
  world.records.push_back({"m1-1-1", "10.0.0.99", {"s", world.seat(0).id, 1}, 2});
  world.run_until(kT - 3min);
  EXPECT_EQ(world.records.size(), 2U);
  EXPECT_EQ(world.step_of(0), SeatStep::ready);
}

// Also while it is told to end: the machine keeps its name no longer than that takes (S11).
TEST(Plan, ANameThatComesLateGoesBeforeItsMachineDoes) {
  World world;
  world.run_until(kT);
  world.meeting = must(cancel(world.meeting, "ada", world.now));
  world.ends_left = 0;
  world.run_until(kT + 20s);
  ASSERT_TRUE(world.records.empty());
  ASSERT_EQ(world.alive(), 2U);
  world.records.push_back({"m1-1-1", "10.0.0.1", {"s", world.seat(0).id, 1}, 2});
  const auto drops = world.count("drop_record");
  world.run_until(kT + 1min);  // the world checks that nothing with a name is told to end
  EXPECT_EQ(world.count("drop_record"), drops + 1);
  EXPECT_TRUE(world.records.empty());
}

void look_without_names(World& world, Duration after) {
  auto observed = world.observe();
  observed.records = std::vector<Record>();
  world.meeting = plan(world.meeting, observed, world.now + after, world.policy).meeting;
}

// Two hosts: one has just set the name, the other's list is of a moment before.
TEST(Plan, ANameThatWasJustSetIsNotTakenForGoneByAListWithoutIt) {
  World world;
  world.policy.name_lag = 5s;
  world.run_until(kT);
  world.seat(0).desktop->record_answered_at = world.now;
  world.meeting = must(cancel(world.meeting, "ada", world.now));
  look_without_names(world, 0s);  // its gate is closed
  look_without_names(world, 1s);
  EXPECT_FALSE(world.desktop(0).unnamed);
  EXPECT_TRUE(world.desktop(1).unnamed);
  look_without_names(world, 6s);
  EXPECT_TRUE(world.desktop(0).unnamed);
}

// What it says is of when it was asked for.
TEST(Plan, AListOfNamesProvesNoMoreForComingLate) {
  World world;
  world.policy.name_lag = 5s;
  world.run_until(kT);
  world.seat(0).desktop->record_answered_at = world.now;
  world.meeting = must(cancel(world.meeting, "ada", world.now));
  look_without_names(world, 0s);  // its gate is closed
  auto observed = world.observe();
  observed.records = std::vector<Record>();
  for (const auto asked : {4s, 5s}) {
    observed.records_asked_at = world.now + asked;
    world.meeting = plan(world.meeting, observed, world.now + 20s, world.policy).meeting;
    EXPECT_EQ(world.desktop(0).unnamed.has_value(), asked == 5s);
  }
}

TEST(Plan, ANameWhoseCallMayStillBeMadeIsNotAskedForAgain) {
  World world;
  world.run_until(kT - 11min);
  world.now += 1min;
  const auto puts = [&] {
    auto planned = plan(world.meeting, world.observe(), world.now, world.policy);
    world.meeting = planned.meeting;
    return std::count_if(planned.actions.begin(), planned.actions.end(), [](const Action& action) {
      return std::holds_alternative<PutRecord>(action);
    });
  };
  world.pass();
  for (auto& seat : world.meeting.seats) {
    seat.desktop->record.reset();
    seat.desktop->record_asked_at = seat.desktop->record_answered_at = {};
  }
  world.records.clear();
  EXPECT_EQ(puts(), 2);
  world.now += kDecisionLife - 1s;
  EXPECT_EQ(puts(), 0);
  world.now += 2s;
  EXPECT_EQ(puts(), 2);
}

TEST(Plan, ANameWhoseCallMayStillBeMadeIsNotTakenForGone) {
  World world;
  world.policy.name_lag = 5s;
  world.run_until(kT);
  world.seat(0).desktop->record_asked_at = world.now;
  world.meeting = must(cancel(world.meeting, "ada", world.now));
  look_without_names(world, 0s);  // its gate is closed
  look_without_names(world, 30s);
  EXPECT_FALSE(world.desktop(0).unnamed);
  EXPECT_TRUE(world.desktop(1).unnamed);
  look_without_names(world, kDecisionLife + 6s);
  EXPECT_TRUE(world.desktop(0).unnamed);
}

// Of two calls half a minute apart the former is answered last.
TEST(Plan, AnAnswerSaysNothingOfALaterCallForAName) {
  World world;
  world.run_until(kT);
  const auto answered = *world.desktop(0).record_answered_at;
  const auto outcome = [&](Timestamp asked_at) {
    const PutRecord put{world.desktop(0).id, world.desktop(0).address->value, 1, asked_at};
    world.meeting = apply_outcome(world.meeting, put, Outcome{}, world.now, world.policy);
  };
  world.seat(0).desktop->record_asked_at = world.now - 1s;
  outcome(world.now - 32s);
  EXPECT_EQ(world.desktop(0).record_answered_at, answered);
  outcome(world.now - 1s);
  EXPECT_EQ(world.desktop(0).record_answered_at, world.now);
}

TEST(Plan, AMeetingIsNotOverWhileALateNameIsLeft) {
  World world;
  world.run_until(kT);
  world.meeting = must(cancel(world.meeting, "ada", world.now));
  world.ends_slowly = true;
  world.run_until(kT + 10s);
  ASSERT_TRUE(world.records.empty());
  world.records.push_back({"m1-1-1", "10.0.0.99", {"s", world.seat(0).id, 1}, 2});
  for (auto& instance : world.instances) instance.state = InstanceState::gone;
  const auto planned = plan(world.meeting, world.observe(), world.now, world.policy);
  EXPECT_FALSE(planned.meeting.over_at);
  world.run_until(kT + 1min);
  EXPECT_TRUE(world.records.empty());
  EXPECT_TRUE(world.meeting.over_at);
}

}  // namespace
}  // namespace domain
