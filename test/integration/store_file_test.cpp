// The store's file: made whole, recognised, brought forward; what is not ours is refused.
#include <sys/stat.h>

#include <fstream>

#include "adapter/sqlite/schema.hpp"
#include "contract/any_meeting.hpp"
#include "contract/store_makers.hpp"
#include "domain/meeting_json.hpp"

namespace {

using adapter::sqlite::SqliteStore;
using base::ErrorKind;
using test::plain_meeting;

void write_file(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Opening answers `kind` with `part` in its message, and changes nothing.
void expect_refused(const std::string& path, ErrorKind kind, const std::string& part) {
  const auto before = read_file(path);
  const auto opened = SqliteStore::open(path, test::kEntropy);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().kind, kind) << opened.error().message;
  EXPECT_NE(opened.error().message.find(part), std::string::npos) << opened.error().message;
  EXPECT_NE(opened.error().message.find(path), std::string::npos) << opened.error().message;
  EXPECT_EQ(read_file(path), before);
}

void must_create(SqliteStore& store, const std::string& id) {
  ASSERT_TRUE(store.create({plain_meeting(id), {}, 0, {}}, std::nullopt));
}

TEST(StoreFile, KeepsItsIdentityAndItsMeetings) {
  const test::Folder folder;
  const auto path = folder.file("store.db");
  std::string identity;
  {
    const auto store = test::open_sqlite(path);
    identity = store->identity();
    must_create(*store, "m1");
  }
  const auto store = SqliteStore::open(path, "another entropy that is ignored");
  ASSERT_TRUE(store);
  EXPECT_EQ((*store)->identity(), identity);
  EXPECT_TRUE((*store)->load(*domain::MeetingId::parse("m1")));
  const auto other = test::Folder();
  const auto second = SqliteStore::open(other.file("store.db"), "fedcba9876543210");
  EXPECT_NE((*second)->identity(), identity);
}

TEST(StoreFile, IsForItsOwnerAloneWhateverTheUmask) {
  const test::Folder folder;
  const auto before = ::umask(0);
  const auto store = test::open_sqlite(folder.file("store.db"));
  must_create(*store, "m1");
  ::umask(before);
  for (const char* suffix : {"", "-wal", "-shm"}) {
    struct stat info{};
    ASSERT_EQ(::stat(folder.file("store.db" + std::string(suffix)).c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777U, 0600U) << suffix;
  }
}

TEST(StoreFile, WhatIsNotOursIsRefusedAndLeftAlone) {
  const test::Folder folder;
  const auto path = folder.file("store.db");
  write_file(path, "");
  expect_refused(path, ErrorKind::invalid, "is empty");
  write_file(path, "just a text");
  expect_refused(path, ErrorKind::invalid, "is not a store of howdah");
  write_file(path, std::string(10'000, 'x'));
  expect_refused(path, ErrorKind::invalid, "is not a store of howdah");
  std::filesystem::remove(path);
  write_file(path, "");
  ASSERT_EQ(test::run_sql(path, "CREATE TABLE recipes (name TEXT)"), "");
  expect_refused(path, ErrorKind::invalid, "belongs to another program");
}

TEST(StoreFile, ALogWithoutItsStoreIsRefused) {
  const test::Folder folder;
  write_file(folder.file("store.db-wal"), "old");
  const auto opened = SqliteStore::open(folder.file("store.db"), test::kEntropy);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().kind, ErrorKind::invalid);
  EXPECT_NE(opened.error().message.find("store.db-wal"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(folder.file("store.db")));
}

// A power loss in the middle of a checkpoint may leave anything where a page was being written.
TEST(StoreFile, AHeaderThatOnlyTheLogHasWholeIsNoReasonToRefuse) {
  const test::Folder folder;
  const auto copy = folder.file("copy.db");
  std::string damaged;
  {
    const auto store = test::open_sqlite(folder.file("store.db"));
    for (int i = 0; i < 50; ++i) must_create(*store, "m" + std::to_string(i));
    auto bytes = read_file(folder.file("store.db"));
    std::fill(bytes.begin(), bytes.begin() + 512, '\xa5');
    write_file(copy, bytes);
    damaged = bytes;
    write_file(copy + "-wal", read_file(folder.file("store.db-wal")));
  }
  const auto store = test::open_sqlite(copy);
  ASSERT_TRUE(store);
  EXPECT_TRUE(store->load(*domain::MeetingId::parse("m49")));
  EXPECT_EQ(read_file(copy + ".damaged"), damaged);  // it might have been somebody's file
  // And where the log does not have it, that is said.
  const auto junk = folder.file("junk.db");
  write_file(junk, std::string(10'000, 'x'));
  write_file(junk + "-wal", "old");
  expect_refused(junk, ErrorKind::internal, "is damaged");
}

TEST(StoreFile, WhatAnInterruptedCreationLeftIsReplaced) {
  const test::Folder folder;
  write_file(folder.file("store.db.new"), "half");
  const auto store = test::open_sqlite(folder.file("store.db"));
  ASSERT_TRUE(store);
  EXPECT_FALSE(std::filesystem::exists(folder.file("store.db.new")));
}

TEST(StoreFile, AFolderThatIsNotThereIsNamed) {
  const test::Folder folder;
  const auto opened = SqliteStore::open(folder.file("no/store.db"), test::kEntropy);
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().message.find("no/store.db"), std::string::npos);
}

TEST(StoreFile, ANewerSchemaIsRefused) {
  const test::Folder folder;
  const auto path = folder.file("store.db");
  test::open_sqlite(path);
  ASSERT_EQ(test::run_sql(path, "PRAGMA user_version = 99"), "");
  expect_refused(path, ErrorKind::invalid, "newer howdah (schema 99");
}

// As version 1 wrote it: everything but keys and logins.
void make_version_one(const std::string& path) {
  write_file(path, "");
  const std::string step(adapter::sqlite::schema_steps()[0]);
  const auto body = domain::to_json(plain_meeting("m1"));
  ASSERT_EQ(test::run_sql(path, "PRAGMA application_id = " +
                                    std::to_string(adapter::sqlite::kApplicationId) + ";" + step +
                                    "; INSERT INTO meta VALUES ('identity', 'sold');"
                                    "INSERT INTO meetings (id, version, owner, start, wake_at, "
                                    "desktops, cursor, body) VALUES ('m1', 7, 'ada', "
                                    "1796115600000, 1, 0, 41, '" +
                                    body + "'); PRAGMA user_version = 1"),
            "");
}

TEST(StoreFile, AnOlderSchemaIsBroughtForwardWithAllThatItHolds) {
  const test::Folder folder;
  const auto path = folder.file("store.db");
  make_version_one(path);
  {
    const auto store = test::open_sqlite(path);
    ASSERT_TRUE(store);
    EXPECT_EQ(store->identity(), "sold");
    auto expected = plain_meeting("m1");
    expected.version = 7;
    EXPECT_EQ(*store->load(expected.id), expected);
    const auto ada = *domain::PrincipalId::parse("ada");
    EXPECT_TRUE(store->add_key({ada, "hash", {}, base::from_unix_ms(0), std::nullopt}));
    must_create(*store, "m2");
    EXPECT_EQ(store->changes(41, 10)->at(0).cursor, 42U);
  }
  EXPECT_EQ(test::ask_sql(path, "PRAGMA user_version"),
            std::to_string(adapter::sqlite::schema_steps().size()));
  EXPECT_TRUE(test::open_sqlite(path));
}

TEST(StoreFile, AStepThatFailsLeavesTheOldVersionWhole) {
  const test::Folder folder;
  const auto path = folder.file("store.db");
  make_version_one(path);
  using adapter::sqlite::Connection;
  const auto connection = *Connection::open(path, Connection::Mode::read_write, 256);
  const std::string_view steps[] = {
      "", "CREATE TABLE extra (x TEXT) STRICT",
      "CREATE TABLE more (x TEXT) STRICT; INSERT INTO nowhere VALUES (1)"};
  EXPECT_FALSE(adapter::sqlite::migrate(*connection, steps));
  // The step that worked stays, the one that failed left nothing.
  EXPECT_EQ(test::ask_sql(path, "PRAGMA user_version"), "2");
  EXPECT_EQ(test::ask_sql(path, "SELECT name FROM sqlite_schema WHERE name IN ('extra', 'more')"),
            "extra");
}

TEST(StoreFile, ADamagedFileIsAnErrorNeverACrash) {
  const test::Folder folder;
  const auto path = folder.file("store.db");
  {
    const auto store = test::open_sqlite(path);
    for (int i = 0; i < 50; ++i) must_create(*store, "m" + std::to_string(i));
  }
  const auto whole = read_file(path);
  int refused = 0;
  int failed = 0;
  for (std::size_t page = 0; page * 4096 < whole.size(); ++page) {
    auto bytes = whole;
    // The file's header stays, so that it is still taken for ours.
    const std::size_t from = page == 0 ? 100 : page * 4096;
    std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(from),
              bytes.begin() + static_cast<std::ptrdiff_t>((page + 1) * 4096), '\xa5');
    write_file(path, bytes);
    for (const char* suffix : {"-wal", "-shm"}) std::filesystem::remove(path + suffix);
    const auto opened = SqliteStore::open(path, test::kEntropy);
    if (!opened) {
      ++refused;
      EXPECT_EQ(opened.error().kind, ErrorKind::internal) << opened.error().message;
      continue;
    }
    for (int i = 0; i < 50; ++i) {
      const auto read = (*opened)->load(*domain::MeetingId::parse("m" + std::to_string(i)));
      if (!read) ++failed;
    }
    ignore((*opened)->due(base::from_unix_ms(1'800'000'000'000), 100), "must only not crash");
    ignore((*opened)->list(std::nullopt, "", 100), "must only not crash");
    ignore((*opened)->live(), "must only not crash");
  }
  EXPECT_GT(refused, 0);
  EXPECT_GT(failed, 0);
}

}  // namespace
