#include "adapter/paced/paced.hpp"

#include <gtest/gtest.h>

namespace adapter::paced {
namespace {

using namespace std::chrono_literals;  // NOLINT
using base::ErrorKind;

class HandClock : public port::Clock {
 public:
  base::Timestamp now() override { return base::Timestamp(boot); }
  base::Duration since_boot() override { return boot; }
  base::Duration boot{100h};
};

domain::Owner owner_of(const std::string& seat) {
  return {"store1", *domain::SeatId::parse(seat), 1};
}

// Counts what reaches the provider.
class CountingCompute : public port::Compute {
 public:
  base::Result<std::vector<domain::Instance>> list(const domain::MeetingId&) override {
    ++lists;
    return std::vector<domain::Instance>{};
  }
  base::Result<std::vector<domain::Instance>> list_all() override {
    ++lists;
    if (down) return base::fail(ErrorKind::unavailable, "down");
    std::vector<domain::Instance> all;
    for (const auto* seat : {"ma-1", "ma-2", "mb-1"}) {
      all.push_back(
          {.id = *domain::InstanceId::parse(std::string("i-") + seat), .owner = owner_of(seat)});
    }
    return all;
  }
  base::Result<domain::Instance> launch(const port::LaunchSpec& spec) override {
    ++launches;
    return domain::Instance{.id = *domain::InstanceId::parse("i-1"), .owner = spec.owner};
  }
  base::Result<> terminate(const domain::InstanceId&, const domain::Owner&) override {
    ++ends;
    return {};
  }
  base::Result<> set_deadline(const domain::InstanceId&, const domain::Owner&,
                              base::Timestamp) override {
    return {};
  }
  int lists = 0;
  int launches = 0;
  int ends = 0;
  bool down = false;
};

class CountingZone : public port::DnsZone {
 public:
  std::string name_of(const domain::DesktopId& desktop) const override { return desktop.text(); }
  base::Result<std::vector<domain::Record>> list(const domain::MeetingId&) override {
    ++lists;
    return std::vector<domain::Record>{};
  }
  base::Result<std::vector<domain::Record>> list_all() override {
    ++lists;
    return std::vector<domain::Record>{};
  }
  base::Result<> put(const domain::Record&) override {
    ++puts;
    return {};
  }
  base::Result<> drop(const std::string&, const domain::Owner&) override {
    ++drops;
    return {};
  }
  int lists = 0;
  int puts = 0;
  int drops = 0;
};

port::LaunchSpec spec() {
  return {.key = "ma-1-1-p0-r0",
          .owner = owner_of("ma-1"),
          .desktop = *domain::DesktopId::parse("ma-1-1")};
}

TEST(Paced, ALaunchBeyondItsShareIsNotMadeAndMayBeTriedAgain) {
  CountingCompute inner;
  HandClock clock;
  PacedCompute compute(inner, clock, {.launch = {2, 3}, .terminate = {1, 1}});
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(compute.launch(spec()));
  const auto held = compute.launch(spec());
  ASSERT_FALSE(held);
  EXPECT_EQ(held.error().kind, ErrorKind::held_back);
  EXPECT_EQ(inner.launches, 3);
  clock.boot += 500ms;
  EXPECT_TRUE(compute.launch(spec()));
  EXPECT_FALSE(compute.launch(spec()));
}

TEST(Paced, LaunchesCannotUseUpWhatEndingNeeds) {
  CountingCompute inner;
  HandClock clock;
  PacedCompute compute(inner, clock, {.launch = {1, 1}, .terminate = {1, 2}});
  while (compute.launch(spec())) {
  }
  EXPECT_TRUE(compute.terminate(*domain::InstanceId::parse("i-1"), owner_of("ma-1")));
  EXPECT_EQ(inner.ends, 1);
}

TEST(Paced, OneListOfEverythingAnswersTheLooksOfAllMeetings) {
  CountingCompute inner;
  HandClock clock;
  PacedCompute compute(inner, clock, {.look = {1, 2}, .shared_for = 5s});
  EXPECT_EQ(compute.list(*domain::MeetingId::parse("ma"))->size(), 2U);
  EXPECT_EQ(compute.list(*domain::MeetingId::parse("mb"))->size(), 1U);
  EXPECT_TRUE(compute.list(*domain::MeetingId::parse("mc"))->empty());
  EXPECT_EQ(inner.lists, 1);
  clock.boot += 5s;
  EXPECT_EQ(compute.list(*domain::MeetingId::parse("ma"))->size(), 2U);
  EXPECT_EQ(inner.lists, 2);
  clock.boot += 5s;
  inner.down = true;
  EXPECT_FALSE(compute.list(*domain::MeetingId::parse("ma")));  // never an old list for a new one
  inner.down = false;
  EXPECT_FALSE(compute.list(*domain::MeetingId::parse("mb")));  // nor does everybody ask again
  EXPECT_EQ(inner.lists, 3);
  clock.boot += 2s;
  EXPECT_TRUE(compute.list(*domain::MeetingId::parse("ma")));
}

TEST(Paced, SettingNamesAndLookingLeaveAShareForRemoving) {
  CountingZone inner;
  HandClock clock;
  PacedZone zone(inner, clock, {.calls = {4, 100}});
  const domain::Record record{"ma-1-1", "10.0.0.1", owner_of("ma-1"), 1};
  while (zone.put(record)) {
  }
  EXPECT_EQ(inner.puts, 40);
  while (zone.list(*domain::MeetingId::parse("ma"))) {
  }
  EXPECT_EQ(inner.lists, 30);
  while (zone.drop("ma-1-1", owner_of("ma-1"))) {
  }
  EXPECT_EQ(inner.drops, 30);
}

TEST(Paced, RemovingTakesWhatSettingHasLeftAndNothingThatLookingNeeds) {
  CountingZone inner;
  HandClock clock;
  PacedZone zone(inner, clock, {.calls = {4, 100}});
  while (zone.drop("ma-1-1", owner_of("ma-1"))) {
  }
  EXPECT_EQ(inner.drops, 70);
  while (zone.list(*domain::MeetingId::parse("ma"))) {
  }
  EXPECT_EQ(inner.lists, 30);
}

TEST(Paced, AListOfManyPagesCountsForAsManyCalls) {
  CountingCompute inner;  // lists three machines
  HandClock clock;
  PacedCompute compute(inner, clock, {.look = {1, 2}, .page = 1});
  EXPECT_TRUE(compute.list_all());
  EXPECT_FALSE(compute.list_all());
  clock.boot += 1s;
  EXPECT_FALSE(compute.list_all());
  clock.boot += 1s;
  EXPECT_TRUE(compute.list_all());
}

TEST(Paced, ASweepDoesNotStarveBesideManyLooks) {
  CountingZone inner;
  HandClock clock;
  PacedZone zone(inner, clock, {.calls = {1.0, 10}, .shared_for = {}});
  const auto meeting = *domain::MeetingId::parse("ma");
  for (int i = 0; i < 10; ++i) base::ignore(zone.list(meeting), "uses up what is left");
  EXPECT_FALSE(zone.list(meeting));
  EXPECT_TRUE(zone.list_all());
  EXPECT_FALSE(zone.list_all());  // borrowed: the next comes the later
  clock.boot += 4s;
  EXPECT_FALSE(zone.list(meeting));
  clock.boot += 4s;
  EXPECT_TRUE(zone.list(meeting));
}

TEST(Paced, WithoutARateNothingIsHeldBack) {
  CountingCompute inner;
  HandClock clock;
  PacedCompute compute(inner, clock, {});
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(compute.launch(spec()));
}

}  // namespace
}  // namespace adapter::paced
