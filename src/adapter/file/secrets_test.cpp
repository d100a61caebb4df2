#include "adapter/file/secrets.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "adapter/file/private_file.hpp"
#include "adapter/system/clock.hpp"
#include "adapter/system/entropy.hpp"

namespace adapter::file {
namespace {

namespace fs = std::filesystem;
using base::ErrorKind;

class SteppedClock final : public port::Clock {
 public:
  base::Timestamp now() override { return base::Timestamp(boot); }
  base::Duration since_boot() override { return boot; }
  base::Duration boot{1000};
};

class FileSecrets : public testing::Test {
 protected:
  FileSecrets() {
    std::string pattern = (fs::temp_directory_path() / "howdah-secrets-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
  }
  ~FileSecrets() override { fs::remove_all(folder_); }

  Secrets make(std::set<std::string> names = {"link_key"}) {
    return Secrets(folder_, std::move(names), entropy_, clock_);
  }
  std::string path(const std::string& name) const { return folder_ + "/" + name; }
  void write(const std::string& name, const std::string& text, mode_t mode) const {
    std::ofstream(path(name)) << text;
    ::chmod(path(name).c_str(), mode);
  }
  static ErrorKind kind(const base::Result<std::vector<base::Secret>>& result) {
    return result ? ErrorKind::internal : result.error().kind;
  }

  std::string folder_;
  system::Entropy entropy_;
  SteppedClock clock_;
};

TEST_F(FileSecrets, WhatHasOnlyToBeRecentIsWrittenInPlaceAndPrivate) {
  ASSERT_TRUE(write_recent(path("alive"), "a longer line\n"));
  ASSERT_TRUE(write_recent(path("alive"), "ok\n"));
  EXPECT_EQ(read_private(path("alive"))->reveal(), "ok\n");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()), 1);
  EXPECT_EQ(write_recent(path("no/alive"), "ok\n").error().kind, ErrorKind::not_found);
}

TEST_F(FileSecrets, AreMadeOnFirstUsePrivateAndStayTheSame) {
  const auto first = make().fetch("link_key");
  ASSERT_TRUE(first) << first.error().message;
  ASSERT_EQ(first->size(), 1u);
  EXPECT_EQ(first->front().reveal().size(), 32u);
  struct stat status{};
  ASSERT_EQ(::stat(path("link_key").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0600U);
  const auto again = make().fetch("link_key");
  ASSERT_TRUE(again);
  EXPECT_EQ(again->front().reveal(), first->front().reveal());
}

TEST_F(FileSecrets, OthersAreNotFoundAndNeverMade) {
  auto secrets = make();
  EXPECT_EQ(kind(secrets.fetch("dns_token")), ErrorKind::not_found);
  EXPECT_FALSE(fs::exists(path("dns_token")));
  for (const auto* name : {"", "../link_key", "Link", "a/b", "a.b"}) {
    EXPECT_EQ(kind(secrets.fetch(name)), ErrorKind::not_found) << name;
  }
}

TEST_F(FileSecrets, AreRefusedWhenOthersMayReadThem) {
  for (const mode_t mode : {0640U, 0604U, 0620U, 0660U}) {
    write("link_key", std::string(43, 'A') + "\n", mode);
    EXPECT_EQ(kind(make().fetch("link_key")), ErrorKind::denied) << std::oct << mode;
  }
}

TEST_F(FileSecrets, LinksAndFoldersAreRefused) {
  write("real", std::string(43, 'A') + "\n", 0600);
  fs::create_symlink(path("real"), path("link_key"));
  EXPECT_EQ(kind(make().fetch("link_key")), ErrorKind::denied);
  fs::remove(path("link_key"));
  fs::create_directory(path("link_key"));
  EXPECT_EQ(kind(make().fetch("link_key")), ErrorKind::denied);
}

TEST_F(FileSecrets, BrokenContentIsInvalidAndNotShown) {
  for (const auto* text : {"", "\n\n", "short\n", "not base64 at all, but a secret!\n"}) {
    write("link_key", text, 0600);
    const auto result = make().fetch("link_key");
    EXPECT_EQ(kind(result), ErrorKind::invalid);
    EXPECT_EQ(result.error().message.find("secret!"), std::string::npos);
  }
}

TEST_F(FileSecrets, RotationKeepsTwoNewestFirst) {
  auto secrets = make();
  const auto first = secrets.fetch("link_key").value();
  ASSERT_TRUE(secrets.rotate("link_key"));
  const auto second = secrets.fetch("link_key").value();
  ASSERT_EQ(second.size(), 2u);
  EXPECT_EQ(second[1].reveal(), first[0].reveal());
  EXPECT_NE(second[0].reveal(), first[0].reveal());
  ASSERT_TRUE(secrets.rotate("link_key"));
  const auto third = secrets.fetch("link_key").value();
  ASSERT_EQ(third.size(), 2u);
  EXPECT_EQ(third[1].reveal(), second[0].reveal());
}

TEST_F(FileSecrets, RotationByAnotherProcessIsSeenWithinAMinute) {
  auto secrets = make();
  const auto first = secrets.fetch("link_key").value();
  ASSERT_TRUE(make().rotate("link_key"));
  EXPECT_EQ(secrets.fetch("link_key").value().size(), 1u);
  clock_.boot += std::chrono::seconds(61);
  EXPECT_EQ(secrets.fetch("link_key").value().size(), 2u);
}

TEST_F(FileSecrets, PrivateFilesAreReplacedWholeAndNewOnesRefuseToReplace) {
  ASSERT_TRUE(write_private(path("a"), base::Secret("one"), true));
  const auto second = write_private(path("a"), base::Secret("two"), true);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorKind::conflict);
  EXPECT_EQ(read_private(path("a"))->reveal(), "one");
  ASSERT_TRUE(write_private(path("a"), base::Secret("two"), false));
  EXPECT_EQ(read_private(path("a"))->reveal(), "two");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), {}), 1) << "a temporary file was left";
}

TEST_F(FileSecrets, AFolderThatOthersMayWriteIsRefused) {
  const auto folder = path("state/deep");
  ASSERT_TRUE(make_private_folder(folder));
  EXPECT_EQ(fs::status(folder).permissions(), fs::perms::owner_all);
  ASSERT_TRUE(make_private_folder(folder)) << "a second time";
  fs::permissions(folder, fs::perms::all);
  EXPECT_EQ(make_private_folder(folder).error().kind, ErrorKind::denied);
}

}  // namespace
}  // namespace adapter::file
