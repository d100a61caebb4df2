#include "adapter/memory/dns_zone.hpp"

#include <gtest/gtest.h>

#include "adapter/memory/clock.hpp"

namespace adapter::memory {
namespace {

using base::ErrorKind;
using namespace std::chrono_literals;  // NOLINT
using Addresses = std::vector<std::string>;

class MemoryDnsZone : public testing::Test {
 protected:
  Clock clock_{*base::parse_rfc3339("2026-12-01T08:00:00Z")};
  const domain::SeatId seat_ = domain::seat_id(*domain::MeetingId::parse("m1"), 1);
  const std::string name_ = "m1-1-1.desk.example.org";

  domain::Record record(const std::string& address, std::uint32_t generation) {
    return {name_, address, {"store", seat_, 1}, generation};
  }
};

TEST_F(MemoryDnsZone, ChangeShowsInListsAndLaterToResolvers) {
  DnsZone zone(clock_, {.list_after = 5s, .resolve_after = 30s});
  ASSERT_TRUE(zone.put(record("198.18.0.2", 1)));
  EXPECT_TRUE(zone.list_all()->empty());
  clock_.advance(5s);
  EXPECT_EQ(zone.list_all()->size(), 1U);
  EXPECT_EQ(zone.resolve(name_), Addresses{});
  clock_.advance(30s);
  EXPECT_EQ(zone.resolve(name_), Addresses{"198.18.0.2"});
  ASSERT_TRUE(zone.drop(name_, record("", 1).owner));
  EXPECT_EQ(zone.list_all()->size(), 1U);
  EXPECT_EQ(zone.addresses(name_), Addresses{});
  clock_.advance(35s);
  EXPECT_TRUE(zone.list_all()->empty());
  EXPECT_EQ(zone.resolve(name_), Addresses{});
}

TEST_F(MemoryDnsZone, PutThatCannotSeeTheFormerRecordAddsASecondOne) {
  DnsZone zone(clock_, {.list_after = 5s, .second_record = true});
  ASSERT_TRUE(zone.put(record("198.18.0.2", 1)));
  ASSERT_TRUE(zone.put(record("198.18.0.3", 2)));
  EXPECT_EQ(zone.addresses(name_), (Addresses{"198.18.0.2", "198.18.0.3"}));
  clock_.advance(5s);
  ASSERT_TRUE(zone.put(record("198.18.0.3", 2)));
  EXPECT_EQ(zone.addresses(name_), Addresses{"198.18.0.3"});
}

TEST_F(MemoryDnsZone, TooManyCallsLockEveryCallOut) {
  DnsZone zone(clock_, {.calls_max = 3});
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(zone.list_all());
  EXPECT_EQ(zone.list_all().error().kind, ErrorKind::unavailable);
  clock_.advance(4min);
  EXPECT_FALSE(zone.put(record("198.18.0.2", 1)));
  clock_.advance(1min);
  EXPECT_TRUE(zone.put(record("198.18.0.2", 1)));
}

TEST_F(MemoryDnsZone, LatePutWritesOverWhateverStandsThere) {
  DnsZone zone(clock_, {});
  zone.next_put({Fate::Kind::late_unknown, 1min});
  EXPECT_EQ(zone.put(record("198.18.0.2", 1)).error().kind, ErrorKind::unknown_outcome);
  ASSERT_TRUE(zone.put(record("198.18.0.3", 2)));
  clock_.advance(1min);
  EXPECT_EQ(zone.addresses(name_), Addresses{"198.18.0.2"});
}

TEST_F(MemoryDnsZone, OutageRefusesEverythingAndChangesNothing) {
  DnsZone zone(clock_, {});
  ASSERT_TRUE(zone.put(record("198.18.0.2", 1)));
  zone.set_down(true);
  EXPECT_EQ(zone.drop(name_, record("", 1).owner).error().kind, ErrorKind::unavailable);
  EXPECT_EQ(zone.list_all().error().kind, ErrorKind::unavailable);
  zone.set_down(false);
  EXPECT_EQ(zone.list_all()->size(), 1U);
}

}  // namespace
}  // namespace adapter::memory
