#include "bucket.hpp"

#include <gtest/gtest.h>

#include "throttle.hpp"

namespace sim {
namespace {

constexpr Timestamp kStart = Timestamp(std::chrono::hours(24 * 20'000));

std::uint32_t taken_at_once(Bucket& bucket, Timestamp now) {
  std::uint32_t count = 0;
  while (count < 1000 && bucket.take(now)) ++count;
  return count;
}

TEST(Bucket, GivesItsBurstThenItsRate) {
  Bucket bucket({5, 500ms});
  EXPECT_EQ(taken_at_once(bucket, kStart), 5U);
  EXPECT_FALSE(bucket.take(kStart + 499ms));
  EXPECT_TRUE(bucket.take(kStart + 500ms));
  EXPECT_FALSE(bucket.take(kStart + 999ms));
  EXPECT_EQ(taken_at_once(bucket, kStart + 2s), 3U);
  EXPECT_EQ(taken_at_once(bucket, kStart + 1h), 5U);  // never more than its burst
}

TEST(Bucket, WithoutARefillThereIsNoLimit) {
  Bucket bucket({0, 0ms});
  EXPECT_EQ(taken_at_once(bucket, kStart), 1000U);
}

TEST(LockOut, OneCallTooManyRefusesAllForAWhile) {
  LockOut lock({3, 60s, 5min});
  EXPECT_TRUE(lock.take(kStart));
  EXPECT_TRUE(lock.take(kStart + 1s));
  EXPECT_TRUE(lock.take(kStart + 2s));
  EXPECT_TRUE(lock.take(kStart + 60s));  // the first is out of the window
  EXPECT_FALSE(lock.take(kStart + 60s));
  EXPECT_TRUE(lock.locked(kStart + 60s));
  EXPECT_FALSE(lock.take(kStart + 60s + 5min - 1ms));
  EXPECT_TRUE(lock.take(kStart + 60s + 5min));
}

TEST(Throttle, EachKindOfCallHasItsOwnBucketAndNamesShareOne) {
  Throttle ec2(ApiLimits::real(false));
  int launches = 0;
  while (ec2.admits(Site::launch, kStart)) ++launches;
  EXPECT_EQ(launches, 5);
  EXPECT_TRUE(ec2.admits(Site::terminate, kStart));
  for (int i = 0; i < 50; ++i) EXPECT_TRUE(ec2.admits(Site::put, kStart));
  EXPECT_FALSE(ec2.admits(Site::drop, kStart));
  EXPECT_TRUE(ec2.admits(Site::drop, kStart + 100ms));

  Throttle cloudflare(ApiLimits::real(true));
  for (int i = 0; i < 1200; ++i) EXPECT_TRUE(cloudflare.admits(Site::zone_list, kStart));
  EXPECT_FALSE(cloudflare.admits(Site::drop, kStart + 1min));
  EXPECT_FALSE(cloudflare.admits(Site::zone_list, kStart + 5min));
  EXPECT_TRUE(cloudflare.admits(Site::zone_list, kStart + 6min));
}

}  // namespace
}  // namespace sim
