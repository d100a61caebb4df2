#include "app/alarm.hpp"

#include <gtest/gtest.h>

#include "app/app_world_test.hpp"

namespace app {
namespace {

constexpr base::Duration kBorn = 100h;

std::string names(const std::vector<Alarm>& alarms) {
  std::string text;
  for (const auto& alarm : alarms) text += std::string(to_string(alarm.kind)) + " ";
  return text;
}

// One minute of a process that works.
void minute(Alarms& alarms, base::Duration now, const SweepReport& report = {}) {
  alarms.looked(now, std::nullopt);
  alarms.swept(now, report);
}

TEST(Alarms, AProcessThatWorksIsQuiet) {
  Alarms alarms({}, kBorn);
  for (auto now = kBorn; now < kBorn + 24h; now += 1min) {
    EXPECT_EQ(names(alarms.raised(now)), "");
    minute(alarms, now);
  }
}

TEST(Alarms, NothingOwnedLongerThanItTakesToEndItIsALeak) {
  Alarms alarms({}, kBorn);
  SweepReport leak;
  leak.items = {{"instance", "i-1", "woken", "", true}, {"instance", "i-2", "known", "", false}};
  auto now = kBorn;
  for (int i = 0; i <= 5; ++i) minute(alarms, now = kBorn + i * 1min, leak);
  EXPECT_EQ(names(alarms.raised(now)), "");
  minute(alarms, now += 1min, leak);
  ASSERT_EQ(names(alarms.raised(now)), "leak_suspected ");
  EXPECT_EQ(alarms.raised(now).front().detail, "1 owned without need, first instance i-1");
  minute(alarms, now += 1min);
  EXPECT_EQ(names(alarms.raised(now)), "");
}

TEST(Alarms, ASweepThatCannotTellBeginsNoLeakAndForgetsNone) {
  SweepReport leak;
  leak.items = {{"instance", "i-1", "woken", "", true}};
  SweepReport unsure;
  unsure.items = {{"instance", "i-1", "watched", "", std::nullopt}};
  Alarms alarms({}, kBorn);
  for (int i = 0; i < 10; ++i) minute(alarms, kBorn + i * 1min, unsure);
  EXPECT_EQ(names(alarms.raised(kBorn + 9min)), "");
  for (int i = 10; i <= 16; ++i) minute(alarms, kBorn + i * 1min, i == 13 ? unsure : leak);
  EXPECT_EQ(names(alarms.raised(kBorn + 16min)), "leak_suspected ");
}

TEST(Alarms, OneAfterTheOtherIsNoLeak) {
  Alarms alarms({}, kBorn);
  for (int i = 0; i < 60; ++i) {
    SweepReport one;
    one.items = {{"instance", "i-" + std::to_string(i / 4), "known", "", true}};
    minute(alarms, kBorn + i * 1min, one);
    EXPECT_EQ(names(alarms.raised(kBorn + i * 1min)), "") << i;
  }
}

TEST(Alarms, SilenceIsNoSuccessWhileSomethingIsDue) {
  Alarms alarms({}, kBorn);
  alarms.swept(kBorn + 89s, {});
  for (auto now = kBorn; now <= kBorn + 90s; now += 1s) alarms.looked(now, 1s);
  EXPECT_EQ(names(alarms.raised(kBorn + 90s)), "");
  EXPECT_EQ(names(alarms.raised(kBorn + 91s)), "passes_silent ");
  alarms.passed(kBorn + 92s);
  EXPECT_EQ(names(alarms.raised(kBorn + 92s)), "");
}

TEST(Alarms, ALookThatNeverComesIsSilence) {
  Alarms alarms({}, kBorn);
  minute(alarms, kBorn + 1min);
  EXPECT_EQ(names(alarms.raised(kBorn + 3min)), "passes_silent ");
  EXPECT_EQ(names(alarms.raised(kBorn + 7min)), "passes_silent sweeps_silent ");
}

TEST(Alarms, WhatWaitsTooLongIsABacklogThoughOthersPass) {
  Alarms alarms({}, kBorn);
  alarms.passed(kBorn + 10s);
  alarms.looked(kBorn + 10s, 5min);
  EXPECT_EQ(names(alarms.raised(kBorn + 10s)), "");
  alarms.looked(kBorn + 10s, 5min + 1s);
  EXPECT_EQ(names(alarms.raised(kBorn + 10s)), "backlog ");
}

TEST(Alarms, ARefusalIsSaidAtOnceAndUntilNoneHasComeForAWhile) {
  Alarms alarms({}, kBorn);
  minute(alarms, kBorn);
  alarms.refused(kBorn, "launch");
  ASSERT_EQ(names(alarms.raised(kBorn)), "credentials_refused ");
  EXPECT_EQ(alarms.raised(kBorn).front().detail, "our credentials do not allow to launch");
  SweepReport unable;
  unable.refused = true;
  minute(alarms, kBorn, unable);
  EXPECT_EQ(alarms.raised(kBorn).front().detail, "our credentials do not allow to sweep");
  for (int i = 0; i <= 4; ++i) minute(alarms, kBorn + i * 1min);
  EXPECT_EQ(names(alarms.raised(kBorn + 5min)), "credentials_refused ");
  minute(alarms, kBorn + 5min);
  EXPECT_EQ(names(alarms.raised(kBorn + 6min)), "");
}

// What a sweep says of real meetings.
TEST(Alarms, AMachineThatCannotBeEndedIsALeakAndAMachineInUseIsNot) {
  AppWorld world;
  Alarms alarms({}, world.clock.since_boot());
  const auto meeting = world.book();
  world.run_until(kT);
  world.enter(meeting, 0);
  const auto sweep_for = [&](int minutes) {
    for (int i = 0; i < minutes; ++i) {
      world.clock.advance(1min);
      alarms.swept(world.clock.since_boot(), must(world.sweep.run()));
      alarms.looked(world.clock.since_boot(), std::nullopt);
    }
    return names(alarms.raised(world.clock.since_boot()));
  };
  EXPECT_EQ(sweep_for(10), "");
  must(world.schedule.end(world.ada, meeting.id));
  Reconcile unable(world.ports, world.settings, {domain::Capability::name});
  must(unable.pass(meeting.id, false));
  EXPECT_EQ(sweep_for(3), "");
  EXPECT_EQ(sweep_for(4), "leak_suspected ");
  EXPECT_EQ(world.alive(), 2U);
}

}  // namespace
}  // namespace app
