// SIGKILL at any moment: what was acknowledged is there, the rest happened fully or not at all
// (S24).
#include <map>
#include <thread>

#include "base/random.hpp"
#include "child.hpp"
#include "contract/any_meeting.hpp"
#include "contract/store_makers.hpp"

namespace {

constexpr int kRounds = 20;
constexpr int kWriters = 4;
constexpr std::uint32_t kAcknowledgedMax = 40;

port::AuditEntry entry() {
  return {0, base::from_unix_ms(5), port::AuditEntry::Kind::command, "ada", "save", "", "", ""};
}

// Books meetings and saves each a few times; tells "id version" after each acknowledgement. A
// meeting of version n has epoch n and n audit rows.
void write_for_ever(const std::string& path, int round, int out) {
  const auto store = test::open_sqlite(path);
  std::vector<std::thread> writers;
  for (int w = 0; w < kWriters; ++w) {
    writers.emplace_back([&, w] {
      for (int n = 0;; ++n) {
        const auto id =
            "r" + std::to_string(round) + "w" + std::to_string(w) + "n" + std::to_string(n);
        auto created = store->create({test::plain_meeting(id), {entry()}, 0, {}}, std::nullopt);
        if (!created) ::_exit(2);
        auto meeting = created->meeting;
        test::write_line(out, id + " 1");
        for (int i = 0; i < 3; ++i) {
          ++meeting.seats[0].epoch;
          const auto saved = store->save({meeting, {entry()}, 0, {}});
          if (!saved) ::_exit(2);
          meeting.version = *saved;
          test::write_line(out, id + " " + std::to_string(*saved));
        }
      }
    });
  }
  for (auto& writer : writers) writer.join();
}

TEST(StoreCrash, NothingAcknowledgedIsLostAndNothingIsHalfDone) {
  const test::Folder folder;
  const auto path = folder.file("store.db");
  base::Rng rng(20'261'123);
  std::map<std::string, std::uint64_t> acknowledged;
  for (int round = 0; round < kRounds; ++round) {
    test::Child child([&](int out) { write_for_ever(path, round, out); });
    const auto note = [&](const std::string& line) {
      const auto blank = line.find(' ');
      acknowledged[line.substr(0, blank)] = std::stoull(line.substr(blank + 1));
    };
    // The moment: after some acknowledgements, while the next writes are under way.
    for (auto count = rng.below(kAcknowledgedMax); count > 0; --count) {
      const auto line = child.read_line();
      ASSERT_FALSE(line.empty()) << "the child ended by itself";
      note(line);
    }
    child.kill();
    for (auto line = child.read_line(); !line.empty(); line = child.read_line()) note(line);

    const auto store = test::open_sqlite(path);
    ASSERT_TRUE(store);
    for (const auto& [id, version] : acknowledged) {
      const auto meeting = store->load(*domain::MeetingId::parse(id));
      ASSERT_TRUE(meeting) << id << " was acknowledged and is lost";
      EXPECT_GE(meeting->version, version);
    }
    const auto live = *store->live();
    for (const auto& id : live) {
      const auto meeting = *store->load(id);
      EXPECT_EQ(meeting.seats[0].epoch, meeting.version);
      EXPECT_EQ(store->audit(id)->size(), meeting.version);
    }
    EXPECT_EQ(test::ask_sql(path, "PRAGMA integrity_check"), "ok");
  }
  EXPECT_GT(acknowledged.size(), static_cast<std::size_t>(kRounds));
}

}  // namespace
