// Backups: taken while the store is in use, checked, never overwriting, and put back whole.
#include <sys/stat.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "adapter/sqlite/backup.hpp"
#include "contract/any_meeting.hpp"
#include "contract/store_makers.hpp"

namespace {

using adapter::sqlite::restore_backup;
using adapter::sqlite::verify_backup;
using base::ErrorKind;
using test::plain_meeting;

class StoreBackup : public ::testing::Test {
 protected:
  void must_create(const std::string& id) {
    ASSERT_TRUE(store->create({plain_meeting(id), {}, 0, {}}, std::nullopt));
  }

  test::Folder folder;
  std::string path = folder.file("store.db");
  std::string copy = folder.file("backup.db");
  std::unique_ptr<adapter::sqlite::SqliteStore> store = test::open_sqlite(path);
};

TEST_F(StoreBackup, HoldsWhatTheStoreHeldAndCanBePutBack) {
  must_create("m1");
  ASSERT_TRUE(store->backup(copy));
  must_create("m2");
  ASSERT_TRUE(verify_backup(copy));
  const auto identity = store->identity();
  store.reset();

  const auto blocked = restore_backup(copy, path);
  ASSERT_FALSE(blocked);
  EXPECT_EQ(blocked.error().kind, ErrorKind::conflict);

  const auto elsewhere = folder.file("restored.db");
  ASSERT_TRUE(restore_backup(copy, elsewhere));
  const auto restored = test::open_sqlite(elsewhere);
  EXPECT_EQ(restored->identity(), identity);
  EXPECT_TRUE(restored->load(*domain::MeetingId::parse("m1")));
  EXPECT_FALSE(restored->load(*domain::MeetingId::parse("m2")));
  EXPECT_TRUE(restored->create({plain_meeting("m3"), {}, 0, {}}, std::nullopt));
}

TEST_F(StoreBackup, IsOneFileForItsOwnerAlone) {
  must_create("m1");
  ASSERT_TRUE(store->backup(copy));
  struct stat info{};
  ASSERT_EQ(::stat(copy.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
  for (const char* suffix : {"-wal", "-shm", "-journal", ".partial"}) {
    EXPECT_FALSE(std::filesystem::exists(copy + suffix)) << suffix;
  }
}

TEST_F(StoreBackup, NeverOverwrites) {
  std::ofstream(copy) << "precious";
  const auto refused = store->backup(copy);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::conflict);
  EXPECT_EQ(std::filesystem::file_size(copy), 8U);
}

TEST_F(StoreBackup, IsOfOneMomentWhileWritersGoOn) {
  std::atomic<bool> stop = false;
  std::atomic<int> made = 0;
  std::thread writer([&] {
    for (; !stop; ++made) {
      EXPECT_TRUE(
          store->create({plain_meeting("m" + std::to_string(made)), {}, 0, {}}, std::nullopt));
    }
  });
  for (int i = 0; i < 3; ++i) {
    const int before = made;
    const auto to = copy + std::to_string(i);
    EXPECT_TRUE(store->backup(to));
    // Complete up to one cursor, with no hole.
    const auto count = std::stoi(test::ask_sql(to, "SELECT count(*) FROM meetings"));
    EXPECT_GE(count, before);
    EXPECT_EQ(test::ask_sql(to, "SELECT coalesce(max(cursor), 0) FROM meetings"),
              std::to_string(count));
  }
  stop = true;
  writer.join();
}

TEST_F(StoreBackup, ADamagedOrForeignFileIsNotABackup) {
  for (int i = 0; i < 50; ++i) must_create("m" + std::to_string(i));
  ASSERT_TRUE(store->backup(copy));
  {
    std::fstream file(copy, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(3 * 4096);
    file << std::string(4096, '\xa5');
  }
  EXPECT_FALSE(verify_backup(copy));
  EXPECT_FALSE(restore_backup(copy, folder.file("restored.db")));
  EXPECT_FALSE(std::filesystem::exists(folder.file("restored.db")));
  std::filesystem::resize_file(copy, 2 * 4096);
  EXPECT_FALSE(verify_backup(copy));
  std::ofstream(copy) << "text";
  EXPECT_FALSE(verify_backup(copy));
  EXPECT_EQ(verify_backup(folder.file("nothing")).error().kind, ErrorKind::not_found);
}

}  // namespace
