#include "app/sweep.hpp"

#include <gtest/gtest.h>

#include <set>

#include "app/app_world_test.hpp"

namespace app {
namespace {

domain::Owner stranger(const std::string& store = "s1") {
  return {store, must(domain::SeatId::parse("munknown-1")), 1};
}

// Sweeps as the loop does, `count` times, a period apart.
std::uint32_t sweep_times(AppWorld& world, int count) {
  std::uint32_t ended = 0;
  for (int i = 0; i < count; ++i) {
    ended += must(world.sweep.run()).ended;
    world.clock.advance(60s);
  }
  return ended;
}

TEST(Sweep, EndsWhatHasNoRowAfterAgeMissesAndWarmUp) {
  AppWorld world;
  world.compute.plant(stranger(), "k");
  EXPECT_EQ(sweep_times(world, 2), 0U);
  EXPECT_EQ(world.alive(), 1U);
  EXPECT_EQ(sweep_times(world, 2), 1U);
  EXPECT_EQ(world.alive(), 0U);
}

TEST(Sweep, LeavesKnownDesktopsAlone) {
  AppWorld world;
  const auto meeting = world.book();
  world.run_until(kT);
  world.enter(meeting, 0);
  EXPECT_EQ(sweep_times(world, 8), 0U);
  EXPECT_EQ(world.alive(), 2U);
}

TEST(Sweep, NeverTouchesAnotherStoresMachines) {
  AppWorld world;
  world.compute.plant(stranger("s2"), "k");
  sweep_times(world, 10);
  EXPECT_EQ(world.alive(), 1U);
}

TEST(Sweep, IncompleteReadsDecideNothing) {
  AppWorld world;
  world.compute.plant(stranger(), "k");
  sweep_times(world, 2);
  world.compute.fail_lists(1);
  EXPECT_FALSE(world.sweep.run());
  EXPECT_EQ(world.alive(), 1U);
}

TEST(Sweep, BreakerHoldsAMassacre) {
  AppWorld world;
  for (int i = 0; i < 10; ++i) world.compute.plant(stranger(), "k" + std::to_string(i));
  sweep_times(world, 2);
  EXPECT_EQ(must(world.sweep.run()).ended, 2U);
  EXPECT_EQ(world.alive(), 8U);
}

TEST(Sweep, BreakerCountsAPeriodHoweverOftenItSweeps) {
  AppWorld world;
  for (int i = 0; i < 10; ++i) world.compute.plant(stranger(), "k" + std::to_string(i));
  sweep_times(world, 2);
  EXPECT_EQ(must(world.sweep.run()).ended, 2U);
  world.clock.advance(10s);
  EXPECT_EQ(must(world.sweep.run()).ended, 0U);
  world.clock.advance(50s);
  EXPECT_EQ(must(world.sweep.run()).ended, 2U);
}

TEST(Sweep, WhatALimitHeldBackIsTriedAgainSoon) {
  AppWorld world;
  world.compute.plant(stranger(), "k");
  sweep_times(world, 2);
  world.compute.next_terminate({adapter::memory::Fate::Kind::refused});
  const auto held = world.sweep.run();
  EXPECT_EQ(pause_after(held, 60s), 10s);
  EXPECT_EQ(world.alive(), 1U);
  world.clock.advance(10s);
  const auto again = world.sweep.run();
  EXPECT_EQ(pause_after(again, 60s), 60s);
  EXPECT_EQ(world.alive(), 0U);
}

// Says yes to an end after `takes`, and goes on to list what it was told to end.
class SlowToEnd final : public port::Compute {
 public:
  SlowToEnd(AppWorld& world, base::Duration takes) : world_(world), takes_(takes) {}
  base::Result<std::vector<domain::Instance>> list(const domain::MeetingId& meeting) override {
    return world_.compute.list(meeting);
  }
  base::Result<std::vector<domain::Instance>> list_all() override {
    return world_.compute.list_all();
  }
  base::Result<domain::Instance> launch(const port::LaunchSpec& spec) override {
    return world_.compute.launch(spec);
  }
  base::Result<> terminate(const domain::InstanceId& instance, const domain::Owner&) override {
    world_.clock.advance(takes_);
    if (denies) return base::fail(base::ErrorKind::denied, "not with these credentials");
    if (lost) return base::fail(base::ErrorKind::unknown_outcome, "no answer came");
    ended_.insert(instance);
    return {};
  }
  base::Result<> set_deadline(const domain::InstanceId& instance, const domain::Owner& owner,
                              base::Timestamp deadline) override {
    return world_.compute.set_deadline(instance, owner, deadline);
  }
  std::set<domain::InstanceId> ended() const { return ended_; }
  bool denies = false;
  bool lost = false;

