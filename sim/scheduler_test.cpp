#include "scheduler.hpp"

#include <gtest/gtest.h>

#include <string>

#include "run.hpp"

namespace sim {
namespace {

constexpr Timestamp kZero{};
const auto kNever = [] { return false; };

TEST(Scheduler, RunsWhatIsDueInOrderOfTime) {
  Scheduler scheduler(1, kZero);
  std::string order;
  scheduler.at(kZero + 3s, [&] { order += "c"; });
  scheduler.spawn(kZero + 1s, [&] {
    order += "a";
    scheduler.sleep(1s);
    order += "b";
    scheduler.sleep(2s);
    order += "d";
  });
  scheduler.run(kZero + 10s, kNever);
  EXPECT_EQ(order, "abcd");
  EXPECT_EQ(scheduler.now(), kZero + 10s);
}

std::string order_of(std::uint64_t seed) {
  Scheduler scheduler(seed, kZero);
  std::string order;
  for (const char name : std::string("abcdefgh")) {
    scheduler.spawn(kZero, [&order, name] { order += name; });
  }
  scheduler.run(kZero, kNever);
  return order;
}

TEST(Scheduler, DrawsTheOrderOfOneInstantFromTheSeed) {
  EXPECT_EQ(order_of(1), order_of(1));
  EXPECT_NE(order_of(1), order_of(2));
}

TEST(Scheduler, SwitchInsideACatchKeepsEachFibersException) {
  Scheduler scheduler(1, kZero);
  std::string seen;
  for (const int number : {1, 2, 3}) {
    scheduler.spawn(kZero, [&, number] {
      try {
        throw number;
      } catch (const int first) {
        scheduler.sleep(Duration(10 - number));
        try {
          throw;  // the one being handled here, not another fiber's
        } catch (const int again) {
          EXPECT_EQ(first, again);
          seen += std::to_string(again);
        }
      }
    });
  }
  scheduler.run(kZero + 1s, kNever);
  EXPECT_EQ(seen, "321");
}

TEST(Scheduler, EndUnwindsWhatSleeps) {
  bool unwound = false;
  {
    Scheduler scheduler(1, kZero);
    scheduler.spawn(kZero, [&] {
      struct Guard {
        bool& flag;
        ~Guard() { flag = true; }
      } const guard{unwound};
      scheduler.sleep(1h);
    });
    scheduler.run(kZero + 1s, kNever);
    EXPECT_FALSE(unwound);
  }
  EXPECT_TRUE(unwound);
}

TEST(Scheduler, WakeEndsASleepEarly) {
  Scheduler scheduler(1, kZero);
  Timestamp woken;
  const auto task = scheduler.spawn(kZero, [&] {
    scheduler.sleep(1h);
    woken = scheduler.now();
  });
  scheduler.at(kZero + 2s, [&] { scheduler.wake(task); });
  scheduler.run(kZero + 2h, kNever);
  EXPECT_EQ(woken, kZero + 2s);
}

TEST(Run, SameSeedMakesTheSameTraceAndStore) {
  for (std::uint64_t seed = 3; seed <= 4; ++seed) {
    const auto first = run(draw_swarm(seed), {});
    EXPECT_FALSE(first.violation);
    EXPECT_TRUE(first.same_as(run(draw_swarm(seed), {})));
  }
}

TEST(Run, LeavingAFaultOutLeavesTheOthersAsTheyWere) {
  Faults all(7, {.rate = {5000}, .weight = {0, 1, 1, 1}});
  Faults some(7, {.rate = {5000}, .weight = {0, 1, 1, 1}});
  some.keep_only({{Site::store_read, 3}});
  for (std::uint32_t n = 1; n <= 50; ++n) {
    const auto full = all.draw(Site::store_read);
    const auto part = some.draw(Site::store_read);
    EXPECT_EQ(part.fate, n == 3 ? full.fate : Fate::normal);
  }
}

}  // namespace
}  // namespace sim
