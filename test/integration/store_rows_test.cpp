// Rows that are damaged or attacked from outside, and writes that share a commit.
#include <barrier>
#include <thread>

#include "contract/any_meeting.hpp"
#include "contract/store_makers.hpp"

namespace {

using base::ErrorKind;
using test::plain_meeting;

domain::MeetingId meeting_id(const std::string& text) {
  return *domain::MeetingId::parse(text);
}

class StoreRows : public ::testing::Test {
 protected:
  port::AuditEntry entry() const {
    return {0, base::from_unix_ms(5), port::AuditEntry::Kind::intent, "howdah", "launch", "", "",
            ""};
  }
  void must_create(const std::string& id) {
    ASSERT_TRUE(store->create({plain_meeting(id), {entry(), entry()}, 0, {}}, std::nullopt));
  }

  test::Folder folder;
  std::string path = folder.file("store.db");
  std::unique_ptr<adapter::sqlite::SqliteStore> store = test::open_sqlite(path);
};

TEST_F(StoreRows, sec_27_a_row_that_cannot_be_read_is_parked_alone) {
  const std::pair<const char*, const char*> damages[] = {
      {"m1", "body = 'garbage'"},
      {"m2", "body = ''"},
      {"m3", "body = '{\"schema\":99}'"},
      {"m4", "version = -3"},
      {"m5", "body = replace(body, '\"m5\"', '\"m6\"')"},
  };
  for (const auto& [id, damage] : damages) {
    must_create(id);
    ASSERT_EQ(test::run_sql(
                  path, "UPDATE meetings SET " + std::string(damage) + " WHERE id = '" + id + "'"),
              "");
  }
  must_create("well");
  const auto due = *store->due(plain_meeting("x").start.at, 100);
  ASSERT_EQ(due.size(), 1U);
  EXPECT_EQ(due[0].text(), "well");
  EXPECT_EQ(store->list(std::nullopt, "", 100)->meetings.size(), 1U);
  EXPECT_EQ(*store->next_wake(), plain_meeting("x").wake_at);
  EXPECT_EQ(store->live()->size(), 6U);
  EXPECT_TRUE(store->save({*store->load(meeting_id("well")), {}, 0, {}}));
  const auto parked = *store->parked();
  ASSERT_EQ(parked.size(), 5U);
  EXPECT_NE(parked[2].second.find("newer version"), std::string::npos) << parked[2].second;
  EXPECT_NE(parked[4].second.find("another meeting"), std::string::npos) << parked[4].second;
}

// S29: an older version beside a newer one on the same store.
TEST_F(StoreRows, ARowOfANewerVersionIsNeitherActedOnNorWrittenOver) {
  const std::pair<const char*, const char*> differences[] = {
      {R"({"schema":1,)", R"({"schema":2,)"},
      {R"({"schema":1,)", R"({"schema":1,"mood":"calm",)"},
      {R"("seats":[{)", R"("seats":[{"mood":"calm",)"},
  };
  std::size_t made = 0;
  for (const auto& [older, newer] : differences) {
    const auto id = meeting_id("m" + std::to_string(++made));
    must_create(id.text());
    const auto read_before = *store->load(id);
    const auto where = " WHERE id = '" + id.text() + "'";
    ASSERT_EQ(test::run_sql(path, "UPDATE meetings SET version = 2, body = replace(body, '" +
                                      std::string(older) + "', '" + newer + "')" + where),
              "");
    const auto body = test::ask_sql(path, "SELECT body FROM meetings" + where);
    ASSERT_NE(body.find(newer), std::string::npos);
    EXPECT_EQ(store->load(id).error().kind, ErrorKind::internal);
    EXPECT_TRUE(store->due(plain_meeting("x").start.at, 100)->empty());
    EXPECT_TRUE(store->list(std::nullopt, "", 100)->meetings.empty());
    EXPECT_EQ(store->save({read_before, {}, 0, {}}).error().kind, ErrorKind::conflict);
    EXPECT_EQ(store->create({plain_meeting(id.text()), {}, 0, {}}, std::nullopt).error().kind,
              ErrorKind::conflict);
    EXPECT_EQ(test::ask_sql(path, "SELECT body FROM meetings" + where), body);
    EXPECT_EQ(store->live()->size(), made);
    EXPECT_EQ(store->parked()->size(), made);
  }
}

TEST_F(StoreRows, ARowThatWasRepairedIsNotParkedAnyMore) {
  must_create("m1");
  const auto body = test::ask_sql(path, "SELECT body FROM meetings");
  ASSERT_EQ(test::run_sql(path, "UPDATE meetings SET body = 'x'"), "");
  EXPECT_EQ(store->load(meeting_id("m1")).error().kind, ErrorKind::internal);
  EXPECT_EQ(store->parked()->size(), 1U);
  ASSERT_EQ(test::run_sql(path, "UPDATE meetings SET body = '" + body + "'"), "");
  EXPECT_EQ(store->due(plain_meeting("x").start.at, 100)->size(), 1U);
  EXPECT_TRUE(store->parked()->empty());
}

TEST_F(StoreRows, sec_33_the_audit_is_append_only_and_without_gaps) {
  must_create("m1");
  const auto before = *store->audit(meeting_id("m1"));
  EXPECT_NE(test::run_sql(path, "UPDATE audit SET actor = 'eve'"), "");
  EXPECT_NE(test::run_sql(path, "DELETE FROM audit WHERE number = 2"), "");
  EXPECT_NE(test::run_sql(path, "DELETE FROM audit"), "");
  EXPECT_NE(test::run_sql(path,
                          "INSERT OR REPLACE INTO audit "
                          "SELECT meeting, number, at, kind, 'eve', '', '', '', '' FROM audit"),
            "");
  EXPECT_NE(test::run_sql(path,
                          "INSERT INTO audit "
                          "SELECT meeting, 9, at, kind, 'eve', '', '', '', '' FROM audit"),
            "");
  EXPECT_NE(test::run_sql(path, "DELETE FROM meetings"), "");
  EXPECT_EQ(*store->audit(meeting_id("m1")), before);
}

TEST_F(StoreRows, sec_33_the_audit_goes_with_its_meeting_and_no_other) {
  must_create("m1");
  must_create("m2");
  auto over = *store->load(meeting_id("m1"));
  over.over_at = over.start.at;
  ASSERT_TRUE(store->save({over, {}, 0, {}}));
  EXPECT_EQ(*store->purge(over.start.at + base::Duration(1), 10), 1U);
  EXPECT_EQ(test::ask_sql(path, "SELECT count(*) FROM audit"), "2");
  EXPECT_EQ(store->audit(meeting_id("m2"))->size(), 2U);
}

TEST_F(StoreRows, CursorsDoNotComeTwiceAfterAPurgeAndARestart) {
  must_create("m1");
  auto over = *store->load(meeting_id("m1"));
  over.over_at = over.start.at;
  ASSERT_TRUE(store->save({over, {}, 0, {}}));
  const auto newest = store->changes(0, 10)->back().cursor;
  ASSERT_EQ(*store->purge(over.start.at + base::Duration(1), 10), 1U);
  store.reset();
  store = test::open_sqlite(path);
  must_create("m2");
  EXPECT_GT(store->changes(0, 10)->back().cursor, newest);
}

// Everybody starts at once, so that most commits carry several writes; every second one must fail.
TEST_F(StoreRows, AWriteThatFailsInAGroupAffectsNoOther) {
  constexpr int kThreads = 16;
  for (int i = 0; i < kThreads; ++i) must_create("m" + std::to_string(i));
  std::barrier start(kThreads);
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      auto meeting = *store->load(meeting_id("m" + std::to_string(t)));
      start.arrive_and_wait();
      for (int round = 0; round < 5; ++round) {
        if (t % 2 == 0) {
          const auto saved = store->save({meeting, {entry()}, 0, {}});
          EXPECT_TRUE(saved);
          meeting.version = *saved;
        } else {
          auto stale = meeting;
          stale.version = 99;
          EXPECT_EQ(store->save({stale, {entry()}, 0, {}}).error().kind, ErrorKind::conflict);
          EXPECT_EQ(store->create({meeting, {entry()}, 0, {}}, std::nullopt).error().kind,
                    ErrorKind::conflict);
        }
      }
    });
  }
  for (auto& thread : threads) thread.join();
  for (int t = 0; t < kThreads; ++t) {
    const auto id = meeting_id("m" + std::to_string(t));
    EXPECT_EQ(store->load(id)->version, t % 2 == 0 ? 6U : 1U);
    EXPECT_EQ(store->audit(id)->size(), t % 2 == 0 ? 7U : 2U);
  }
  EXPECT_TRUE(store->healthy());
}

TEST_F(StoreRows, TheSameKeyAtTheSameTimeMakesOneMeeting) {
  constexpr int kThreads = 16;
  const port::IdempotencyKey key{*domain::PrincipalId::parse("ada"), "k", "hash"};
  std::barrier start(kThreads);
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      start.arrive_and_wait();
      EXPECT_TRUE(store->create({plain_meeting("m" + std::to_string(t)), {}, 0, {}}, key));
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(store->live()->size(), 1U);
}

TEST_F(StoreRows, AStoreThatAnotherProgramLocksIsUnavailableThenWell) {
  sqlite3* other = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &other), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(other, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK);
  const auto refused = store->create({plain_meeting("m1"), {}, 0, {}}, std::nullopt);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::unavailable);
  EXPECT_FALSE(store->healthy());
  EXPECT_TRUE(store->live());
  sqlite3_close(other);
  must_create("m1");
  EXPECT_TRUE(store->healthy());
}

}  // namespace