 private:
  AppWorld& world_;
  base::Duration takes_;
  std::set<domain::InstanceId> ended_;
};

// With `count` machines without a row, which is known by now.
struct SlowWorld : AppWorld {
  SlowWorld(int count, base::Duration takes) : slow(*this, takes) {
    for (int i = 0; i < count; ++i) compute.plant(stranger(), "k" + std::to_string(i));
    for (int i = 0; i < 2; ++i) {
      must(sweep_slow.run());
      clock.advance(60s);
    }
  }
  SlowToEnd slow;
  Ports slow_ports{store, store, slow, zone, prober, secrets, wakeups, clock, entropy};
  Sweep sweep_slow{slow_ports, {}};
};

TEST(Sweep, WhatListsStillShowIsToldOnceAndCountsOnce) {
  SlowWorld world(6, 0s);
  for (int i = 0; i < 3; ++i) {
    must(world.sweep_slow.run());
    world.clock.advance(60s);
  }
  EXPECT_EQ(world.slow.ended().size(), 6U);
}

TEST(Sweep, WhatGoesOnIsToldAgainWithGrowingPauses) {
  SlowWorld world(1, 0s);
  std::vector<int> told;
  for (int minute = 0; minute < 40; ++minute) {
    if (must(world.sweep_slow.run()).ended > 0) told.push_back(minute);
    world.clock.advance(60s);
  }
  EXPECT_EQ(told, (std::vector<int>{0, 1, 3, 7, 15, 25, 35}));
}

TEST(Sweep, WhatIsDeniedIsSaidAtEachSweepUntilItIsAllowed) {
  SlowWorld world(1, 0s);
  world.slow.denies = true;
  for (int i = 0; i < 5; ++i) {
    EXPECT_TRUE(must(world.sweep_slow.run()).refused);
    world.clock.advance(30s);
  }
  world.slow.denies = false;
  world.clock.advance(60s);
  EXPECT_FALSE(must(world.sweep_slow.run()).refused);
  EXPECT_EQ(world.slow.ended().size(), 1U);
}

TEST(Sweep, PausesDoNotGrowWhileItIsDenied) {
  SlowWorld world(1, 0s);
  const auto sweep_for = [&](int minutes) {
    for (int minute = 0; minute < minutes; ++minute) {
      must(world.sweep_slow.run());
      world.clock.advance(60s);
    }
  };
  world.slow.denies = true;
  sweep_for(20);
  world.slow.denies = false;
  world.slow.lost = true;
  sweep_for(1);
  world.slow.lost = false;
  sweep_for(2);
  EXPECT_EQ(world.slow.ended().size(), 1U);
}

TEST(Sweep, BreakerCountsFromTheEndOfASlowCall) {
  SlowWorld world(4, 30s);
  must(world.sweep_slow.run());
  EXPECT_EQ(world.slow.ended().size(), 2U);
  world.clock.advance(10s);
  must(world.sweep_slow.run());
  EXPECT_EQ(world.slow.ended().size(), 2U);
  world.clock.advance(50s);
  must(world.sweep_slow.run());
  EXPECT_EQ(world.slow.ended().size(), 4U);
}

TEST(Sweep, DryRunJudgesAndDoesNothing) {
  AppWorld world;
  world.compute.plant(stranger(), "k");
  sweep_times(world, 2);
  const auto report = must(world.sweep.dry_run());
  ASSERT_EQ(report.items.size(), 1U);
  EXPECT_EQ(report.items[0].verdict, "end");
  EXPECT_EQ(world.alive(), 1U);
}

TEST(Sweep, FormerAttemptWakesItsMeeting) {
  AppWorld world;
  const auto meeting = world.book();
  world.run_until(kT);
  world.compute.die(world.load(meeting.id).seats[0].desktop->instance->value);
  world.run_until(kT + 2min);
  world.compute.plant({"s1", meeting.seats[0].id, 1}, "late");
  must(world.sweep.run());
  for (const auto& id : world.wakeups.take_due(world.clock.now())) {
    must(world.reconcile.pass(id, false));
  }
  EXPECT_EQ(world.alive(), 2U);
}

TEST(Sweep, AMarkOfNoAttemptIsNobodysThoughItsMeetingGoesOn) {
  AppWorld world;
  const auto meeting = world.book();
  world.compute.plant({"s1", meeting.seats[0].id, 0}, "k");
  EXPECT_EQ(sweep_times(world, 4), 1U);
  EXPECT_EQ(world.alive(), 0U);
}

TEST(Sweep, OrphanRecordIsDroppedLikeAMachine) {
  AppWorld world;
  world.zone.plant({"munknown-1-1.desk.localhost", "127.0.0.1", stranger(), 1});
  EXPECT_EQ(sweep_times(world, 4), 1U);
  EXPECT_TRUE(world.zone.truth().empty());
}

// Rows cannot be loaded for a while, which is not to say that they cannot be read.
class SilentStore final : public memory::MemoryStore {
 public:
  using memory::MemoryStore::MemoryStore;
  base::Result<domain::Meeting> load(const domain::MeetingId& id) override {
    if (silent) return base::fail(base::ErrorKind::unavailable, "does not answer");
    return memory::MemoryStore::load(id);
  }
  bool silent = false;
};

TEST(Sweep, WhatTheStoreDoesNotSayNowIsNotJudged) {
  AppWorld world;
  SilentStore store("s1");
  const Ports ports{store,         store,         world.compute, world.zone,   world.prober,
                    world.secrets, world.wakeups, world.clock,   world.entropy};
  Sweep sweep(ports, {});
  world.compute.plant(stranger(), "k");
  const auto verdict = [&] {
    world.clock.advance(60s);
    return must(sweep.run()).items.at(0).verdict;
  };
  EXPECT_EQ(verdict(), "too_young");
  EXPECT_EQ(verdict(), "watched");
  store.silent = true;
  for (int i = 0; i < 5; ++i) EXPECT_EQ(verdict(), "unread");
  EXPECT_EQ(world.alive(), 1U);
  store.silent = false;
  EXPECT_EQ(verdict(), "end");
}

// Its server's clock was far ahead, and its row could not be read when the next one started.
// While it lists what there is the clock is set.
class ClockSettingZone final : public memory::DnsZone {
 public:
  explicit ClockSettingZone(memory::Clock& clock)
      : memory::DnsZone(clock, {.parent = "desk.localhost", .store = "s1"}), clock_(clock) {}
  base::Result<std::vector<domain::Record>> list_all() override {
    clock_.step(1min);
    return memory::DnsZone::list_all();
  }

