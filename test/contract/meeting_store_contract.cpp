// What every MeetingStore promises, run on each of them.

#include <thread>

#include "any_meeting.hpp"
#include "store_makers.hpp"

namespace {

using base::ErrorKind;
using namespace std::chrono_literals;
using test::plain_meeting;

template <class Maker>
class MeetingStoreContract : public ::testing::Test {
 protected:
  domain::Meeting must_create(const domain::Meeting& meeting) {
    auto created = store.create({meeting, {}, 0, {}}, std::nullopt);
    EXPECT_TRUE(created) << created.error().message;
    return created->meeting;
  }
  domain::Meeting must_save(domain::Meeting meeting) {
    auto saved = store.save({meeting, {}, 0, {}});
    EXPECT_TRUE(saved) << saved.error().message;
    meeting.version = *saved;
    return meeting;
  }
  static port::AuditEntry entry(const std::string& action) {
    return {0,    base::from_unix_ms(5), port::AuditEntry::Kind::intent, "howdah", action, "d1", "",
            "why"};
  }

  Maker maker;
  port::MeetingStore& store = maker.store;
};
TYPED_TEST_SUITE(MeetingStoreContract, test::Stores);

domain::MeetingId meeting_id(const std::string& text) {
  return *domain::MeetingId::parse(text);
}

std::vector<std::string> texts(const std::vector<domain::MeetingId>& ids) {
  std::vector<std::string> all;
  for (const auto& id : ids) all.push_back(id.text());
  return all;
}

using Texts = std::vector<std::string>;

// With one desktop launched at `at`.
domain::Meeting launching(const std::string& id, base::Timestamp at,
                          const std::string& owner = "ada") {
  auto meeting = plain_meeting(id, owner);
  meeting.seats[0].desktop = test::plain_desktop(meeting.seats[0].id, at);
  return meeting;
}

TYPED_TEST(MeetingStoreContract, IdentityIsALabelAndStays) {
  EXPECT_TRUE(base::is_label(this->store.identity()));
  EXPECT_EQ(this->store.identity(), this->store.identity());
}

TYPED_TEST(MeetingStoreContract, WhatWasCreatedIsLoadedAsVersionOne) {
  auto meeting = plain_meeting("m1");
  const auto created = this->must_create(meeting);
  meeting.version = 1;
  EXPECT_EQ(created, meeting);
  EXPECT_EQ(*this->store.load(meeting.id), meeting);
}

TYPED_TEST(MeetingStoreContract, AnyMeetingSurvivesTheStore) {
  EXPECT_TRUE(rc::check([this] {
    auto meeting = test::any_meeting();
    const auto existing = this->store.load(meeting.id);
    RC_PRE(!existing);
    RC_ASSERT(this->store.create({meeting, {}, 0, {}}, std::nullopt).has_value());
    meeting.version = 1;
    RC_ASSERT(*this->store.load(meeting.id) == meeting);
  }));
}

TYPED_TEST(MeetingStoreContract, AnUnknownMeetingIsNotFound) {
  const auto id = meeting_id("nobody");
  EXPECT_EQ(this->store.load(id).error().kind, ErrorKind::not_found);
  EXPECT_EQ(this->store.audit(id).error().kind, ErrorKind::not_found);
  EXPECT_EQ(this->store.append_audit(id, {this->entry("x")}).error().kind, ErrorKind::not_found);
}

TYPED_TEST(MeetingStoreContract, AnIdIsNeverCreatedTwice) {
  this->must_create(plain_meeting("m1"));
  const auto again = this->store.create({plain_meeting("m1", "bob"), {}, 0, {}}, std::nullopt);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().kind, ErrorKind::conflict);
  EXPECT_EQ(this->store.load(meeting_id("m1"))->owner.text(), "ada");
}

