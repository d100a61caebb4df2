#pragma once
// The contracts of port::Clock and port::Entropy, as tests. Every adapter runs all of it;
// clock_test.cpp names them. Include once per executable.

#include <set>
#include <thread>
#include <vector>

#include "port/clock.hpp"
#include "port/entropy.hpp"
#include "subject.hpp"

namespace contract {

class ClockSubject : public World {
 public:
  virtual port::Clock& clock() = 0;
};

class ClockContract : public Contract<ClockSubject> {};
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(ClockContract);

TEST_P(ClockContract, NowIsAWallTimeOfThisCentury) {
  EXPECT_GT(subject().clock().now(), *base::parse_rfc3339("2025-01-01T00:00:00Z"));
  EXPECT_LT(subject().clock().now(), *base::parse_rfc3339("2100-01-01T00:00:00Z"));
}

TEST_P(ClockContract, BothClocksGoOnAndNeverBack) {
  auto& clock = subject().clock();
  const auto now = clock.now();
  const auto boot = clock.since_boot();
  EXPECT_GE(boot, 0ms);
  auto last = boot;
  ASSERT_TRUE(subject().eventually([&] {
    EXPECT_GE(clock.since_boot(), last);
    last = clock.since_boot();
    return clock.now() >= now + 50ms && clock.since_boot() >= boot + 50ms;
  }));
}

TEST_P(ClockContract, DifferenceOfTheClocksStaysWhileNobodySetsThem) {
  auto& clock = subject().clock();
  const auto apart = clock.now().time_since_epoch() - clock.since_boot();
  subject().pass(50ms);
  const auto later = clock.now().time_since_epoch() - clock.since_boot();
  EXPECT_LT(std::chrono::abs(later - apart), 1s);
}

class EntropySubject : public World {
 public:
  virtual port::Entropy& entropy() = 0;
};

class EntropyContract : public Contract<EntropySubject> {};
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(EntropyContract);

TEST_P(EntropyContract, GivesAsManyBytesAsAsked) {
  for (const std::size_t count : {0U, 1U, 10U, 32U, 4096U}) {
    EXPECT_EQ(subject().entropy().bytes(count).size(), count);
  }
}

TEST_P(EntropyContract, NeverTheSameTwiceAlsoAtOnce) {
  std::vector<std::vector<std::string>> drawn(4);
  std::vector<std::thread> threads;
  for (auto& mine : drawn) {
    threads.emplace_back([&] {
      for (int i = 0; i < 250; ++i) mine.push_back(subject().entropy().bytes(16));
    });
  }
  for (auto& thread : threads) thread.join();
  std::set<std::string> all;
  for (const auto& mine : drawn) all.insert(mine.begin(), mine.end());
  EXPECT_EQ(all.size(), 1000U);
}

TEST_P(EntropyContract, EveryByteOccurs) {
  const auto bytes = subject().entropy().bytes(64 * 1024);
  EXPECT_EQ(std::set<char>(bytes.begin(), bytes.end()).size(), 256U);
}

}  // namespace contract
