#include "adapter/memory/compute.hpp"

#include "adapter/memory/clock.hpp"
#include "compute_contract.hpp"
#include "local_machine.hpp"
#include "real_time.hpp"

namespace contract {
namespace {

using adapter::memory::ComputeManners;

class MemoryCompute : public ComputeSubject {
 public:
  explicit MemoryCompute(const ComputeManners& manners)
      : list_lag_(manners.list_lag), compute_(clock_, manners) {}
  port::Compute& compute() override { return compute_; }
  std::string store() const override { return "store"; }
  Duration list_lag() const override { return list_lag_; }
  Duration gone_wait() const override { return 10min; }
  Duration short_life() const override { return 20min; }
  bool plant_foreign(const domain::Owner& owner) override {
    compute_.plant(owner, "foreign");
    return true;
  }
  Timestamp now() override { return clock_.now(); }
  void pass(Duration time) override { clock_.advance(time); }
  Duration patience() const override { return 30min; }
  Duration step() const override { return 7s; }

 private:
  Duration list_lag_;
  adapter::memory::Clock clock_{*base::parse_rfc3339("2026-12-01T08:00:00Z")};
  adapter::memory::Compute compute_;
};

class LocalCompute : public RealTime<ComputeSubject> {
 public:
  port::Compute& compute() override { return machine_.desktops(); }
  std::string store() const override { return machine_.store(); }
  Duration short_life() const override { return 4s; }
  bool plant_foreign(const domain::Owner& owner) override {
    const auto launched = machine_.strangers(owner.store)
                              .launch({.key = "foreign",
                                       .owner = owner,
                                       .desktop = domain::desktop_id(owner.seat, owner.attempt),
                                       .place = 0,
                                       .deadline = now() + 10min,
                                       .title = "",
                                       .role = "",
                                       .person = "",
                                       .call_url = ""});
    return launched.has_value();
  }

 private:
  LocalMachine machine_;
};

ComputeManners like_ec2(std::uint64_t seed) {
  ComputeManners manners;
  manners.seed = seed;
  manners.places = 3;
  manners.boot = 40s;
  manners.address_after = 15s;
  manners.ready_after = 30s;
  manners.end_takes = 50s;
  manners.list_lag = 60s;
  manners.zonal_keys = true;
  manners.launches = adapter::memory::Rate{5, 2};
  manners.terminates = adapter::memory::Rate{100, 5};
  manners.lists = adapter::memory::Rate{50, 10};
  return manners;
}

Named<ComputeSubject> memory(std::string name, const ComputeManners& manners) {
  return {std::move(name), [manners] { return std::make_unique<MemoryCompute>(manners); }};
}

TEST(LocalDesktops, ASandboxThatDoesNotComeUpIsToldWithItsReason) {
  if (const auto missing = LocalMachine::missing(); !missing.empty()) GTEST_SKIP() << missing;
  adapter::local::Template image;
  image.home_bytes = 0;
  LocalMachine machine(image);
  const auto owner = domain::Owner{machine.store(), *domain::SeatId::parse("m1-1"), 1};
  const auto launched =
      machine.desktops().launch({.key = "broken",
                                 .owner = owner,
                                 .desktop = domain::desktop_id(owner.seat, 1),
                                 .place = 0,
                                 .deadline = adapter::system::Clock().now() + 1min,
                                 .title = "",
                                 .role = "",
                                 .person = "",
                                 .call_url = ""});
  ASSERT_FALSE(launched);
  EXPECT_TRUE(launched.error().detail.starts_with("bwrap: ")) << launched.error().detail;
  EXPECT_EQ(launched.error().message.find("bwrap"), std::string::npos);  // shown to who waits
}

INSTANTIATE_TEST_SUITE_P(Local, ComputeContract,
                         testing::Values(Named<ComputeSubject>{
                             "Desktops", [] { return std::make_unique<LocalCompute>(); },
                             LocalMachine::missing()}),
                         NameOf());

INSTANTIATE_TEST_SUITE_P(Memory, ComputeContract,
                         testing::Values(memory("Strict", {}), memory("LikeEc2Seed1", like_ec2(1)),
                                         memory("LikeEc2Seed2", like_ec2(2)),
                                         memory("LikeEc2Seed3", like_ec2(3))),
                         NameOf());

}  // namespace
}  // namespace contract