TYPED_TEST(MeetingStoreContract, ASaveNeedsTheStoredVersion) {
  auto meeting = this->must_create(plain_meeting("m1"));
  auto other = meeting;
  meeting.title = "Botany";
  meeting = this->must_save(meeting);
  EXPECT_EQ(meeting.version, 2U);
  other.title = "Chemistry";
  const auto late = this->store.save({other, {this->entry("x")}, 0, {}});
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().kind, ErrorKind::conflict);
  EXPECT_EQ(*this->store.load(meeting.id), meeting);
  EXPECT_TRUE(this->store.audit(meeting.id)->empty());
}

TYPED_TEST(MeetingStoreContract, AnUnknownMeetingIsNotSaved) {
  EXPECT_EQ(this->store.save({plain_meeting("m1"), {}, 0, {}}).error().kind, ErrorKind::conflict);
  EXPECT_EQ(this->store.load(meeting_id("m1")).error().kind, ErrorKind::not_found);
}

TYPED_TEST(MeetingStoreContract, TheSameKeyAndBodyAnswersTheSameMeetingAsItIsNow) {
  const port::IdempotencyKey key{*domain::PrincipalId::parse("ada"), "k 1", "hash"};
  ASSERT_TRUE(this->store.create({plain_meeting("m1"), {this->entry("book")}, 0, {}}, key));
  auto meeting = *this->store.load(meeting_id("m1"));
  meeting.title = "Botany";
  meeting = this->must_save(meeting);

  const auto again = this->store.create({plain_meeting("m2"), {this->entry("book")}, 0, {}}, key);
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->replayed);
  EXPECT_EQ(again->meeting, meeting);
  EXPECT_EQ(this->store.load(meeting_id("m2")).error().kind, ErrorKind::not_found);
  EXPECT_EQ(this->store.audit(meeting_id("m1"))->size(), 1U);
}

TYPED_TEST(MeetingStoreContract, TheSameKeyWithAnotherBodyIsAConflict) {
  const port::IdempotencyKey key{*domain::PrincipalId::parse("ada"), "k1", "hash"};
  ASSERT_TRUE(this->store.create({plain_meeting("m1"), {}, 0, {}}, key));
  auto other = key;
  other.body_hash = "another";
  const auto refused = this->store.create({plain_meeting("m2"), {}, 0, {}}, other);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::conflict);
  EXPECT_EQ(refused.error().field, "Idempotency-Key");
  EXPECT_EQ(this->store.load(meeting_id("m2")).error().kind, ErrorKind::not_found);
}

TYPED_TEST(MeetingStoreContract, AKeySaysWhatItHasMade) {
  const port::IdempotencyKey key{*domain::PrincipalId::parse("ada"), "k1", "hash"};
  const auto none = this->store.made_by(key);
  ASSERT_TRUE(none);
  EXPECT_FALSE(*none);
  ASSERT_TRUE(this->store.create({plain_meeting("m1"), {}, 0, {}}, key));
  const auto made = this->store.made_by(key);
  ASSERT_TRUE(made);
  ASSERT_TRUE(*made);
  EXPECT_EQ(**made, *this->store.load(meeting_id("m1")));
  auto other = key;
  other.body_hash = "another";
  EXPECT_EQ(this->store.made_by(other).error().kind, ErrorKind::conflict);
}

TYPED_TEST(MeetingStoreContract, KeysOfDifferentPrincipalsAreDifferent) {
  const port::IdempotencyKey ada{*domain::PrincipalId::parse("ada"), "k1", "hash"};
  const port::IdempotencyKey bob{*domain::PrincipalId::parse("bob"), "k1", "other"};
  ASSERT_TRUE(this->store.create({plain_meeting("m1"), {}, 0, {}}, ada));
  const auto second = this->store.create({plain_meeting("m2", "bob"), {}, 0, {}}, bob);
  ASSERT_TRUE(second);
  EXPECT_FALSE(second->replayed);
}

