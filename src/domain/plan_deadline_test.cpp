// The deadline that a machine has of itself follows the meeting's, whoever tells it (S7, L14).

#include <gtest/gtest.h>

#include "domain/plan_world_test.hpp"

namespace domain {
namespace {

// Two desktops are there, and Extend was pressed before any look.
World extended() {
  World world;
  world.run_until(kT);
  world.enter(0);
  world.pass();
  world.meeting = must(extend(world.meeting, 30min, world.now, world.policy));
  return world;
}

Timestamp deadline_after(Duration extension) {
  return kT + 45min + extension + 30min + 5min;
}

// Two control planes tell it, and the former call comes last.
TEST(Plan, OfTwoDeadlinesAtOnceTheOneOfTheListIsBelieved) {
  auto world = extended();
  const auto first = plan(world.meeting, world.observe(), world.now, world.policy);
  ASSERT_EQ(first.actions.size(), 2U);
  world.now += 1ms;
  world.meeting = must(extend(first.meeting, 30min, world.now, world.policy));
  world.pass();
  EXPECT_EQ(world.desktop(0).deadline_set, deadline_after(60min));
  for (auto& instance : world.instances) instance.deadline = deadline_after(30min);
  for (const auto& action : first.actions) {
    world.meeting =
        apply_outcome(world.meeting, action, std::optional<Instance>(), world.now, world.policy);
  }
  EXPECT_EQ(world.desktop(0).deadline_set, deadline_after(60min));
  world.now += 1min;
  world.pass();
  EXPECT_EQ(world.instances.at(0).deadline, deadline_after(60min));
  EXPECT_EQ(world.instances.at(1).deadline, deadline_after(60min));
}

TEST(Plan, RefusedDeadlineIsToldAgainAfterAPauseAndANewOneAtOnce) {
  auto world = extended();
  const auto tell = [&] {
    const auto told = plan(world.meeting, world.observe(), world.now, world.policy);
    world.meeting = told.meeting;
    for (const auto& action : told.actions) {
      world.meeting =
          apply_outcome(world.meeting, action, base::fail(base::ErrorKind::unavailable, "busy"),
                        world.now, world.policy);
    }
    return told.actions.size();
  };
  EXPECT_EQ(tell(), 2U);
  EXPECT_EQ(tell(), 0U);  // the rounds of one pass
  std::size_t calls = 0;
  for (int look = 0; look < 60; ++look) {
    world.now += 1s;
    calls += tell();
  }
  EXPECT_GE(calls, 4U);  // about every half minute, of two desktops
  EXPECT_LE(calls, 10U);
  world.meeting = must(extend(world.meeting, 15min, world.now, world.policy));
  EXPECT_EQ(tell(), 2U);
}

TEST(Plan, DeadlineThatALateCallMovedBackIsSetRight) {
  auto world = extended();
  world.policy.list_lag = 10s;
  world.pass();
  const auto told = world.count("set_deadline");
  world.instances.at(0).deadline = deadline_after(0min);  // a call from before arrives
  world.now += 9s;
  world.pass();
  EXPECT_EQ(world.count("set_deadline"), told);  // the list may be from before
  world.run_until(world.now + 40s);
  EXPECT_EQ(world.instances.at(0).deadline, deadline_after(30min));
  EXPECT_EQ(world.count("set_deadline"), told + 1);
}

}  // namespace
}  // namespace domain
