#pragma once
// The contract of port::DnsZone (the comments of src/port/dns_zone.hpp), as tests. Every adapter
// runs all of it; dns_zone_test.cpp names them. Include once per executable.

#include <algorithm>
#include <thread>
#include <vector>

#include "port/dns_zone.hpp"
#include "subject.hpp"

namespace contract {

class DnsZoneSubject : public World {
 public:
  virtual port::DnsZone& zone() = 0;
  virtual std::string store() const = 0;
  virtual std::string parent() const = 0;
  // Puts something at `name` behind the adapter's back: another store's record, or one without a
  // mark.
  virtual void plant_foreign(const domain::Record& record) = 0;
  virtual void plant_unmarked(const std::string& name) = 0;
  // What stands at `name` now, in a form that changes when it does; empty: nothing.
  virtual std::string standing(const std::string& name) = 0;
};

class DnsZoneContract : public Contract<DnsZoneSubject> {
 protected:
  domain::Record record(const std::string& meeting, std::uint32_t seat = 1,
                        std::uint32_t generation = 1, const std::string& address = "127.0.0.1") {
    const auto seat_id = domain::seat_id(*domain::MeetingId::parse(meeting), seat);
    return {subject().zone().name_of(domain::desktop_id(seat_id, 1)),
            address,
            {subject().store(), seat_id, 1},
            generation};
  }
  base::Result<> put(const domain::Record& wanted) {
    return subject().patiently([&] { return subject().zone().put(wanted); });
  }
  base::Result<> drop(const std::string& name, const domain::Owner& owner) {
    return subject().patiently([&] { return subject().zone().drop(name, owner); });
  }
  std::vector<domain::Record> list(const std::string& meeting) {
    auto records = subject().patiently(
        [&] { return subject().zone().list(*domain::MeetingId::parse(meeting)); });
    EXPECT_TRUE(records);
    return records ? *std::move(records) : std::vector<domain::Record>{};
  }
  std::vector<domain::Record> list_all() {
    auto records = subject().patiently([&] { return subject().zone().list_all(); });
    EXPECT_TRUE(records);
    return records ? *std::move(records) : std::vector<domain::Record>{};
  }
  bool comes_to_list(const std::string& meeting, const std::vector<domain::Record>& wanted) {
    return subject().eventually([&] { return list(meeting) == wanted; });
  }
};

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(DnsZoneContract);

TEST_P(DnsZoneContract, NameIsTheDesktopBelowTheParent) {
  EXPECT_EQ(subject().zone().name_of(*domain::DesktopId::parse("m1-1-2")),
            "m1-1-2." + subject().parent());
}

TEST_P(DnsZoneContract, PutRecordComesToBeListedExactly) {
  ASSERT_TRUE(put(record("m1")));
  EXPECT_TRUE(comes_to_list("m1", {record("m1")}));
}

TEST_P(DnsZoneContract, PutIsIdempotent) {
  ASSERT_TRUE(put(record("m1")));
  ASSERT_TRUE(put(record("m1")));
  ASSERT_TRUE(comes_to_list("m1", {record("m1")}));
  ASSERT_TRUE(put(record("m1")));
  EXPECT_TRUE(comes_to_list("m1", {record("m1")}));
}

TEST_P(DnsZoneContract, NewerGenerationReplacesTheAddress) {
  ASSERT_TRUE(put(record("m1", 1, 1, "127.0.0.1")));
  ASSERT_TRUE(comes_to_list("m1", {record("m1", 1, 1, "127.0.0.1")}));
  const auto newer = record("m1", 1, 2, "127.0.0.2");
  ASSERT_TRUE(put(newer));
  EXPECT_TRUE(comes_to_list("m1", {newer}));
}

TEST_P(DnsZoneContract, OlderGenerationIsConflictAndChangesNothing) {
  const auto newer = record("m1", 1, 2, "127.0.0.2");
  ASSERT_TRUE(put(newer));
  ASSERT_TRUE(comes_to_list("m1", {newer}));
  const auto before = subject().standing(newer.name);
  const auto older = put(record("m1", 1, 1, "127.0.0.1"));
  ASSERT_FALSE(older);
  EXPECT_EQ(older.error().kind, ErrorKind::conflict);
  EXPECT_EQ(subject().standing(newer.name), before);
  EXPECT_TRUE(comes_to_list("m1", {newer}));
}

TEST_P(DnsZoneContract, RecordsWithoutOurMarkAreNotListedAndNeverTouched) {
  const auto wanted = record("m1");
  subject().plant_unmarked(wanted.name);
  const auto before = subject().standing(wanted.name);
  ASSERT_FALSE(before.empty());
  EXPECT_TRUE(list_all().empty());
  const auto written = put(record("m1", 1, 99));
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().kind, ErrorKind::conflict);
  const auto dropped = drop(wanted.name, wanted.owner);
  ASSERT_FALSE(dropped);
  EXPECT_EQ(dropped.error().kind, ErrorKind::conflict);
  EXPECT_EQ(subject().standing(wanted.name), before);
}