TYPED_TEST(MeetingStoreContract, AuditIsNumberedPerMeetingInTheOrderOfWriting) {
  ASSERT_TRUE(this->store.create({plain_meeting("m1"), {this->entry("a"), this->entry("b")}, 0, {}},
                                 std::nullopt));
  ASSERT_TRUE(this->store.create({plain_meeting("m2"), {this->entry("z")}, 0, {}}, std::nullopt));
  ASSERT_TRUE(this->store.append_audit(meeting_id("m1"), {this->entry("c")}));
  ASSERT_TRUE(this->store.save({*this->store.load(meeting_id("m1")), {this->entry("d")}, 0, {}}));
  ASSERT_TRUE(this->store.append_audit(meeting_id("m1"), {}));

  const auto audit = *this->store.audit(meeting_id("m1"));
  ASSERT_EQ(audit.size(), 4U);
  for (std::size_t i = 0; i < audit.size(); ++i) {
    auto expected = this->entry(std::string(1, static_cast<char>('a' + i)));
    expected.number = i + 1;
    EXPECT_EQ(audit[i], expected);
  }
  EXPECT_EQ(this->store.audit(meeting_id("m2"))->at(0).number, 1U);
}

TYPED_TEST(MeetingStoreContract, DueAnswersWhatIsToBeWokenEarliestFirst) {
  const auto now = plain_meeting("x").start.at;
  const auto with_wake = [&](const char* id, std::optional<base::Timestamp> wake) {
    auto meeting = plain_meeting(id);
    meeting.wake_at = wake;
    this->must_create(meeting);
  };
  with_wake("m1", now);
  with_wake("m2", now - 5min);
  with_wake("m3", now + 1ms);
  with_wake("m4", std::nullopt);
  with_wake("m5", now - 5min);
  EXPECT_EQ(texts(*this->store.due(now, 10)), (Texts{"m2", "m5", "m1"}));
  EXPECT_EQ(texts(*this->store.due(now, 2)), (Texts{"m2", "m5"}));
  EXPECT_TRUE(this->store.due(now - 6min, 10)->empty());
  EXPECT_EQ(*this->store.next_wake(), now - 5min);
}

TYPED_TEST(MeetingStoreContract, DueFollowsTheNewestSave) {
  auto meeting = this->must_create(plain_meeting("m1"));
  const auto now = meeting.start.at;
  meeting.wake_at.reset();
  meeting = this->must_save(meeting);
  EXPECT_TRUE(this->store.due(now, 10)->empty());
  EXPECT_FALSE(this->store.next_wake()->has_value());
  // Also when it is over: whoever sets a wake is woken.
  meeting.over_at = now;
  meeting.wake_at = now - 1s;
  this->must_save(meeting);
  EXPECT_EQ(texts(*this->store.due(now, 10)), (Texts{"m1"}));
  EXPECT_EQ(*this->store.next_wake(), now - 1s);
}

TYPED_TEST(MeetingStoreContract, ListGoesFromTheNewestStartPageByPage) {
  const auto start = plain_meeting("x").start.at;
  for (int i = 0; i < 7; ++i) {
    auto meeting = plain_meeting("m" + std::to_string(i), i % 2 == 0 ? "ada" : "bob");
    meeting.start.at = start + (i / 2) * 1h;  // pairs that start at the same time
    this->must_create(meeting);
  }
  const auto walk = [&](const std::optional<domain::PrincipalId>& owner, std::size_t limit) {
    Texts ids;
    std::string from;
    for (int pages = 0; pages < 10; ++pages) {
      const auto page = *this->store.list(owner, from, limit);
      EXPECT_LE(page.meetings.size(), limit);
      for (const auto& meeting : page.meetings) ids.push_back(meeting.id.text());
      from = page.next;
      if (from.empty()) break;
    }
    return ids;
  };
  const Texts all{"m6", "m5", "m4", "m3", "m2", "m1", "m0"};
  for (const std::size_t limit : {1U, 2U, 3U, 7U, 100U})
    EXPECT_EQ(walk(std::nullopt, limit), all) << limit;
  EXPECT_EQ(walk(domain::PrincipalId::parse("bob").value(), 2), (Texts{"m5", "m3", "m1"}));
  EXPECT_TRUE(walk(domain::PrincipalId::parse("eve").value(), 2).empty());
  EXPECT_EQ(this->store.list(std::nullopt, "", 3)->meetings[0].version, 1U);
}

