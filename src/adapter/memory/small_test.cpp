#include <gtest/gtest.h>
#include <unistd.h>

#include "adapter/memory/clock.hpp"
#include "adapter/memory/wakeups.hpp"

namespace adapter::memory {
namespace {

using namespace std::chrono_literals;  // NOLINT

TEST(MemoryClock, StepMovesTheWallAloneAndTimeMovesBoth) {
  const auto start = *base::parse_rfc3339("2026-12-01T08:00:00Z");
  Clock clock(start, 0s);
  clock.advance(10s);
  EXPECT_EQ(clock.now(), start + 10s);
  EXPECT_EQ(clock.since_boot(), 10s);
  clock.step(-1h);
  EXPECT_EQ(clock.now(), start + 10s - 1h);
  EXPECT_EQ(clock.since_boot(), 10s);
}

TEST(MemoryWakeups, EarliestHintOfAMeetingCountsAndIsTakenOnce) {
  const auto now = *base::parse_rfc3339("2026-12-01T08:00:00Z");
  const auto one = *domain::MeetingId::parse("m1");
  const auto two = *domain::MeetingId::parse("m2");
  Wakeups wakeups;
  EXPECT_EQ(wakeups.next(), std::nullopt);
  wakeups.wake(one, now + 10s);
  wakeups.wake(two, now + 3s);
  wakeups.wake(one, now + 5s);
  wakeups.wake(one, now + 20s);
  EXPECT_EQ(wakeups.next(), now + 3s);
  EXPECT_TRUE(wakeups.take_due(now + 2s).empty());
  EXPECT_EQ(wakeups.take_due(now + 5s), (std::vector{two, one}));
  EXPECT_TRUE(wakeups.take_due(now + 1h).empty());
}

}  // namespace
}  // namespace adapter::memory
