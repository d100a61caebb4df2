// A hundred thousand meetings: little memory, and no scan where there must be none.
#include <fstream>
#include <sstream>

#include "child.hpp"
#include "contract/any_meeting.hpp"
#include "contract/store_makers.hpp"
#include "domain/meeting_json.hpp"

namespace {

constexpr int kMeetings = 100'000;

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
constexpr bool kMemoryIsOurs = false;  // the sanitizer keeps what was freed
#else
constexpr bool kMemoryIsOurs = true;
#endif
#endif

// The number after `key` in a file of /proc/self.
long proc_number(const std::string& file, const std::string& key) {
  std::ifstream lines("/proc/self/" + file);
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind(key, 0) == 0) return std::stol(line.substr(key.size()));
  }
  ADD_FAILURE() << key << " is not in " << file;
  return 0;
}

std::string fill(const std::string& path) {
  const auto body = domain::to_json(test::plain_meeting("mxxxxx"));
  return test::run_sql(
      path,
      "WITH RECURSIVE n (i) AS (SELECT 100000 UNION ALL SELECT i + 1 FROM n LIMIT " +
          std::to_string(kMeetings) +
          ") INSERT INTO meetings (id, version, owner, start, wake_at, desktops, cursor, body) "
          "SELECT 'm' || i, 1, 'ada', 1796115600000 + i * 7919 % 100000, "
          "1796115000000 + i * 7919 % 100000, 0, i, replace('" +
          body + "', 'mxxxxx', 'm' || i) FROM n");
}

TEST(StoreSize, AHundredThousandMeetingsNeedLittleMemoryAndNoScanToOpen) {
  const test::Folder folder;
  const auto path = folder.file("store.db");
  test::open_sqlite(path);
  ASSERT_EQ(fill(path), "");
  test::Child child([&](int) {
    const auto memory_before = proc_number("status", "VmRSS:");
    const auto read_before = proc_number("io", "rchar:");
    const auto store = test::open_sqlite(path);
    const auto now = test::plain_meeting("x").start.at;
    EXPECT_TRUE(*store->next_wake());
    EXPECT_EQ(store->due(now, 100)->size(), 100U);
    EXPECT_EQ(store->list(std::nullopt, "", 50)->meetings.size(), 50U);
    EXPECT_EQ(store->list(domain::PrincipalId::parse("ada").value(), "", 50)->meetings.size(), 50U);
    EXPECT_TRUE(store->create({test::plain_meeting("new"), {}, 0, {}}, std::nullopt));
    // The whole is about 90 MB.
    EXPECT_LT(proc_number("io", "rchar:") - read_before, 4 << 20);
    EXPECT_EQ(store->live()->size(), kMeetings + 1U);
    if (kMemoryIsOurs) {
      EXPECT_LT(proc_number("status", "VmRSS:") - memory_before, 40 << 10);
    }
  });
  EXPECT_TRUE(child.wait());
}

}  // namespace
