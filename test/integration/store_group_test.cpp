// Group commit: what one write does to the others of its group, and what a caller may do meanwhile.
#include <gtest/gtest.h>

#include <fstream>
#include <future>
#include <thread>

#include "adapter/sqlite/group_commit.hpp"
#include "contract/store_makers.hpp"

namespace {

using adapter::sqlite::Connection;
using adapter::sqlite::GroupCommit;
using base::ErrorKind;
using base::Result;

class StoreGroup : public testing::Test {
 protected:
  StoreGroup() {
    std::ofstream(path_).close();
    EXPECT_EQ(test::run_sql(path_, "CREATE TABLE notes (text TEXT)"), "");
    group_ =
        std::make_unique<GroupCommit>(*Connection::open(path_, Connection::Mode::read_write, 256));
  }

  Result<> add(std::string_view text) {
    return group_->run([text](Connection& connection) { return insert(connection, text); });
  }
  static Result<> insert(Connection& connection, std::string_view text) {
    return connection.query("INSERT INTO notes (text) VALUES (?)").bind(text).run();
  }
  std::string notes() const {
    return test::ask_sql(path_, "SELECT text FROM notes ORDER BY rowid");
  }

  // Keeps the group led until the answer's promise is kept: what comes meanwhile is one group.
  std::promise<void> hold() {
    std::promise<void> release;
    std::promise<void> leads;
    auto led = leads.get_future();
    threads_.emplace_back([this, &leads, released = release.get_future().share()]() mutable {
      EXPECT_TRUE(group_->run([&](Connection& connection) {
        leads.set_value();
        released.wait();
        return insert(connection, "first");
      }));
    });
    led.wait();
    return release;
  }
  void start(const std::function<void()>& body) { threads_.emplace_back(body); }
  void join() {
    for (auto& thread : threads_) thread.join();
    threads_.clear();
  }

  test::Folder folder_;
  std::string path_ = folder_.file("notes.db");
  std::unique_ptr<GroupCommit> group_;
  std::vector<std::thread> threads_;
};

TEST_F(StoreGroup, AWriteThatFailsHalfwayIsUndoneAlone) {
  std::atomic<int> waiting{0};
  group_->set_meanwhile([&] {
    ++waiting;
    return false;
  });
  auto release = hold();
  const auto work = [&](std::string_view text, bool fails) {
    start([this, text, fails] {
      const auto done = group_->run([&](Connection& connection) -> Result<> {
        TRY(insert(connection, text));
        if (fails) return base::fail(ErrorKind::conflict, "no");
        return {};
      });
      EXPECT_EQ(done.has_value(), !fails) << text;
    });
  };
  work("second", false);
  work("never", true);
  work("third", false);
  while (waiting < 3) std::this_thread::yield();
  release.set_value();
  join();
  const auto kept = notes();
  EXPECT_NE(kept.find("second"), std::string::npos) << kept;
  EXPECT_NE(kept.find("third"), std::string::npos) << kept;
  EXPECT_EQ(kept.find("never"), std::string::npos) << kept;
}

TEST_F(StoreGroup, AWriteThatFailsAloneLeavesNothing) {
  const auto done = group_->run([](Connection& connection) -> Result<> {
    TRY(insert(connection, "never"));
    return base::fail(ErrorKind::conflict, "no");
  });
  EXPECT_EQ(done.error().kind, ErrorKind::conflict);
  EXPECT_TRUE(add("kept"));
  EXPECT_EQ(notes(), "kept");
  EXPECT_FALSE(group_->failure());
}

TEST_F(StoreGroup, AWaitingCallerWritesMoreInTheSameGroup) {
  int left = 3;  // of one thread: the other leads
  std::promise<void> all_wait;
  group_->set_meanwhile([&] {
    if (left-- == 0) {
      all_wait.set_value();
      return false;
    }
    EXPECT_TRUE(add("inner"));
    return true;
  });
  auto release = hold();
  start([&] { EXPECT_TRUE(add("outer")); });
  all_wait.get_future().wait();
  release.set_value();
  join();
  EXPECT_EQ(notes(), "first,outer,inner,inner,inner");
}

TEST_F(StoreGroup, ManyCallersWithAndWithoutSomethingToDoAllGetTheirAnswer) {
  constexpr int kThreads = 8;
  constexpr int kWrites = 60;
  thread_local int depth = 0;
  std::atomic<int> written{0};
  const auto write = [&] {
    ++depth;
    if (add("x")) ++written;
    --depth;
  };
  std::atomic<int> extra{100};
  group_->set_meanwhile([&] {
    if (depth == 0 || depth > 4 || extra.fetch_sub(1) <= 0) return false;
    write();
    return true;
  });
  for (int i = 0; i < kThreads; ++i) {
    start([&write] {
      for (int n = 0; n < kWrites; ++n) write();
    });
  }
  join();
  EXPECT_EQ(test::ask_sql(path_, "SELECT count(*) FROM notes"), std::to_string(written.load()));
  EXPECT_GE(written, kThreads * kWrites);
}

}  // namespace
