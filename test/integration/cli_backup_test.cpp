// `howdah backup` and `howdah restore` as people run them when something is not as it should be:
// all of it is there, or nothing.
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <set>

#include "integration/cli_support.hpp"

namespace {

namespace fs = std::filesystem;

class Backup : public testing::Test {
 protected:
  void SetUp() override {
    cli::Server server(folder_, "");
    ASSERT_TRUE(server.wait_until_serving()) << server.log();
    EXPECT_EQ(server.howdah({"book", "--title", "Algebra", "--start", "+2h"}).code, 0);
    EXPECT_EQ(server.stop(SIGTERM), 0);
  }
  static cli::Output howdah(std::vector<std::string> words, const std::string& state) {
    words.insert(words.begin(), HOWDAH_BINARY);
    words.insert(words.end(), {"--state", state});
    return cli::run(words);
  }
  cli::Output backup(const std::string& to) const { return howdah({"backup", to}, state_); }
  cli::Output restore() const { return howdah({"restore", away_}, elsewhere_); }
  // What is in the folder; the lock is of no server.
  static std::set<std::string> names_in(const std::string& folder) {
    std::set<std::string> names;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(folder, error)) {
      if (entry.path().filename() != "lock") names.insert(entry.path().filename());
    }
    return names;
  }
  static void set_mode(const std::string& path, unsigned mode) {
    fs::permissions(path, static_cast<fs::perms>(mode));
  }

  cli::Folder folder_;
  const std::string state_ = folder_ / "state";
  const std::string away_ = folder_ / "backup";
  const std::string elsewhere_ = folder_ / "elsewhere";
};

// A store without its keys would get new ones at the next start, and every link would be void.
TEST_F(Backup, ARestoreThatCannotTakeAKeyLeavesNothing) {
  ASSERT_EQ(backup(away_).code, 0);
  for (const std::string key : {"api_key", "secrets/link_key"}) {
    set_mode(away_ + "/" + key, 0644);
    const auto refused = restore();
    EXPECT_NE(refused.code, 0);
    EXPECT_NE(refused.err.find(key + ": others may read or write it"), std::string::npos)
        << refused.err;
    EXPECT_NE(refused.err.find("chmod 600"), std::string::npos) << refused.err;
    EXPECT_EQ(names_in(elsewhere_), std::set<std::string>());
    set_mode(away_ + "/" + key, 0600);
  }
  const auto restored = restore();
  EXPECT_EQ(restored.code, 0) << restored.err;
  for (const std::string key : {"api_key", "secrets/link_key"}) {
    const auto content = cli::read_file(state_ + "/" + key);
    EXPECT_NE(content, "") << key;
    EXPECT_EQ(cli::read_file(elsewhere_ + "/" + key), content) << key;
  }
  EXPECT_TRUE(fs::exists(elsewhere_ + "/howdah.db"));
}

TEST_F(Backup, ARestoreWhoseStoreCannotBePlacedLeavesNoKeys) {
  ASSERT_EQ(backup(away_).code, 0);
  fs::create_directory(elsewhere_);
  set_mode(elsewhere_, 0700);
  cli::write_file(elsewhere_ + "/howdah.db-wal", "of another store");
  EXPECT_NE(restore().code, 0);
  EXPECT_EQ(names_in(elsewhere_), std::set<std::string>{"howdah.db-wal"});
  fs::remove(elsewhere_ + "/howdah.db-wal");
  fs::resize_file(away_ + "/howdah.db", 100);
  EXPECT_NE(restore().code, 0);
  EXPECT_EQ(names_in(elsewhere_), std::set<std::string>());
}

// As a shell completes it.
TEST_F(Backup, AFolderMayBeNamedWithASlashAtItsEnd) {
  const auto made = backup(away_ + "//");
  EXPECT_EQ(made.code, 0) << made.err;
  EXPECT_TRUE(names_in(away_).contains("howdah.db"));
  EXPECT_FALSE(fs::exists(away_ + "/.partial"));
  EXPECT_EQ(backup(away_ + "/").code, 4) << "never over another";
  EXPECT_NE(backup("").code, 0);
  EXPECT_NE(backup("/").code, 0);
}

TEST_F(Backup, WhatLiesThereUnderTheNameOfAnUnfinishedOneIsLeft) {
  fs::create_directory(away_ + ".partial");
  cli::write_file(away_ + ".partial/notes", "somebody's");
  const auto made = backup(away_);
  EXPECT_EQ(made.code, 4) << made.err;
  EXPECT_NE(made.err.find(away_ + ".partial is there"), std::string::npos) << made.err;
  EXPECT_EQ(cli::read_file(away_ + ".partial/notes"), "somebody's");
  EXPECT_FALSE(fs::exists(away_));
}

TEST_F(Backup, AnUnfinishedBackupLeavesNoKeys) {
  const auto before = names_in(folder_.path());
  set_mode(state_ + "/secrets/link_key", 0644);
  EXPECT_NE(backup(away_).code, 0);
  EXPECT_EQ(names_in(folder_.path()), before);
}

}  // namespace
