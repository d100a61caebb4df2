// A disk that is full or read-only, for real: a small file system of its own in a process of its
// own.
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>

#include <fstream>

#include "child.hpp"
#include "contract/any_meeting.hpp"
#include "contract/store_makers.hpp"

namespace {

using adapter::sqlite::SqliteStore;
using base::ErrorKind;
using test::plain_meeting;
using namespace std::chrono_literals;

// A new file system at `folder`, seen by this process alone; false when the system forbids it.
bool mount_small(const std::string& folder) {
  if (::unshare(CLONE_NEWNS) != 0 && ::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return false;
  if (::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return false;
  return ::mount("tmpfs", folder.c_str(), "tmpfs", 0, "size=3m,mode=700") == 0;
}

// Runs `body` with a folder on a file system of 3 MB.
void on_small_disk(const std::function<void(const test::Folder&)>& body) {
  const test::Folder folder;
  test::Child child([&](int out) {
    const bool mounted = mount_small(folder.path());
    test::write_line(out, mounted ? "mounted" : "forbidden");
    if (mounted) body(folder);
  });
  const auto line = child.read_line();
  EXPECT_TRUE(child.wait());
  if (line == "forbidden") GTEST_SKIP() << "this system lets nobody mount a tmpfs";
}

TEST(StoreFull, AFullDiskIsAClearErrorReadsGoOnAndItHeals) {
  on_small_disk([](const test::Folder& folder) {
    const auto path = folder.file("store.db");
    const auto store = test::open_sqlite(path);
    std::ofstream(folder.file("ballast")) << std::string(1U << 20U, 'x');
    int stored = 0;
    base::Error error;
    while (stored < 10'000) {
      const auto id = "m" + std::to_string(stored);
      const auto created = store->create({plain_meeting(id), {}, 0, {}}, std::nullopt);
      if (!created) {
        error = created.error();
        break;
      }
      ++stored;
    }
    EXPECT_GT(stored, 10);
    EXPECT_EQ(error.kind, ErrorKind::unavailable) << error.message << error.detail;
    EXPECT_NE(error.message.find("full"), std::string::npos) << error.message;
    EXPECT_NE(error.message.find(path), std::string::npos) << error.message;
    EXPECT_FALSE(store->healthy());
    EXPECT_FALSE(store->check_writable());

    // What changes nothing needs no room, and is no sign that there is some.
    const auto now = base::from_unix_ms(1'790'000'000'000);
    EXPECT_EQ(*store->purge(now, 10), 0U);
    EXPECT_FALSE(store->healthy()) << "a purge with nothing to do";
    EXPECT_EQ(store->take_login("no such code", now).error().kind, ErrorKind::not_found);
    EXPECT_FALSE(store->healthy()) << "a login with a wrong code";
    auto stale = plain_meeting("m0");
    stale.version = 99;
    EXPECT_EQ(store->save({stale, {}, 0, {}}).error().kind, ErrorKind::conflict);
    EXPECT_FALSE(store->healthy()) << "a change that came too late";

    EXPECT_EQ(store->live()->size(), static_cast<std::size_t>(stored));
    EXPECT_TRUE(store->load(*domain::MeetingId::parse("m0")));
    EXPECT_FALSE(store->load(*domain::MeetingId::parse("m" + std::to_string(stored))));

    std::filesystem::remove(folder.file("ballast"));
    EXPECT_TRUE(store->check_writable());
    EXPECT_TRUE(store->healthy());
    EXPECT_TRUE(store->create({plain_meeting("later"), {}, 0, {}}, std::nullopt));
    EXPECT_EQ(test::ask_sql(path, "PRAGMA integrity_check"), "ok");
  });
}

TEST(StoreFull, AnIdleStoreFindsOutThatTheDiskIsFullAndThatThereIsRoomAgain) {
  on_small_disk([](const test::Folder& folder) {
    const auto path = folder.file("store.db");
    const auto store = test::open_sqlite(path);
    const auto begin = base::from_unix_ms(1'790'000'000'000);
    EXPECT_TRUE(store->ready(begin));
    {
      std::ofstream file(folder.file("ballast"));
      while (file << std::string(4096, 'x') << std::flush) {
      }
    }
    EXPECT_TRUE(store->ready(begin + 29s)) << "a try costs a sync, and everybody may ask";
    const auto full = store->ready(begin + 30s);
    EXPECT_TRUE(!full && full.error().message.find("full") != std::string::npos);
    EXPECT_FALSE(store->ready(begin + 31s));
    std::filesystem::remove(folder.file("ballast"));
    EXPECT_TRUE(store->ready(begin + 32s));
    EXPECT_TRUE(store->ready(begin - 1h)) << "the clock was set back";
  });
}

TEST(StoreFull, NothingHalfMadeIsLeftWhenThereIsNoRoomForAStoreOrABackup) {
  on_small_disk([](const test::Folder& folder) {
    const auto fill = [&] {
      std::ofstream file(folder.file("ballast"), std::ios::app);
      while (file << std::string(4096, 'x') << std::flush) {
      }
    };
    fill();
    EXPECT_FALSE(SqliteStore::open(folder.file("store.db"), test::kEntropy));
    EXPECT_FALSE(std::filesystem::exists(folder.file("store.db")));
    EXPECT_FALSE(std::filesystem::exists(folder.file("store.db.new")));

    std::filesystem::remove(folder.file("ballast"));
    const auto store = test::open_sqlite(folder.file("store.db"));
    fill();
    EXPECT_FALSE(store->backup(folder.file("backup.db")));
    EXPECT_FALSE(std::filesystem::exists(folder.file("backup.db")));
    EXPECT_FALSE(std::filesystem::exists(folder.file("backup.db.partial")));
  });
}

TEST(StoreFull, AReadOnlyDiskIsRefusedAndSaysWhatToDo) {
  on_small_disk([](const test::Folder& folder) {
    const auto path = folder.file("store.db");
    test::open_sqlite(path);
    EXPECT_EQ(::mount("none", folder.path().c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr), 0);
    for (const auto& file : {path, folder.file("another.db")}) {
      const auto opened = SqliteStore::open(file, test::kEntropy);
      EXPECT_FALSE(opened);
      if (opened) continue;
      EXPECT_EQ(opened.error().kind, ErrorKind::unavailable) << opened.error().message;
      EXPECT_NE(opened.error().message.find(file), std::string::npos) << opened.error().message;
      EXPECT_NE(opened.error().message.find("ead-only"), std::string::npos)
          << opened.error().message;
    }
  });
}

}  // namespace