TYPED_TEST(MeetingStoreContract, AForgedPageIsInvalid) {
  for (const char* from : {"x", "1", "1~", "~1", "1~m1", "1~1;", "99999999999999999999~1"}) {
    const auto page = this->store.list(std::nullopt, from, 3);
    ASSERT_FALSE(page) << from;
    EXPECT_EQ(page.error().kind, ErrorKind::invalid);
  }
}

TYPED_TEST(MeetingStoreContract, LiveIsWhatIsNotOver) {
  this->must_create(plain_meeting("m2"));
  auto over = this->must_create(plain_meeting("m1"));
  this->must_create(plain_meeting("m0"));
  over.over_at = over.start.at;
  this->must_save(over);
  EXPECT_EQ(texts(*this->store.live()), (Texts{"m0", "m2"}));
}

TYPED_TEST(MeetingStoreContract, AnUnreadableRowAffectsOnlyItself) {
  for (const char* id : {"m1", "m2", "m3"}) this->must_create(plain_meeting(id));
  const auto now = plain_meeting("x").start.at;
  this->maker.spoil(meeting_id("m2"));
  EXPECT_EQ(texts(*this->store.due(now, 2)), (Texts{"m1", "m3"}));
  EXPECT_EQ(this->store.load(meeting_id("m2")).error().kind, ErrorKind::internal);
  EXPECT_EQ(this->store.list(std::nullopt, "", 2)->meetings.size(), 2U);
  EXPECT_TRUE(this->store.list(std::nullopt, "", 2)->next.empty());
  // It may own machines, so the sweep must still know it.
  EXPECT_EQ(texts(*this->store.live()), (Texts{"m1", "m2", "m3"}));
  const auto parked = *this->store.parked();
  ASSERT_EQ(parked.size(), 1U);
  EXPECT_EQ(parked[0].first, "m2");
  EXPECT_FALSE(parked[0].second.empty());
  this->must_save(*this->store.load(meeting_id("m1")));
}

TYPED_TEST(MeetingStoreContract, AnUnreadableRowIsNotTheNextWake) {
  auto early = plain_meeting("m1");
  early.wake_at = early.start.at - 1h;
  this->must_create(early);
  this->must_create(plain_meeting("m2"));
  this->maker.spoil(early.id);
  EXPECT_TRUE(this->store.due(*early.wake_at, 10)->empty());
  EXPECT_EQ(*this->store.next_wake(), plain_meeting("m2").wake_at);
}

TYPED_TEST(MeetingStoreContract, ChangesComeInOrderAndOnlyOnce) {
  auto first = this->must_create(plain_meeting("m1"));
  this->must_create(plain_meeting("m2"));
  first = this->must_save(first);
  const auto changes = *this->store.changes(0, 10);
  ASSERT_EQ(changes.size(), 2U);  // a meeting is there once, with its newest version
  EXPECT_EQ(changes[0].meeting.text(), "m2");
  EXPECT_EQ(changes[1].meeting.text(), "m1");
  EXPECT_EQ(changes[1].version, 2U);
  EXPECT_LT(changes[0].cursor, changes[1].cursor);
  EXPECT_EQ(this->store.changes(0, 1)->size(), 1U);
  EXPECT_EQ(this->store.changes(changes[0].cursor, 10)->size(), 1U);
  EXPECT_TRUE(this->store.changes(changes[1].cursor, 10)->empty());
  this->must_save(first);
  EXPECT_EQ(this->store.changes(changes[1].cursor, 10)->at(0).version, 3U);
}

TYPED_TEST(MeetingStoreContract, ConsumersKeepTheirOwnCursors) {
  EXPECT_EQ(*this->store.cursor("feed"), 0U);
  ASSERT_TRUE(this->store.set_cursor("feed", 7));
  ASSERT_TRUE(this->store.set_cursor("other", 3));
  ASSERT_TRUE(this->store.set_cursor("feed", 9));
  EXPECT_EQ(*this->store.cursor("feed"), 9U);
  EXPECT_EQ(*this->store.cursor("other"), 3U);
}

