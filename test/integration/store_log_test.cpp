// What reaches the write-ahead log, and when.

#include <set>

#include "integration/store_work.hpp"

namespace test {
namespace {

using sim::Disk;
using sim::DiskCall;

constexpr std::string_view kFirst = "0123456789abcdef";

std::uint64_t calls(const Disk& disk, DiskCall call) {
  return disk.calls().at(static_cast<std::size_t>(call));
}

TEST(StoreLog, ABookingIsOneWriteAndOneSync) {
  Disk disk(1);
  const auto store = *open_on(disk, kFirst);
  ASSERT_TRUE(book(*store, 1));
  const auto writes = calls(disk, DiskCall::write);
  const auto syncs = calls(disk, DiskCall::sync);
  ASSERT_TRUE(book(*store, 2));
  EXPECT_EQ(calls(disk, DiskCall::write) - writes, 1U);
  EXPECT_EQ(calls(disk, DiskCall::sync) - syncs, 1U);
}

// A transaction that does not fit into memory goes to the log before it is committed, and is read
// again from there.
TEST(StoreLog, WhatWasGatheredIsReadAgainBeforeItIsCommitted) {
  Disk disk(1);
  ASSERT_TRUE(open_on(disk, kFirst));
  const auto writer = *Connection::open(kStorePath, Connection::Mode::read_write, 16, disk.vfs());
  const auto sum = "SELECT coalesce(sum(length(data) + id), 0) FROM trial WHERE id > 1";
  const auto add =
      "WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 101) "
      "INSERT INTO trial (id, data) SELECT i, zeroblob(5000) FROM n";
  const std::int64_t all = 100 * 5000 + 5150;
  for (const bool keep : {false, true}) {
    ASSERT_TRUE(writer->execute("BEGIN IMMEDIATE"));
    ASSERT_TRUE(writer->execute(add));
    EXPECT_EQ(*writer->integer(sum), all);
    ASSERT_TRUE(writer->execute("UPDATE trial SET data = zeroblob(4999) WHERE id > 1"));
    EXPECT_EQ(*writer->integer(sum), all - 100);
    ASSERT_TRUE(writer->execute(keep ? "COMMIT" : "ROLLBACK"));
    EXPECT_EQ(*writer->integer(sum), keep ? all - 100 : 0);
    const auto reader = *Connection::open(kStorePath, Connection::Mode::read_only, 16, disk.vfs());
    EXPECT_EQ(*reader->integer(sum), keep ? all - 100 : 0);
    EXPECT_TRUE(reader->execute("PRAGMA integrity_check"));
  }
}

// More than the system's VFS writes in one call.
TEST(StoreLog, ALargeCommitIsWrittenWhole) {
  Disk disk(1);
  auto store = open_on(disk, kFirst);
  auto meeting = plain_meeting("large");
  meeting.title = std::string(700'000, 'x');
  ASSERT_TRUE((*store)->create({meeting, {audit_entry("book")}, 0, {}}, std::nullopt));
  base::Rng rng(1);
  Disk later(2, disk.after_power_loss(rng));
  store->reset();
  const auto again = *open_on(later, kFirst);
  EXPECT_EQ(again->load(meeting.id)->title, meeting.title);
}

}  // namespace
}  // namespace test
