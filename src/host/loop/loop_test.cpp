#include "host/loop/loop.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <set>
#include <thread>

#include "adapter/memory/clock.hpp"
#include "adapter/memory/meeting_store.hpp"
#include "app/app_world_test.hpp"
#include "host/loop/clock_watch.hpp"
#include "host/loop/queue.hpp"

namespace host::loop {
namespace {

using namespace std::chrono_literals;  // NOLINT: 10min reads better than any alternative
using base::ErrorKind;

// A loop whose pass is the test's; conditions are waited for with a bound.
class LoopTest : public testing::Test {
 protected:
  LoopTest() {
    config.tick = 20ms;
    config.backoff_min = 5ms;
    config.backoff_max = 20ms;
  }

  // The loop stops when the answer goes, before what the pass refers to does.
  [[nodiscard]] std::unique_ptr<Loop> start(
      std::function<base::Result<app::PassReport>(const domain::MeetingId&, bool)> pass) {
    auto loop =
        std::make_unique<Loop>(config, LoopDependencies{std::move(pass),
                                                        [this]() -> base::Result<app::SweepReport> {
                                                          ++sweeps;
                                                          poke();
                                                          return swept;
                                                        },
                                                        [] { return app::SweepReport{}; },
                                                        world.store,
                                                        world.clock,
                                                        hints,
                                                        metrics,
                                                        {},
                                                        [this] { ++alive; }});
    loop->start();
    return loop;
  }
  void poke() {
    const std::lock_guard lock(mutex);
    changed.notify_all();
  }
  template <class Condition>
  bool wait_for(const Condition& condition) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, 20s, condition);
  }
  // What a pass does that has nothing to do: the meeting wants nothing any more.
  app::PassReport rest(const domain::MeetingId& id) {
    auto meeting = app::must(world.store.load(id));
    meeting.wake_at.reset();
    EXPECT_TRUE(world.store.save({meeting, {}, 0, {}}));
    return {.meeting = id};
  }

  app::AppWorld world;
  Hints hints;
  base::Metrics metrics;
  LoopConfig config;
  std::mutex mutex;
  std::condition_variable changed;
  std::atomic<int> sweeps{0};
  std::atomic<int> alive{0};
  app::SweepReport swept{.suspects = 3};
};

TEST_F(LoopTest, PicksUpEverythingThatIsDueAtStart) {
  std::set<domain::MeetingId> wanted;
  for (int i = 0; i < 300; ++i) wanted.insert(world.book().id);
  world.clock.advance(55min);
  std::set<domain::MeetingId> passed;
  std::set<domain::MeetingId> running;
  const auto loop = start([&](const domain::MeetingId& id, bool) -> base::Result<app::PassReport> {
    {
      const std::lock_guard lock(mutex);
      EXPECT_TRUE(running.insert(id).second) << "two passes of one meeting at once";
    }
    auto report = rest(id);
    const std::lock_guard lock(mutex);
    running.erase(id);
    passed.insert(id);
    changed.notify_all();
    return report;
  });
  EXPECT_TRUE(wait_for([&] { return passed == wanted; }));
}

TEST_F(LoopTest, PassesOfDifferentMeetingsRunTogether) {
  for (int i = 0; i < 4; ++i) world.book();
  world.clock.advance(55min);
  int inside = 0;
  bool met = false;
  const auto loop = start([&](const domain::MeetingId& id, bool) -> base::Result<app::PassReport> {
    std::unique_lock lock(mutex);
    met = met || ++inside == 4;
    changed.notify_all();
    EXPECT_TRUE(changed.wait_for(lock, 20s, [&] { return met; }));
    lock.unlock();
    return rest(id);
  });
  EXPECT_TRUE(wait_for([&] { return met; }));
}

TEST_F(LoopTest, AFailedPassComesAgain) {
  const auto meeting = world.book();
  world.clock.advance(55min);
  int tries = 0;
  const auto loop = start([&](const domain::MeetingId& id, bool) -> base::Result<app::PassReport> {
    {
      const std::lock_guard lock(mutex);
      if (++tries < 4) return base::fail(ErrorKind::unavailable, "not now");
      changed.notify_all();
    }
    return rest(id);
  });
  EXPECT_TRUE(wait_for([&] { return tries >= 4; }));
}

TEST_F(LoopTest, AMeetingThatFailsDoesNotHoldUpTheOthers) {
  const auto bad = world.book();
  world.clock.advance(1s);
  const auto good = world.book();
  world.clock.advance(55min);
  bool reached = false;
  const auto loop = start([&](const domain::MeetingId& id, bool) -> base::Result<app::PassReport> {
    if (id == bad.id) return base::fail(ErrorKind::internal, "a row that can't be read");
    {
      const std::lock_guard lock(mutex);
      reached = true;
      changed.notify_all();
    }
    return rest(id);
  });
  EXPECT_TRUE(wait_for([&] { return reached; }));
}