TYPED_TEST(MeetingStoreContract, PurgeTakesAllOfAMeetingThatWasOverBefore) {
  const port::IdempotencyKey key{*domain::PrincipalId::parse("ada"), "k1", "hash"};
  auto old = plain_meeting("m1");
  old.over_at = old.start.at;
  ASSERT_TRUE(this->store.create({old, {this->entry("book")}, 0, {}}, key));
  auto newer = plain_meeting("m2");
  newer.over_at = old.start.at + 1ms;
  this->must_create(newer);
  this->must_create(plain_meeting("m3"));
  const auto before = *this->store.changes(0, 10);

  EXPECT_EQ(*this->store.purge(old.start.at + 1ms, 10), 1U);
  EXPECT_EQ(*this->store.purge(old.start.at + 1ms, 10), 0U);
  EXPECT_EQ(this->store.load(old.id).error().kind, ErrorKind::not_found);
  EXPECT_EQ(this->store.audit(old.id).error().kind, ErrorKind::not_found);
  EXPECT_EQ(this->store.changes(0, 10)->size(), 2U);
  EXPECT_TRUE(this->store.load(newer.id));
  // The key is free again, and no cursor comes twice.
  const auto reused = this->store.create({plain_meeting("m4"), {}, 0, {}}, key);
  ASSERT_TRUE(reused);
  EXPECT_FALSE(reused->replayed);
  EXPECT_GT(this->store.changes(0, 10)->back().cursor, before.back().cursor);
}

TYPED_TEST(MeetingStoreContract, PurgeTakesTheOldestFirstUpToItsLimit) {
  for (int i = 0; i < 5; ++i) {
    auto meeting = plain_meeting("m" + std::to_string(i));
    meeting.over_at = meeting.start.at - i * 1h;
    this->must_create(meeting);
  }
  const auto now = plain_meeting("x").start.at + 1h;
  EXPECT_EQ(*this->store.purge(now, 3), 3U);
  EXPECT_TRUE(this->store.load(meeting_id("m0")));
  EXPECT_TRUE(this->store.load(meeting_id("m1")));
  EXPECT_EQ(*this->store.purge(now, 3), 2U);
}

TYPED_TEST(MeetingStoreContract, sec_29_LaunchesPerHourAreLimited) {
  const auto now = plain_meeting("x").start.at;
  const port::LaunchLimits limits{3, 2, 100, 100};
  const auto launch = [&](const char* id, base::Timestamp at, const char* owner) {
    return this->store.create({launching(id, at, owner), {}, 1, limits}, std::nullopt);
  };
  ASSERT_TRUE(launch("m1", now - 1h, "ada"));  // an hour ago: not counted any more at `now`
  ASSERT_TRUE(launch("m2", now - 59min, "ada"));
  ASSERT_TRUE(launch("m3", now, "ada"));
  EXPECT_EQ(launch("m4", now, "ada").error().kind, ErrorKind::exhausted);
  EXPECT_EQ(this->store.load(meeting_id("m4")).error().kind, ErrorKind::not_found);
  ASSERT_TRUE(launch("m5", now, "bob"));
  EXPECT_EQ(launch("m6", now, "bob").error().kind, ErrorKind::exhausted);  // in all
  ASSERT_TRUE(launch("m7", now + 1min, "bob"));  // that of 59 minutes ago is an hour old now
}

TYPED_TEST(MeetingStoreContract, LaunchesFromFarAheadCountForNobody) {
  const auto now = plain_meeting("x").start.at;
  const port::LaunchLimits limits{2, 2, 100, 100};
  const auto launch = [&](const char* id, base::Timestamp at) {
    return this->store.create({launching(id, at, "ada"), {}, 1, limits}, std::nullopt);
  };
  ASSERT_TRUE(launch("m1", now + 24h));  // by a clock that was a day ahead
  ASSERT_TRUE(launch("m2", now + 30min));
  ASSERT_TRUE(launch("m3", now));
  EXPECT_EQ(launch("m4", now).error().kind, ErrorKind::exhausted) << "a host may be a little ahead";
}