TEST_P(DnsZoneContract, RecordsOfAnotherStoreAreNotListedAndNeverTouched) {
  auto foreign = record("m1");
  foreign.owner.store = "another-store";
  subject().plant_foreign(foreign);
  const auto before = subject().standing(foreign.name);
  ASSERT_FALSE(before.empty());
  EXPECT_TRUE(list_all().empty());
  EXPECT_TRUE(list("m1").empty());
  const auto written = put(record("m1", 1, 99));
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().kind, ErrorKind::conflict);
  const auto dropped = drop(foreign.name, record("m1").owner);
  ASSERT_FALSE(dropped);
  EXPECT_EQ(dropped.error().kind, ErrorKind::conflict);
  EXPECT_EQ(subject().standing(foreign.name), before);
}

TEST_P(DnsZoneContract, OneForeignRecordBlocksNoOther) {
  subject().plant_unmarked(record("m1", 1).name);
  ASSERT_TRUE(put(record("m1", 2)));
  EXPECT_TRUE(comes_to_list("m1", {record("m1", 2)}));
  EXPECT_TRUE(drop(record("m1", 2).name, record("m1", 2).owner));
  EXPECT_TRUE(comes_to_list("m1", {}));
}

TEST_P(DnsZoneContract, DroppedRecordComesToBeMissing) {
  ASSERT_TRUE(put(record("m1", 1)));
  ASSERT_TRUE(put(record("m1", 2)));
  ASSERT_TRUE(comes_to_list("m1", {record("m1", 1), record("m1", 2)}));
  ASSERT_TRUE(drop(record("m1", 1).name, record("m1", 1).owner));
  EXPECT_TRUE(comes_to_list("m1", {record("m1", 2)}));
  EXPECT_TRUE(subject().standing(record("m1", 1).name).empty());
}

TEST_P(DnsZoneContract, DropOfNothingIsSuccess) {
  EXPECT_TRUE(drop(record("m1").name, record("m1").owner));
  ASSERT_TRUE(put(record("m1")));
  ASSERT_TRUE(comes_to_list("m1", {record("m1")}));
  EXPECT_TRUE(drop(record("m1").name, record("m1").owner));
  EXPECT_TRUE(drop(record("m1").name, record("m1").owner));
}

TEST_P(DnsZoneContract, DropForAnotherOwnerIsConflictAndKeepsTheRecord) {
  const auto wanted = record("m1");
  ASSERT_TRUE(put(wanted));
  ASSERT_TRUE(comes_to_list("m1", {wanted}));
  auto other_attempt = wanted.owner;
  other_attempt.attempt = 2;
  for (const auto& owner : {record("m1", 2).owner, record("m2").owner, other_attempt}) {
    const auto dropped = drop(wanted.name, owner);
    ASSERT_FALSE(dropped);
    EXPECT_EQ(dropped.error().kind, ErrorKind::conflict);
  }
  EXPECT_TRUE(comes_to_list("m1", {wanted}));
}

TEST_P(DnsZoneContract, RecordCanBePutAgainAfterItWasDropped) {
  ASSERT_TRUE(put(record("m1")));
  ASSERT_TRUE(comes_to_list("m1", {record("m1")}));
  ASSERT_TRUE(drop(record("m1").name, record("m1").owner));
  ASSERT_TRUE(comes_to_list("m1", {}));
  ASSERT_TRUE(put(record("m1")));
  EXPECT_TRUE(comes_to_list("m1", {record("m1")}));
}

TEST_P(DnsZoneContract, ListsOneMeetingAndListAllEverything) {
  ASSERT_TRUE(put(record("m1", 1)));
  ASSERT_TRUE(put(record("m1", 2)));
  ASSERT_TRUE(put(record("m2", 1)));
  EXPECT_TRUE(comes_to_list("m1", {record("m1", 1), record("m1", 2)}));
  EXPECT_TRUE(comes_to_list("m2", {record("m2", 1)}));
  EXPECT_TRUE(list("m").empty());  // a meeting whose name begins another's
  EXPECT_TRUE(subject().eventually([&] { return list_all().size() == 3; }));
}

TEST_P(DnsZoneContract, ApexWildcardAndStrangeNamesAreNeverWritten) {
  for (const auto& name :
       {subject().parent(), "*." + subject().parent(), "a.b." + subject().parent(),
        "." + subject().parent(), std::string("elsewhere.example.net"), std::string()}) {
    auto bad = record("m1");
    bad.name = name;
    EXPECT_FALSE(put(bad)) << name;
    EXPECT_TRUE(subject().standing(name).empty()) << name;
  }
  EXPECT_TRUE(list_all().empty());
}

TEST_P(DnsZoneContract, PutsAtOnceLeaveOneWholeRecord) {
  std::vector<std::thread> threads;
  for (std::uint32_t generation = 1; generation <= 4; ++generation) {
    threads.emplace_back([this, generation] {
      base::ignore(subject().zone().put(record("m1", 1, generation)), "older ones may lose");
    });
  }
  for (auto& thread : threads) thread.join();
  ASSERT_TRUE(put(record("m1", 1, 4)));
  EXPECT_TRUE(comes_to_list("m1", {record("m1", 1, 4)}));
}

}  // namespace contract
