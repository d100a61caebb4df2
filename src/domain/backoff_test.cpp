#include "domain/backoff.hpp"

#include <gtest/gtest.h>

#include <set>

#include "domain/plan_world_test.hpp"

namespace domain {
namespace {

using base::ErrorKind;

DesktopId desk(int number) {
  return *DesktopId::parse("m" + std::to_string(number) + "-1-1");
}

TEST(Backoff, BeginsWithItsBaseAndGrowsToABound) {
  EXPECT_EQ(backoff(desk(1), 0s, 10s, 30s), 10s);
  for (int tried = 0; tried < 600; ++tried) {
    const auto pause = backoff(desk(tried), Duration(tried * 1000), 10s, 30s);
    const auto added = std::min<Duration>(Duration(tried * 500), 30s);
    EXPECT_GE(pause, 10s + added / 2);
    EXPECT_LE(pause, 10s + added);
  }
  EXPECT_EQ(backoff(desk(1), -5s, 10s, 30s), 10s);  // a clock that was set back
}

TEST(Backoff, DesktopsThatFailedTogetherComeBackApart) {
  std::set<Duration> pauses;
  for (int i = 0; i < 100; ++i) pauses.insert(backoff(desk(i), 60s, 10s, 30s));
  EXPECT_GT(pauses.size(), 90U);
  EXPECT_EQ(backoff(desk(7), 60s, 10s, 30s), backoff(desk(7), 60s, 10s, 30s));
}

TEST(Backoff, ALaunchThatIsRefusedAgainAndAgainIsTriedLessAndLessOften) {
  World world;
  world.policy.launch_lead = 30min;
  world.meeting = booked(world.policy, {"teacher"});
  for (int i = 0; i < 1000; ++i) {
    world.launch_answers.push_back(base::fail(ErrorKind::unavailable, "too many requests"));
  }
  world.run_until(kT - 29min);
  const auto first_minute = world.log.size();
  world.run_until(kT - 20min);
  const auto before = world.log.size();
  world.run_until(kT - 10min);
  EXPECT_GE(first_minute, 4U);
  EXPECT_LE(first_minute, 6U);
  EXPECT_GE(world.log.size() - before, 15U);  // 40 s apart at most, 25 s at least
  EXPECT_LE(world.log.size() - before, 24U);
}

TEST(Backoff, AMachineThatCameLateIsGivenItsTimeToBoot) {
  World world;
  world.meeting = booked(world.policy, {"teacher"});
  for (int i = 0; i < 13; ++i) {  // refused for longer than ready_within
    world.launch_answers.push_back(base::fail(ErrorKind::unavailable, "too many requests"));
  }
  world.mute.insert(desktop_id(world.seat(0).id, 1));
  world.run_until(kT - 3min);
  ASSERT_TRUE(world.desktop(0).instance);
  EXPECT_GT(world.desktop(0).instance->seen.at, world.desktop(0).intent_at + 5min);
  EXPECT_FALSE(world.desktop(0).closing);
  world.mute.clear();
  world.run_until(kT - 2min);
  EXPECT_EQ(world.step_of(0), SeatStep::ready);
  EXPECT_EQ(world.seat(0).attempts, 1U);
}

TEST(Backoff, AMachineTooManyThatListsStillShowIsNotEndedAtEveryLook) {
  World world;
  world.run_until(kT - 9min);
  auto twin = world.instances[0];
  twin.id = must(InstanceId::parse("i-twin"));
  world.instances.push_back(twin);
  world.log.clear();
  for (int i = 0; i < 60; ++i) {
    // The list is old, or the call had no effect.
    world.instances[2].state = InstanceState::running;
    world.now += 1s;
    world.pass();
  }
  EXPECT_GE(world.count("terminate"), 2U);
  EXPECT_LE(world.count("terminate"), 6U);
}

TEST(Backoff, WhatEndsGoesFirst) {
  World world;
  EXPECT_FALSE(takes_down(world.meeting, kT - 10min));
  EXPECT_FALSE(takes_down(world.meeting, kT + 46min));  // nothing was ever started
  world.run_until(kT);
  EXPECT_FALSE(takes_down(world.meeting, kT));
  EXPECT_TRUE(takes_down(world.meeting, kT + 45min));  // its planned end is past
  world.meeting = must(end(world.meeting, "ada", world.now));
  EXPECT_TRUE(takes_down(world.meeting, kT));
  world.run_until(kT + 1min);
  ASSERT_TRUE(world.meeting.over_at);
  EXPECT_FALSE(takes_down(world.meeting, kT + 1min));
}

}  // namespace
}  // namespace domain