TYPED_TEST(MeetingStoreContract, sec_29_AClockThatIsAheadForAMomentForgetsNoLaunches) {
  const auto now = plain_meeting("x").start.at;
  const port::LaunchLimits limits{100, 2, 100, 100};
  const auto launch = [&](const char* id, base::Timestamp at, const char* owner) {
    return this->store.create({launching(id, at, owner), {}, 1, limits}, std::nullopt);
  };
  ASSERT_TRUE(launch("m1", now, "ada"));
  ASSERT_TRUE(launch("m2", now, "ada"));
  ASSERT_TRUE(launch("m3", now + 2h, "bob"));
  EXPECT_EQ(launch("m4", now + 1min, "ada").error().kind, ErrorKind::exhausted);
}

TYPED_TEST(MeetingStoreContract, sec_29_DesktopsAtOneTimeAreLimited) {
  const auto now = plain_meeting("x").start.at;
  const port::LaunchLimits limits{100, 100, 3, 2};
  const auto launch = [&](const char* id, const char* owner) {
    return this->store.create({launching(id, now, owner), {}, 1, limits}, std::nullopt);
  };
  ASSERT_TRUE(launch("m1", "ada"));
  ASSERT_TRUE(launch("m2", "ada"));
  EXPECT_EQ(launch("m3", "ada").error().kind, ErrorKind::exhausted);
  ASSERT_TRUE(launch("m4", "bob"));
  EXPECT_EQ(launch("m5", "bob").error().kind, ErrorKind::exhausted);
  // One that is seen gone makes room; saving without launches is never refused.
  auto meeting = *this->store.load(meeting_id("m1"));
  meeting.seats[0].desktop->gone = {"gone", {now, domain::Source::list}};
  this->must_save(meeting);
  EXPECT_TRUE(launch("m3", "ada"));
  EXPECT_TRUE(this->store.save({*this->store.load(meeting_id("m2")), {}, 0, {}}));
}

TYPED_TEST(MeetingStoreContract, ARefusedLaunchWritesNothing) {
  auto meeting = this->must_create(plain_meeting("m1"));
  meeting.seats[0].desktop = test::plain_desktop(meeting.seats[0].id, meeting.start.at);
  const port::LaunchLimits limits{10, 10, 0, 10};
  const auto refused = this->store.save({meeting, {this->entry("launch")}, 1, limits});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::exhausted);
  EXPECT_FALSE(this->store.load(meeting.id)->seats[0].desktop);
  EXPECT_TRUE(this->store.audit(meeting.id)->empty());
  // Nor was the launch counted.
  const port::LaunchLimits wider{1, 1, 10, 10};
  EXPECT_TRUE(this->store.save({meeting, {}, 1, wider}));
}

TYPED_TEST(MeetingStoreContract, NoUpdateIsLostByManyWritersOnFewMeetings) {
  constexpr int kThreads = 8;
  constexpr int kMeetings = 3;
  constexpr int kSaves = 25;
  for (int i = 0; i < kMeetings; ++i) this->must_create(plain_meeting("m" + std::to_string(i)));
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([this, t] {
      for (int done = 0; done < kSaves;) {
        auto meeting = *this->store.load(meeting_id("m" + std::to_string((t + done) % kMeetings)));
        ++meeting.seats[0].epoch;
        const auto saved = this->store.save({meeting, {this->entry("count")}, 0, {}});
        if (saved) {
          EXPECT_EQ(*saved, meeting.version + 1);
          ++done;
        } else {
          EXPECT_EQ(saved.error().kind, ErrorKind::conflict);
        }
      }
    });
  }
  for (auto& thread : threads) thread.join();
  std::uint64_t total = 0;
  for (int i = 0; i < kMeetings; ++i) {
    const auto meeting = *this->store.load(meeting_id("m" + std::to_string(i)));
    EXPECT_EQ(meeting.seats[0].epoch, meeting.version);
    EXPECT_EQ(this->store.audit(meeting.id)->size(), meeting.version - 1);
    total += meeting.version - 1;
  }
  EXPECT_EQ(total, std::uint64_t{kThreads} * kSaves);
}

}  // namespace