 private:
  memory::Clock& clock_;
};

TEST(Sweep, NothingIsJudgedByAClockThatWasSetMeanwhile) {
  AppWorld world;
  ClockSettingZone zone(world.clock);
  const Ports ports{world.store,   world.store,   world.compute, zone,         world.prober,
                    world.secrets, world.wakeups, world.clock,   world.entropy};
  Sweep sweep(ports, {});
  world.compute.plant(stranger(), "k");
  for (int i = 0; i < 8; ++i) {
    EXPECT_EQ(sweep.run().error().kind, base::ErrorKind::unavailable);
    world.clock.advance(60s);
  }
  EXPECT_EQ(world.alive(), 1U);
}

TEST(Sweep, MeetingWhoseRowCanBeReadAgainIsLookedAt) {
  AppWorld world;
  const auto meeting = world.book();
  world.store.spoil(meeting.id);
  must(world.sweep.run());
  world.store.spoil(meeting.id, false);
  EXPECT_GT(world.load(meeting.id).wake_at, world.clock.now());
  must(world.sweep.run());
  EXPECT_EQ(world.load(meeting.id).wake_at, world.clock.now());
  world.run_until(world.clock.now());
  must(world.sweep.run());
  EXPECT_GT(world.load(meeting.id).wake_at, world.clock.now());
}

TEST(Sweep, sec_27_MachineOfAParkedRowAndItsNameAreKeptUntilItsDeadline) {
  AppWorld world;
  const auto meeting = world.book();
  world.run_until(kT);
  world.store.spoil(meeting.id);
  EXPECT_EQ(sweep_times(world, 10), 0U);
  EXPECT_EQ(world.alive(), 2U);
  const auto deadline = *world.compute.truth().at(0).deadline;
  while (world.clock.now() < deadline) {
    EXPECT_EQ(world.alive(), 2U);
    EXPECT_EQ(world.zone.truth().size(), 2U);
    sweep_times(world, 1);
  }
  sweep_times(world, 10);
  EXPECT_EQ(world.alive(), 0U);
  EXPECT_TRUE(world.zone.truth().empty());
}

}  // namespace
}  // namespace app
