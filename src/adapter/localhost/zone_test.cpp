#include "adapter/localhost/zone.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "adapter/localhost/record_text.hpp"

namespace adapter::localhost {
namespace {

using base::ErrorKind;

class LocalhostNames : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "zoneXXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
    reopen();
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  void reopen() {
    auto opened = LocalhostZone::open({folder(), "desk.localhost", "store"});
    ASSERT_TRUE(opened) << opened.error().detail;
    zone_ = *std::move(opened);
  }
  std::string folder() const { return root_ + "/names"; }
  std::string path() const { return folder() + "/m1-1-1.record"; }
  domain::Record record(std::uint32_t generation = 1, const std::string& address = "127.0.0.1") {
    return {"m1-1-1.desk.localhost",
            address,
            {"store", domain::seat_id(*domain::MeetingId::parse("m1"), 1), 1},
            generation};
  }
  static std::string content(const std::string& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  static void fill(const std::string& file, const std::string& text) {
    std::ofstream(file, std::ios::binary) << text;
  }

  std::string root_;
  std::unique_ptr<LocalhostZone> zone_;
};

TEST_F(LocalhostNames, RecordSurvivesReopening) {
  ASSERT_TRUE(zone_->put(record()));
  reopen();
  EXPECT_EQ(zone_->list_all(), std::vector{record()});
  ASSERT_TRUE(zone_->drop(record().name, record().owner));
  reopen();
  EXPECT_TRUE(zone_->list_all()->empty());
  EXPECT_TRUE(std::filesystem::is_empty(folder()));
}

TEST_F(LocalhostNames, FilesAreForUsAlone) {
  ASSERT_TRUE(zone_->put(record()));
  struct stat facts{};
  ASSERT_EQ(::stat(path().c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777U, 0600U);
  ASSERT_EQ(::stat(folder().c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777U, 0700U);
}

TEST_F(LocalhostNames, WhateverWeWouldNotWriteIsForeignAndStays) {
  const auto good = to_text(record());
  for (const auto& text :
       {std::string(), std::string("\n"), good + "\n", good.substr(0, good.size() - 1),
        "howdah-record 2" + good.substr(15), good + "more x\n", std::string(1 << 20, 'x'),
        to_text({"m1-1-2.desk.localhost", "127.0.0.1", record().owner, 1}),
        to_text({"m1-1-1.desk.localhost", "127.0.0.1", {"another", record().owner.seat, 1}, 1}),
        std::string(good).replace(good.find("attempt 1"), 9, "attempt 01")}) {
    fill(path(), text);
    EXPECT_TRUE(zone_->list_all()->empty()) << text.substr(0, 200);
    const auto put = zone_->put(record(9));
    ASSERT_FALSE(put) << text.substr(0, 200);
    EXPECT_EQ(put.error().kind, ErrorKind::conflict);
    const auto drop = zone_->drop(record().name, record().owner);
    ASSERT_FALSE(drop) << text.substr(0, 200);
    EXPECT_EQ(drop.error().kind, ErrorKind::conflict);
    EXPECT_EQ(content(path()), text);
  }
}

TEST_F(LocalhostNames, LinksAndPipesAreForeignAndNotFollowed) {
  fill(root_ + "/elsewhere", to_text(record()));
  ASSERT_EQ(::symlink((root_ + "/elsewhere").c_str(), path().c_str()), 0);
  EXPECT_EQ(zone_->put(record(2)).error().kind, ErrorKind::conflict);
  EXPECT_TRUE(zone_->list_all()->empty());
  EXPECT_EQ(content(root_ + "/elsewhere"), to_text(record()));
  ASSERT_EQ(::unlink(path().c_str()), 0);
  ASSERT_EQ(::mkfifo(path().c_str(), 0600), 0);
  EXPECT_EQ(zone_->drop(record().name, record().owner).error().kind, ErrorKind::conflict);
  ASSERT_EQ(::unlink(path().c_str()), 0);
  ASSERT_EQ(::mkdir(path().c_str(), 0700), 0);
  EXPECT_EQ(zone_->put(record(2)).error().kind, ErrorKind::conflict);
}

TEST_F(LocalhostNames, ForeignFileBlocksNoOtherRecord) {
  fill(folder() + "/m1-2-1.record", "garbage");
  fill(folder() + "/README", "garbage");
  ASSERT_TRUE(zone_->put(record()));
  EXPECT_EQ(zone_->list_all(), std::vector{record()});
}

TEST_F(LocalhostNames, DraftOfACrashIsNoRecordAndDoesNotBlock) {
  fill(folder() + "/.m1-1-1.record.draft", "half");
  EXPECT_TRUE(zone_->list_all()->empty());
  ASSERT_TRUE(zone_->put(record()));
  EXPECT_EQ(zone_->list_all(), std::vector{record()});
  EXPECT_FALSE(std::filesystem::exists(folder() + "/.m1-1-1.record.draft"));
}

TEST_F(LocalhostNames, ADraftThatNobodyOverwritesGoesAtTheNextStart) {
  fill(folder() + "/.m2-1-1.record.draft", "half");
  fill(folder() + "/.notes.draft", "somebody else's");
  reopen();
  EXPECT_FALSE(std::filesystem::exists(folder() + "/.m2-1-1.record.draft"));
  EXPECT_TRUE(std::filesystem::exists(folder() + "/.notes.draft"));
}

TEST_F(LocalhostNames, NamesCannotLeaveTheFolder) {
  for (const auto* name : {"../x.desk.localhost", "a/b.desk.localhost", "*.desk.localhost",
                           "desk.localhost", ".desk.localhost", "x.localhost", "",
                           "x.y.desk.localhost", "X.desk.localhost", "x.desk.localhost."}) {
    auto bad = record();
    bad.name = name;
    EXPECT_EQ(zone_->put(bad).error().kind, ErrorKind::invalid) << name;
    EXPECT_EQ(zone_->drop(name, bad.owner).error().kind, ErrorKind::invalid) << name;
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder()));
}

TEST_F(LocalhostNames, LostFolderIsUnavailableNotEmpty) {
  ASSERT_TRUE(zone_->put(record()));
  std::filesystem::remove_all(folder());
  EXPECT_FALSE(zone_->put(record(2)));
}

TEST_F(LocalhostNames, BadOptionsAreRefused) {
  EXPECT_EQ(LocalhostZone::open({folder(), "Desk.localhost", "store"}).error().kind,
            ErrorKind::invalid);
  EXPECT_EQ(LocalhostZone::open({folder(), "desk..localhost", "store"}).error().kind,
            ErrorKind::invalid);
  EXPECT_EQ(LocalhostZone::open({folder(), "desk.localhost", ""}).error().kind, ErrorKind::invalid);
  EXPECT_EQ(LocalhostZone::open({root_ + "/no/names", "desk.localhost", "s"}).error().kind,
            ErrorKind::unavailable);
}

}  // namespace
}  // namespace adapter::localhost
