#pragma once
// The contract of port::Wakeups, as tests. Every adapter runs all of it; wakeups_test.cpp names
// them. Include once per executable.

#include <algorithm>
#include <thread>
#include <vector>

#include "port/wakeups.hpp"
#include "subject.hpp"

namespace contract {

class WakeupsSubject {
 public:
  virtual ~WakeupsSubject() = default;
  virtual port::Wakeups& wakeups() = 0;
  // Who is to be woken by `now`; not told again.
  virtual std::vector<domain::MeetingId> take(Timestamp now) = 0;
};

class WakeupsContract : public Contract<WakeupsSubject> {
 protected:
  using Ids = std::vector<domain::MeetingId>;

  static domain::MeetingId id(const std::string& text) { return *domain::MeetingId::parse(text); }
  Ids take(Timestamp now) {
    auto taken = subject().take(now);
    std::sort(taken.begin(), taken.end());
    return taken;
  }

  const Timestamp at = *base::parse_rfc3339("2026-12-01T08:00:00Z");
};
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(WakeupsContract);

TEST_P(WakeupsContract, WakesNobodyBeforeTheTimeAndThenOnce) {
  subject().wakeups().wake(id("m1"), at);
  EXPECT_EQ(take(at - 1ms), Ids());
  EXPECT_EQ(take(at), Ids{id("m1")});
  EXPECT_EQ(take(at + 1h), Ids());
}

TEST_P(WakeupsContract, OfOneMeetingTheEarliestCounts) {
  subject().wakeups().wake(id("m1"), at);
  subject().wakeups().wake(id("m1"), at + 1h);
  subject().wakeups().wake(id("m2"), at + 1h);
  subject().wakeups().wake(id("m2"), at);
  EXPECT_EQ(take(at), (Ids{id("m1"), id("m2")}));
}

TEST_P(WakeupsContract, WhoWasWokenCanBeWokenAgain) {
  subject().wakeups().wake(id("m1"), at);
  EXPECT_EQ(take(at), Ids{id("m1")});
  subject().wakeups().wake(id("m1"), at);
  EXPECT_EQ(take(at), Ids{id("m1")});
}

TEST_P(WakeupsContract, LosesNothingThatIsAskedForAtOnce) {
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([this, thread] {
      for (int i = 0; i < 250; ++i) {
        subject().wakeups().wake(id("m" + std::to_string(thread * 250 + i)), at);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(take(at).size(), 1000U);
}

}  // namespace contract
