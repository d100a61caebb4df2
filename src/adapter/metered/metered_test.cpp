#include "adapter/metered/metered.hpp"

#include <gtest/gtest.h>

namespace adapter::metered {
namespace {

using namespace std::chrono_literals;  // NOLINT

class TickingClock : public port::Clock {
 public:
  base::Timestamp now() override { return base::Timestamp(boot); }
  base::Duration since_boot() override { return boot; }
  base::Duration boot{0};
};

// Takes 7 ms; knows nobody.
class EmptyCompute : public port::Compute {
 public:
  explicit EmptyCompute(TickingClock& clock) : clock_(clock) {}
  base::Result<std::vector<domain::Instance>> list(const domain::MeetingId&) override {
    clock_.boot += 7ms;
    return std::vector<domain::Instance>{};
  }
  base::Result<std::vector<domain::Instance>> list_all() override {
    return base::fail(base::ErrorKind::unavailable, "later");
  }
  base::Result<domain::Instance> launch(const port::LaunchSpec&) override {
    return base::fail(base::ErrorKind::exhausted, "full");
  }
  base::Result<> terminate(const domain::InstanceId&, const domain::Owner&) override { return {}; }
  base::Result<> set_deadline(const domain::InstanceId&, const domain::Owner&,
                              base::Timestamp) override {
    return {};
  }

 private:
  TickingClock& clock_;
};

TEST(Metered, TellsEachCallWithItsEndAndItsTime) {
  TickingClock clock;
  EmptyCompute inner(clock);
  std::vector<Call> calls;
  MeteredCompute compute(inner, clock, [&](const Call& call) { calls.push_back(call); });

  EXPECT_TRUE(compute.list(*domain::MeetingId::parse("m1"))->empty());
  const auto all = compute.list_all();
  ASSERT_FALSE(all);
  EXPECT_EQ(all.error().message, "later");

  ASSERT_EQ(calls.size(), 2U);
  EXPECT_EQ(calls[0].port, "compute");
  EXPECT_EQ(calls[0].method, "list");
  EXPECT_EQ(calls[0].error, std::nullopt);
  EXPECT_EQ(calls[0].took, 7ms);
  EXPECT_EQ(calls[1].method, "list_all");
  EXPECT_EQ(calls[1].error, base::ErrorKind::unavailable);
  EXPECT_EQ(calls[1].took, 0ms);
}

}  // namespace
}  // namespace adapter::metered
