// Kills the real server again and again, at moments drawn from a seed, while meetings are in every
// phase, and asks the machine (not howdah) whether a seat ever had two desktops and whether
// anything is left in the end; and howdah, whether it still knows all that it acknowledged.
//   KILLS=2000 KILL_SEED=7 build/asan/test/kill_loop

#include <gtest/gtest.h>
#include <sqlite3.h>

#include "integration/organiser_under_fire.hpp"

namespace live {
namespace {

std::uint64_t number_from(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

// Looks at the machine all the time, until it goes out of scope.
class Sampler {
 public:
  Sampler(const Grounds& grounds, Ledger& ledger)
      : thread_([this, &grounds, &ledger](const std::stop_token& stop) {
          while (!stop.stop_requested()) {
            for (const auto& seat : doubled_seats(grounds)) {
              ledger.broken("two desktops for one seat: " + seat);
            }
            most_ = std::max(most_.load(), desktops(grounds).size());
            ++samples_;
            ::poll(nullptr, 0, 25);
          }
        }) {}
  std::uint64_t samples() const { return samples_; }
  std::size_t most() const { return most_; }

 private:
  std::atomic<std::uint64_t> samples_{0};
  std::atomic<std::size_t> most_{0};
  std::jthread thread_;
};

std::string integrity(const std::string& folder) {
  std::string answers;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file() ||
        !slurp(entry.path()).starts_with(std::string("SQLite format 3"))) {
      continue;
    }
    sqlite3* database = nullptr;
    sqlite3_open_v2(entry.path().c_str(), &database, SQLITE_OPEN_READWRITE, nullptr);
    const auto take = [](void* out, int, char** values, char**) {
      *static_cast<std::string*>(out) += values[0];
      return 0;
    };
    if (sqlite3_exec(database, "PRAGMA integrity_check", take, &answers, nullptr) != SQLITE_OK) {
      answers += sqlite3_errmsg(database);
    }
    sqlite3_close_v2(database);
  }
  return answers;
}

class KillLoop : public ::testing::Test {
 protected:
  void kill_and_start_again(std::uint64_t kills, base::Rng rng) {
    for (std::uint64_t i = 0; i < kills && ledger_.broken().empty(); ++i) {
      server_.start();
      // Mostly soon, so that starts are hit too; now and then late, so that meetings get on; and
      // sometimes long enough that the server is again sure who is absent.
      auto lives_ms = 50 + rng.below(850);
      if (i % 4 == 0) {
        ASSERT_TRUE(server_.ready()) << server_.output();
        lives_ms = i % 16 == 0 ? 3000 + rng.below(1000) : rng.below(1000);
      }
      ASSERT_FALSE(server_.ended(Milliseconds(lives_ms)))
          << "the server ended by itself, status " << server_.status() << "\n"
          << server_.output();
      ledger_.count_stages();
      server_.kill();
      if ((i + 1) % 50 == 0) {
        std::printf("   %llu kills\n", static_cast<unsigned long long>(i + 1));
        std::fflush(stdout);
      }
    }
  }

  void end_all() {
    for (const auto& one : ledger_.booked()) {
      const auto path = "/v1/meetings/" + one.id + "/end";
      const auto reply = server_.client().post(path, server_.organiser(), "{}");
      ASSERT_TRUE(reply.has_value()) << path;
      EXPECT_EQ(reply->status, 200) << one.id << reply->body;
    }
  }

  std::set<std::string> listed() {
    std::set<std::string> ids;
    std::string from;
    do {
      const auto reply =
          server_.client().get("/v1/meetings?limit=50&from=" + from, server_.organiser());
      if (!reply || reply->status != 200) return {};
      const auto page = reply->json();
      for (const auto& one : page.at("meetings").as_array()) ids.insert(text_of(one, "id"));
      from = text_of(page, "next");
    } while (!from.empty());
    return ids;
  }

