#include <gtest/gtest.h>

#include <set>

#include "adapter/system/clock.hpp"
#include "adapter/system/entropy.hpp"
#include "adapter/system/environment.hpp"

namespace adapter::system {
namespace {

TEST(SystemClock, TellsThisCenturyAndNeverRunsBackSinceBoot) {
  Clock clock;
  EXPECT_GT(base::to_rfc3339(clock.now()), "2024");
  EXPECT_LT(base::to_rfc3339(clock.now()), "2100");
  const auto first = clock.since_boot();
  EXPECT_GT(first.count(), 0);
  for (int i = 0; i < 1000; ++i) EXPECT_GE(clock.since_boot(), first);
}

TEST(SystemEntropy, GivesAsManyBytesAsAskedAndNeverTheSame) {
  Entropy entropy;
  EXPECT_EQ(entropy.bytes(0).size(), 0u);
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    const auto bytes = entropy.bytes(16);
    EXPECT_EQ(bytes.size(), 16u);
    EXPECT_TRUE(seen.insert(bytes).second);
  }
}

TEST(SystemEnvironment, UnsetAndEmptyAreNothing) {
  EXPECT_EQ(environment("HOWDAH_SURELY_NOT_SET"), std::nullopt);
  EXPECT_TRUE(environment("PATH").has_value());
}

}  // namespace
}  // namespace adapter::system