TEST_F(LoopTest, AHintBringsAPassBeforeTheStoreWantsOne) {
  config.tick = 60s;
  const auto meeting = world.book();
  bool passed = false;
  const auto loop = start([&](const domain::MeetingId& id, bool) -> base::Result<app::PassReport> {
    const std::lock_guard lock(mutex);
    passed = id == meeting.id;
    changed.notify_all();
    return app::PassReport{.meeting = id};
  });
  hints.wake(meeting.id, world.clock.now());
  EXPECT_TRUE(wait_for([&] { return passed; }));
}

TEST_F(LoopTest, KillsAreHeldWhileTheClockSettles) {
  config.sweep_period = 10ms;
  const auto meeting = world.book();
  bool held = false;
  const auto loop =
      start([&](const domain::MeetingId& id, bool hold) -> base::Result<app::PassReport> {
        const std::lock_guard lock(mutex);
        held = held || hold;
        changed.notify_all();
        return app::PassReport{.meeting = id};
      });
  EXPECT_TRUE(wait_for([&] { return sweeps > 0; }));
  EXPECT_FALSE(loop->holds_kills());
  world.clock.step(-2h);
  world.clock.step(3h);  // forward by an hour in all: the meeting is due now
  EXPECT_TRUE(wait_for([&] { return held; }));
  EXPECT_TRUE(loop->holds_kills());
  const auto& sweeps_held = metrics.counter("howdah_sweeps_total", "Sweeps.", {{"result", "held"}});
  while (sweeps_held.value() < 2) std::this_thread::yield();  // the test's time-out bounds it
  const auto acted = sweeps.load();
  while (sweeps_held.value() < 4) std::this_thread::yield();
  EXPECT_EQ(sweeps.load(), acted);  // no sweep acts meanwhile
  EXPECT_NE(metrics.render().find("howdah_alerts_total{alert=\"clock_jumped\"} 1"),
            std::string::npos);
}

TEST(ClockWatch, DoubtsTheClockOfAMachineThatHasJustBooted) {
  const auto now = base::from_unix_ms(1'796'115'600'000);
  ClockWatch booted(30s, 2min);
  EXPECT_EQ(booted.look(now, 10s), 0s);
  EXPECT_TRUE(booted.settling(119s));
  EXPECT_FALSE(booted.settling(2min));
  ClockWatch started_anew(30s, 2min);
  started_anew.look(now, 1h);
  EXPECT_FALSE(started_anew.settling(1h));
}

