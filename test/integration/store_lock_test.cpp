// One process a state folder.
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "adapter/sqlite/state_lock.hpp"
#include "child.hpp"
#include "contract/store_makers.hpp"

namespace {

using adapter::sqlite::StateLock;

constexpr base::Timestamp kNow = base::from_unix_ms(1'796'115'600'000);

unsigned mode_of(const std::string& path) {
  struct stat info{};
  EXPECT_EQ(::stat(path.c_str(), &info), 0) << path;
  return info.st_mode & 0777U;
}

TEST(StateLock, sec_23_the_second_process_is_refused_and_told_the_holder) {
  const test::Folder folder;
  const auto state = folder.file("a/state");
  test::Child holder([&](int out) {
    const auto lock = StateLock::take(state, kNow);
    EXPECT_TRUE(lock) << lock.error().message;
    test::write_line(out, "locked");
    ::pause();
  });
  ASSERT_EQ(holder.read_line(), "locked");

  const auto second = StateLock::take(state, kNow);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, base::ErrorKind::conflict);
  EXPECT_NE(second.error().message.find("process " + std::to_string(holder.process()) +
                                        ", started 2026-12-01T09:00:00Z"),
            std::string::npos)
      << second.error().message;

  // However the holder ends, the folder is free.
  holder.kill();
  EXPECT_TRUE(StateLock::take(state, kNow));
}

// Between fork and exec a child has all that its parent had open, its locks too.
TEST(StateLock, AChildThatAKilledServerLeftForMomentsIsWaitedFor) {
  const test::Folder folder;
  const auto state = folder.file("state");
  test::Child holder([&](int out) {
    const auto lock = StateLock::take(state, kNow);
    EXPECT_TRUE(lock) << lock.error().message;
    if (::fork() == 0) {
      ::poll(nullptr, 0, 300);
      ::_exit(0);
    }
    test::write_line(out, "locked");
    ::pause();
  });
  ASSERT_EQ(holder.read_line(), "locked");
  holder.kill();
  const auto next = StateLock::take(state, kNow);
  EXPECT_TRUE(next) << next.error().message;
}

TEST(StateLock, MakesAPrivateFolderWhateverTheUmask) {
  const test::Folder folder;
  const auto before = ::umask(0);
  const auto lock = StateLock::take(folder.file("state"), kNow);
  ::umask(before);
  ASSERT_TRUE(lock);
  EXPECT_EQ(mode_of(folder.file("state")), 0700U);
  EXPECT_EQ(mode_of(folder.file("state/lock")), 0600U);
}

TEST(StateLock, AFolderThatOthersMayReadIsRefusedAndLeftAsItIs) {
  const test::Folder folder;
  const auto state = folder.file("state");
  ASSERT_EQ(::mkdir(state.c_str(), 0755), 0);
  const auto lock = StateLock::take(state, kNow);
  ASSERT_FALSE(lock);
  EXPECT_EQ(lock.error().kind, base::ErrorKind::denied);
  EXPECT_NE(lock.error().message.find("chmod 700"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(state + "/lock"));
}

TEST(StateLock, AFileInTheWayIsNamed) {
  const test::Folder folder;
  {
    std::FILE* file = std::fopen(folder.file("state").c_str(), "w");
    std::fclose(file);
  }
  const auto lock = StateLock::take(folder.file("state"), kNow);
  ASSERT_FALSE(lock);
  EXPECT_NE(lock.error().message.find("is not a folder"), std::string::npos);
  EXPECT_FALSE(StateLock::take(folder.file("state/below"), kNow));
}

TEST(StateLock, IsFreeAgainWhenItEnds) {
  const test::Folder folder;
  {
    const auto lock = StateLock::take(folder.file("state"), kNow);
    ASSERT_TRUE(lock);
  }
  EXPECT_TRUE(StateLock::take(folder.file("state"), kNow));
}

}  // namespace