  void expect_all_known() {
    const auto known = listed();
    for (auto& one : ledger_.booked()) {
      EXPECT_TRUE(known.contains(one.id)) << "an acknowledged booking is not listed: " << one.id;
      for (auto& person : one.people) {
        const auto reply = person.exchange(server_.client());
        EXPECT_TRUE(reply && reply->status == 200) << "a link does not work: " << person.seat;
      }
      auto headers = server_.organiser();
      headers.emplace_back("Idempotency-Key", one.key);
      auto again = server_.client().post("/v1/meetings", headers, one.body);
      eventually(Milliseconds(30'000), [&] {  // of many some come too quickly
        if (again && again->status == 429) {
          again = server_.client().post("/v1/meetings", headers, one.body);
        }
        return !again || again->status != 429;
      });
      ASSERT_TRUE(again) << "no answer to the same booking again: " << one.id;
      EXPECT_EQ(again->status, 201) << again->body;
      EXPECT_EQ(text_of(again->json(), "id"), one.id) << "the same booking made another meeting";
    }
    EXPECT_GE(known.size(), ledger_.booked().size());
  }

  void expect_nothing_left() {
    std::vector<std::string> left;
    eventually(Milliseconds(30'000), [&] {
      left = leftovers(server_.grounds());
      for (auto& one : connections_of(server_.pid())) left.push_back("socket " + one);
      return left.empty();
    });
    EXPECT_TRUE(left.empty()) << left.size() << " things are left 30 s after the last end:\n"
                              << boost::json::serialize(boost::json::value_from(left));
  }

  Server server_;
  Ledger ledger_;
};

TEST_F(KillLoop, NothingIsLostDoubledOrLeftHoweverOftenTheServerIsKilled) {
  const auto kills = number_from("KILLS", 200);
  const auto seed = number_from("KILL_SEED", static_cast<std::uint64_t>(::getpid()));
  std::printf("   %llu kills, KILL_SEED=%llu\n", static_cast<unsigned long long>(kills),
              static_cast<unsigned long long>(seed));
  const base::Rng rng(seed);
  server_.start();
  ASSERT_TRUE(server_.ready()) << server_.output();
  server_.kill();
  std::atomic<bool> last = false;
  Sampler sampler(server_.grounds(), ledger_);
  {
    std::vector<std::unique_ptr<Organiser>> organisers;
    std::vector<std::jthread> threads;  // gone before those whom they run
    for (std::size_t i = 0; i < 5; ++i) {
      organisers.push_back(std::make_unique<Organiser>(
          i, server_, ledger_, rng.fork("organiser" + std::to_string(i)), last));
      threads.emplace_back([one = organisers.back().get()] { one->run(); });
    }
    kill_and_start_again(kills, rng.fork("kills"));
    last = true;
  }
  ASSERT_FALSE(HasFatalFailure());
  server_.start();
  ASSERT_TRUE(server_.ready()) << server_.output();
  end_all();
  expect_nothing_left();
  expect_all_known();
  for (const auto& what : ledger_.broken()) ADD_FAILURE() << what;
  for (const auto& [stage, count] : ledger_.killed_in()) {
    std::printf("   killed while %s: %d\n", stage.c_str(), count);
  }
  std::printf("   %zu meetings, at most %zu desktops at once, %llu looks at the machine\n",
              ledger_.booked().size(), sampler.most(),
              static_cast<unsigned long long>(sampler.samples()));
  for (const auto* stage :
       {"booked", "starting", "ready", "connected", "ending", "cancelled", "restarting"}) {
    if (kills >= 200) EXPECT_GT(ledger_.killed_in()[stage], 0) << "never killed while " << stage;
  }
  EXPECT_TRUE(server_.stop());
  EXPECT_EQ(server_.status(), 0);
  EXPECT_EQ(integrity(server_.grounds().folder), "ok");
  if (HasFailure()) server_.keep_folder();
}

}  // namespace
}  // namespace live