// A wrong clock may have set the next look a day ahead of the right one.
TEST_F(LoopTest, NothingIsPurgedByAClockThatHasJustJumped) {
  auto meeting = world.book();
  meeting.over_at = world.clock.now();
  meeting.wake_at.reset();
  ASSERT_TRUE(world.store.save({meeting, {}, 0, {}}));
  config.sweep_period = config.purge_period = 5ms;
  const auto loop = start([&](const domain::MeetingId& id, bool) { return rest(id); });
  ASSERT_TRUE(wait_for([&] { return sweeps > 0; }));
  world.clock.step(1000 * 24h);
  auto& held = metrics.counter("howdah_sweeps_total", "Sweeps.", {{"result", "held"}});
  for (int i = 0; i < 20'000 && held.value() < 5; ++i) std::this_thread::sleep_for(1ms);
  EXPECT_GE(held.value(), 5U);  // a purge after each
  EXPECT_TRUE(world.store.load(meeting.id));
}

TEST_F(LoopTest, EveryMeetingIsLookedAtAfterTheClockJumped) {
  world.clock.step(-24h);  // at start nothing is due for hours
  std::set<domain::MeetingId> wanted;
  for (int i = 0; i < 3; ++i) wanted.insert(world.book().id);
  std::set<domain::MeetingId> passed;
  const auto loop = start([&](const domain::MeetingId& id, bool) -> base::Result<app::PassReport> {
    const std::lock_guard lock(mutex);
    passed.insert(id);
    changed.notify_all();
    return app::PassReport{.meeting = id};
  });
  EXPECT_TRUE(wait_for([&] { return sweeps > 0; }));
  {
    const std::lock_guard lock(mutex);
    EXPECT_TRUE(passed.empty());  // nothing is due
  }
  world.clock.step(-2h);
  EXPECT_TRUE(wait_for([&] { return passed == wanted; }));
}

// The server was down while its clock, which had been ahead, was set right.
TEST_F(LoopTest, AtStartAllIsLookedAtThatIsDueWithinHours) {
  const auto id = world.book().id;
  const auto next = world.store.next_wake();
  ASSERT_TRUE(next && *next && **next > world.clock.now() + 40min);
  std::set<domain::MeetingId> passed;
  const auto loop = start([&](const domain::MeetingId& which, bool) {
    const std::lock_guard lock(mutex);
    passed.insert(which);
    changed.notify_all();
    return base::Result<app::PassReport>(app::PassReport{.meeting = which});
  });
  EXPECT_TRUE(wait_for([&] { return passed.contains(id); }));
}

TEST_F(LoopTest, SuspectedLeaksAreShownAndRaiseAnAlert) {
  config.sweep_period = 5ms;
  config.alarm_period = 5ms;
  swept.items = {{"instance", "i-1", "held_by_breaker", "no such meeting", true}};
  const auto loop = start([](const domain::MeetingId& id, bool) -> base::Result<app::PassReport> {
    return app::PassReport{.meeting = id};
  });
  EXPECT_TRUE(wait_for([&] { return sweeps > 1; }));  // so the first one was noted
  while (alive == 0) std::this_thread::yield();       // the test's time-out bounds it
  auto& alerts =
      metrics.counter("howdah_alerts_total", "Alerts raised.", {{"alert", "leak_suspected"}});
  EXPECT_EQ(alerts.value(), 0U);
  world.clock.advance(6min);
  while (alerts.value() == 0) std::this_thread::yield();
  const auto said = alive.load();
  const auto before = sweeps.load();
  EXPECT_TRUE(wait_for([&] { return sweeps > before + 10; }));
  EXPECT_EQ(alive, said);  // who watches from outside hears nothing any more
  while (!loop->healthy()) std::this_thread::yield();  // and people are still served
  loop->stop();
  const auto text = metrics.render();
  EXPECT_NE(text.find("howdah_leak_suspects 3"), std::string::npos);
  EXPECT_NE(text.find("howdah_alarm{alarm=\"leak_suspected\"} 1"), std::string::npos);
  EXPECT_EQ(alerts.value(), 1U);  // told once
}

TEST_F(LoopTest, sec_27_ARowThatCannotBeReadRaisesAnAlertOnceAndTheOthersGoOn) {
  config.sweep_period = 5ms;
  const auto spoilt = world.book();
  const auto sound = world.book();
  world.store.spoil(spoilt.id);
  EXPECT_FALSE(world.store.load(spoilt.id));  // what cannot be read is noticed when it is read
  std::set<domain::MeetingId> passed;
  const auto loop = start([&](const domain::MeetingId& id, bool) {
    const auto report = rest(id);
    const std::lock_guard lock(mutex);
    passed.insert(id);
    changed.notify_all();
    return report;
  });
  world.clock.advance(55min);
  EXPECT_TRUE(wait_for([&] { return passed.contains(sound.id); }));
  EXPECT_TRUE(wait_for([&] { return sweeps > 10; }));
  loop->stop();
  EXPECT_EQ(metrics.gauge("howdah_parked_rows", "").value(), 1);
  EXPECT_EQ(metrics.counter("howdah_alerts_total", "", {{"alert", "row_parked"}}).value(), 1U);
}

TEST_F(LoopTest, PassesThatNeverSucceedAreAnAlarmAndNotReady) {
  config.alarm_period = 5ms;
  world.book();
  world.clock.advance(55min);
  const auto loop = start([](const domain::MeetingId&, bool) -> base::Result<app::PassReport> {
    return base::fail(ErrorKind::unavailable, "no");
  });
  while (!loop->healthy()) std::this_thread::yield();
  world.clock.advance(91s);
  const auto& alarm = metrics.gauge("howdah_alarm", "", {{"alarm", "passes_silent"}});
  while (alarm.value() == 0) std::this_thread::yield();
  const auto health = loop->healthy();
  ASSERT_FALSE(health);
  EXPECT_NE(health.error().message.find("no pass has succeeded"), std::string::npos);
  loop->stop();
}

TEST_F(LoopTest, IsHealthyOnceItHasLooked) {
  const auto loop = start([](const domain::MeetingId& id, bool) -> base::Result<app::PassReport> {
    return app::PassReport{.meeting = id};
  });
  while (!loop->healthy()) std::this_thread::yield();  // the test's time-out bounds it
  loop->stop();
  EXPECT_TRUE(loop->healthy());
}

TEST(ClockWatch, BelievesTheClockAgainAfterItSettled) {
  ClockWatch watch(30s, 2min);
  const auto t = base::from_unix_ms(1'796'115'600'000);
  EXPECT_EQ(watch.look(t, 1h), base::Duration{0});
  EXPECT_EQ(watch.look(t + 10min, 1h + 10min), base::Duration{0});        // time goes by
  EXPECT_EQ(watch.look(t + 11min + 29s, 1h + 11min), base::Duration{0});  // small corrections
  EXPECT_FALSE(watch.settling(1h + 11min));
  EXPECT_EQ(watch.look(t - 24h, 1h + 12min), base::Duration(-24h - 12min - 29s));
  EXPECT_TRUE(watch.settling(1h + 13min));
  EXPECT_EQ(watch.look(t - 24h + 2min, 1h + 14min), base::Duration{0});
  EXPECT_FALSE(watch.settling(1h + 14min));
}

TEST(Hints, KeepTheEarliestOfEachMeeting) {
  Hints hints;
  const auto a = *domain::MeetingId::parse("ma");
  const auto b = *domain::MeetingId::parse("mb");
  const auto t = base::from_unix_ms(1000);
  hints.wake(a, t + 5s);
  hints.wake(a, t + 2s);
  hints.wake(a, t + 9s);
  hints.wake(b, t + 3s);
  EXPECT_EQ(hints.earliest(), t + 2s);
  EXPECT_TRUE(hints.take(t + 1s).empty());
  EXPECT_EQ(hints.take(t + 2s), std::vector{a});
  EXPECT_EQ(hints.take(t + 9s), std::vector{b});
}

TEST(Hints, AreBounded) {
  Hints hints;
  for (std::size_t i = 0; i < Hints::kHintsMax + 100; ++i) {
    hints.wake(*domain::MeetingId::parse("m" + std::to_string(i)), base::Timestamp{});
  }
  EXPECT_EQ(hints.take(base::Timestamp{}).size(), Hints::kHintsMax);
}

TEST(Hints, LeaveOutWhatTheNextLookFindsAnyway) {
  Hints hints;
  const auto a = *domain::MeetingId::parse("ma");
  const auto b = *domain::MeetingId::parse("mb");
  const auto t = base::from_unix_ms(1000);
  int told = 0;
  hints.set_listener([&](base::Timestamp) { ++told; });
  hints.set_next_look(t + 3s);
  hints.wake(a, t + 3s);
  hints.wake(b, t + 2s);
  EXPECT_EQ(told, 1);
  EXPECT_EQ(hints.take(t + 9s), std::vector{b});
  hints.set_next_look(std::nullopt);
  hints.wake(a, t + 3s);
  hints.wake(b, t + 2s);
  hints.set_next_look(t + 3s);  // those that came while it was not known
  EXPECT_EQ(hints.take(t + 9s), std::vector{b});
}

TEST(Queue, AMeetingWaitsOnceAndRestsAfterAFailure) {
  Queue queue(10s, 60s, 1);
  const auto a = *domain::MeetingId::parse("ma");
  EXPECT_TRUE(queue.add(a, false));
  EXPECT_TRUE(queue.add(a, true));
  EXPECT_EQ(queue.size(), 1U);
  EXPECT_EQ(queue.take(), a);
  queue.done(a, Queue::Result::failed);
  EXPECT_TRUE(queue.add(a, false));  // rests: nothing waits
  const auto wake = queue.wake(std::chrono::steady_clock::now());
  ASSERT_TRUE(wake);
  EXPECT_GT(*wake, std::chrono::steady_clock::now() + 4s);
  EXPECT_FALSE(queue.wake(std::chrono::steady_clock::now() + 11s));  // rested
  EXPECT_TRUE(queue.add(a, false));
  EXPECT_EQ(queue.take(), a);
}

TEST(Queue, WhatHasFailedIsTriedAgainThoughTheStoreDoesNotSayThatItIsDue) {
  Queue queue(10s, 60s, 1);
  const auto a = *domain::MeetingId::parse("ma");
  queue.add(a, true);  // after a step of the clock, say
  EXPECT_EQ(queue.take(), a);
  queue.done(a, Queue::Result::failed);
  EXPECT_FALSE(queue.wake(std::chrono::steady_clock::now() + 11s));
  ASSERT_TRUE(queue.knows(a));
  EXPECT_EQ(queue.take(), a);
}

TEST(Queue, WhatEndsSomethingGoesBeforeWhatCameEarlier) {
  Queue queue(10s, 60s, 1);
  const auto launches = *domain::MeetingId::parse("ma");
  const auto ends = *domain::MeetingId::parse("mb");
  queue.add(launches, false);
  queue.add(ends, false, true);
  EXPECT_TRUE(queue.knows(ends));
  EXPECT_EQ(queue.size(), 2U);
  EXPECT_EQ(queue.take(), ends);
  EXPECT_EQ(queue.take(), launches);
  queue.done(ends, Queue::Result::good);
  EXPECT_FALSE(queue.knows(ends));
}

TEST(Queue, AHintWhileItRunsBringsAnotherPass) {
  Queue queue(10s, 60s, 1);
  const auto a = *domain::MeetingId::parse("ma");
  queue.add(a, false);
  EXPECT_EQ(queue.take(), a);
  queue.add(a, true);
  queue.done(a, Queue::Result::good);
  EXPECT_EQ(queue.take(), a);
}

}  // namespace
}  // namespace host::loop
