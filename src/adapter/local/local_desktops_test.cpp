#include "adapter/local/local_desktops.hpp"

#include <sys/wait.h>

#include <fstream>
#include <set>
#include <thread>

#include "integration/desk.hpp"

namespace adapter::local {
namespace {

using base::ErrorKind;
using domain::InstanceState;
using test::eventually;

class LocalDesktopsTest : public test::Desks {};

TEST_F(LocalDesktopsTest, ShowsItsScreenToManyViewersOneAfterAnother) {
  const auto desk = launch(spec("k1"));
  EXPECT_EQ(desk.state, InstanceState::running);
  for (int viewer = 0; viewer < 3; ++viewer) EXPECT_TRUE(answers(desk)) << viewer;
  const auto seen = listed(desk.id);
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->owner, desk.owner);
  EXPECT_EQ(seen->launch_key, "k1");
  EXPECT_EQ(seen->deadline, desk.deadline);
}

TEST_F(LocalDesktopsTest, SameKeyStartsNothingMore) {
  const auto first = launch(spec("k1"));
  const auto second = launch(spec("k1"));
  EXPECT_EQ(first.id, second.id);
  EXPECT_EQ(desks().list_all()->size(), 1U);
  const auto other = launch(spec("k2", 2));
  EXPECT_NE(other.id, first.id);
  auto changed = spec("k1");
  changed.owner.attempt = 2;
  EXPECT_EQ(desks().launch(changed).error().kind, ErrorKind::invalid);
}

TEST_F(LocalDesktopsTest, TerminatedIsGoneAndItsKeyUsedUp) {
  const auto desk = launch(spec("k1"));
  ASSERT_TRUE(answers(desk));
  const auto what = marks(desk.id);
  EXPECT_FALSE(in_namespace(what.pid_namespace).empty());
  auto foreign = desk.owner;
  foreign.attempt = 9;
  EXPECT_EQ(desks().terminate(desk.id, foreign).error().kind, ErrorKind::denied);

  ASSERT_TRUE(desks().terminate(desk.id, desk.owner));
  EXPECT_TRUE(in_namespace(what.pid_namespace).empty());
  EXPECT_FALSE(is_alive(what.outer));
  EXPECT_FALSE(std::filesystem::exists("/sys/fs/cgroup/pids/howdah/" + desk.id.text()));
  EXPECT_EQ(listed(desk.id)->state, InstanceState::gone);
  EXPECT_TRUE(desks().terminate(desk.id, desk.owner)) << "idempotent";
  EXPECT_EQ(desks().launch(spec("k1")).error().kind, ErrorKind::conflict);
  EXPECT_EQ(desks().connect(desk.id, desk.owner).error().kind, ErrorKind::not_found);
  EXPECT_EQ(desks().set_deadline(desk.id, desk.owner, clock_.now()).error().kind,
            ErrorKind::not_found);
}

// Pid namespaces of processes that carry this desktop's name in their environment.
std::set<std::uint64_t> namespaces_of(const domain::DesktopId& desktop) {
  std::set<std::uint64_t> found;
  const auto own = pid_namespace_of(::getpid());
  for (const pid_t pid : all_processes()) {
    const auto values = read_path("/proc/" + std::to_string(pid) + "/environ").value_or("");
    if (values.find("HOWDAH_DESKTOP=" + desktop.text() + '\0') == std::string::npos) continue;
    const auto space = pid_namespace_of(pid);
    if (space != 0 && space != own && started_of(pid)) found.insert(space);
  }
  return found;
}

TEST_F(LocalDesktopsTest, KilledAtAnyInstantItLeavesOneDesktopOrNone) {
  constexpr int kRounds = 32;
  int started = 0;
  int listed_gone = 0;
  for (int round = 0; round < kRounds; ++round) {
    const auto what = spec("k" + std::to_string(round), 1, static_cast<std::uint32_t>(round + 1));
    const pid_t server = ::fork();
    if (server == 0) {
      auto mine = LocalDesktops::open(config_, clock_);
      if (mine) base::ignore((*mine)->launch(what), "it is killed on the way");
      ::_exit(0);
    }
    const timespec instant{0, round * 1'000'000L};  // the instants are what this test is about
    ::clock_nanosleep(CLOCK_MONOTONIC, 0, &instant, nullptr);
    ::kill(server, SIGKILL);
    ::waitpid(server, nullptr, 0);

    const auto id = instance_id(config_.store, what.key);
    const auto again = desks().launch(what);
    if (again) {
      ++started;
      EXPECT_EQ(again->id, id);
      EXPECT_TRUE(answers(*again)) << "round " << round;
      EXPECT_EQ(namespaces_of(what.desktop).size(), 1U) << "round " << round;
      EXPECT_TRUE(desks().terminate(id, what.owner)) << "round " << round;
    } else {
      ++listed_gone;
      EXPECT_EQ(again.error().kind, ErrorKind::conflict) << again.error().message;
      ASSERT_TRUE(listed(id)) << "a used-up key must be listed";
      EXPECT_EQ(listed(id)->state, InstanceState::gone);
    }
    EXPECT_TRUE(namespaces_of(what.desktop).empty()) << "round " << round;
  }
  EXPECT_GT(started, kRounds / 2) << listed_gone;
}

TEST_F(LocalDesktopsTest, ALaunchCutShortIsNothingWithoutAnotherLaunch) {
  // What the kernel and the waiting init do by themselves: nobody launches again.
  for (int round = 0; round < 12; ++round) {
    const auto what = spec("k" + std::to_string(round), 1, static_cast<std::uint32_t>(round + 1));
    const pid_t server = ::fork();
    if (server == 0) {
      auto mine = LocalDesktops::open(config_, clock_);
      if (mine) base::ignore((*mine)->launch(what), "it is killed on the way");
      ::_exit(0);
    }
    const timespec instant{0, 2'000'000L + round * 1'000'000L};
    ::clock_nanosleep(CLOCK_MONOTONIC, 0, &instant, nullptr);
    ::kill(server, SIGKILL);
    ::waitpid(server, nullptr, 0);
    const auto id = instance_id(config_.store, what.key);
    const auto settled = [&] {
      const auto seen = listed(id);
      return !seen || seen->state != InstanceState::pending;
    };
    EXPECT_TRUE(eventually(settled)) << "round " << round;
    const auto seen = listed(id);
    const bool lives = seen && seen->state == InstanceState::running;
    EXPECT_TRUE(
        eventually([&] { return namespaces_of(what.desktop).size() == (lives ? 1U : 0U); }));
    if (lives) EXPECT_TRUE(answers(*seen));
  }
}

TEST_F(LocalDesktopsTest, TwoAtOnceWithOneKeyStartOne) {
  desks();
  std::vector<base::Result<domain::Instance>> results(4, base::fail(ErrorKind::internal, "none"));
  std::vector<std::thread> threads;
  for (auto& result : results) {
    threads.emplace_back([&] { result = desks_->launch(spec("k1")); });
  }
  for (auto& thread : threads) thread.join();
  for (const auto& result : results) {
    ASSERT_TRUE(result.has_value()) << result.error().message;
    EXPECT_EQ(result->id, results[0]->id);
  }
  EXPECT_TRUE(answers(*results[0]));
  EXPECT_EQ(namespaces_of(spec("k1").desktop).size(), 1U);
}

TEST_F(LocalDesktopsTest, AScreenThatDiesIsSeen) {
  const auto desk = launch(spec("k1"));
  ASSERT_TRUE(answers(desk));
  const auto what = marks(desk.id);
  for (const pid_t pid : in_namespace(what.pid_namespace)) {
    if (read_path("/proc/" + std::to_string(pid) + "/comm") == "Xtigervnc\n") ::kill(pid, SIGKILL);
  }
  ASSERT_TRUE(eventually([&] { return listed(desk.id)->state == InstanceState::gone; }));
  EXPECT_EQ(listed(desk.id)->why, "the X server ended (9)");
  EXPECT_TRUE(in_namespace(what.pid_namespace).empty());
  EXPECT_EQ(desks().launch(spec("k1")).error().kind, ErrorKind::conflict);
}

TEST_F(LocalDesktopsTest, BubblewrapKilledTakesItsDesktopAlong) {
  const auto desk = launch(spec("k1"));
  ASSERT_TRUE(answers(desk));
  const auto what = marks(desk.id);
  ASSERT_TRUE(kill_process(what.outer));
  EXPECT_TRUE(eventually([&] { return in_namespace(what.pid_namespace).empty(); }));
  EXPECT_TRUE(eventually([&] { return listed(desk.id)->state == InstanceState::gone; }));
}

TEST_F(LocalDesktopsTest, ALaunchThatFailsHalfwayLeavesNothing) {
  config_.program = "/bin/false";  // in place of our init: ends at once
  const auto failed = desks().launch(spec("k1"));
  ASSERT_FALSE(failed.has_value());
  EXPECT_EQ(failed.error().kind, ErrorKind::unavailable) << failed.error().message;
  EXPECT_TRUE(desks().list_all()->empty());
  EXPECT_TRUE(std::filesystem::is_empty(config_.folder));
  const auto id = instance_id(config_.store, "k1");
  EXPECT_TRUE(Cgroups::find("/sys/fs/cgroup", "").processes(id.text()).empty());
  EXPECT_FALSE(std::filesystem::exists("/sys/fs/cgroup/pids/howdah/" + id.text()));

  desks_.reset();
  config_.program = folder_ + "/nothing-here";
  EXPECT_EQ(desks().launch(spec("k1")).error().kind, ErrorKind::invalid);
  desks_.reset();
  config_.program = HOWDAH_BINARY;
  EXPECT_TRUE(answers(launch(spec("k1")))) << "the same key may be used again";
}

TEST_F(LocalDesktopsTest, TheNextServerTakesOverWhatIsThere) {
  const auto desk = launch(spec("k1"));
  ASSERT_TRUE(answers(desk));
  desks_.reset();  // another object over the same folder remembers nothing
  EXPECT_EQ(listed(desk.id)->state, InstanceState::running);
  EXPECT_TRUE(answers(desk));
  auto foreign = config_;
  foreign.store = "another";
  auto other = *LocalDesktops::open(foreign, clock_);
  EXPECT_TRUE(other->list_all()->empty()) << "desktops of another store";
  EXPECT_EQ(other->launch(spec("k9")).error().kind, ErrorKind::denied);
}

TEST_F(LocalDesktopsTest, ASessionThatEndsIsStartedAgain) {
  config_.templates[0].session = {"/bin/sh", "-c", "echo once >> ~/out"};
  const auto desk = launch(spec("k1"));
  EXPECT_TRUE(eventually([&] { return in_home(desk.id, "out") == "once\nonce\n"; }));
}

TEST_F(LocalDesktopsTest, AFileThatCannotBeReadIsOnlyItsDesktopsTrouble) {
  const auto desk = launch(spec("k1"));
  const auto other = launch(spec("k2", 2));
  std::ofstream(path_of(desk.id) + "/spec") << "{";
  ASSERT_TRUE(listed(desk.id)) << "there is a second copy";
  EXPECT_EQ(listed(desk.id)->owner, desk.owner);
  const auto copy = *read_path(path_of(desk.id) + "/started");
  std::ofstream(path_of(desk.id) + "/started") << "{";
  EXPECT_FALSE(desks().list_all().has_value()) << "it lives, and nobody can tell whose it is";
  std::ofstream(path_of(desk.id) + "/started") << copy;
  ASSERT_TRUE(desks().terminate(desk.id, desk.owner));
  EXPECT_EQ(listed(desk.id)->state, InstanceState::gone) << "it is nobody's trouble any more";
}

// As a loss of power leaves it: what was written last has no bytes, and nothing lives.
TEST_F(LocalDesktopsTest, FilesThatPowerHasEmptiedStopNothing) {
  const std::vector<std::set<std::string>> emptied{
      {"spec"}, {"started"}, {"spec", "started"}, {"spec", "started", "identity", "log"}};
  std::uint32_t seat = 0;
  for (const auto& files : emptied) {
    ++seat;
    const auto what = spec("k" + std::to_string(seat), seat);
    const auto desk = launch(what);
    ASSERT_TRUE(kill_process(marks(desk.id).init));
    eventually([&] { return !Record::open(*open_folder(config_.folder), desk.id)->alive(); });
    for (const auto& file : files) std::ofstream(path_of(desk.id) + "/" + file).flush();
    const auto all = desks().list_all();
    ASSERT_TRUE(all) << all.error().message;
    const bool known = !files.contains("spec") || !files.contains("started");
    EXPECT_EQ(all->size(), known ? seat : seat - 1) << "gone, or not known any more";
    EXPECT_EQ(desks().launch(what).has_value(), !known) << "nobody knows that this key was used";
    if (!known) ASSERT_TRUE(desks().terminate(desk.id, what.owner));
  }
}

TEST_F(LocalDesktopsTest, AnEndThatPowerHasEmptiedIsNotedAgain) {
  const auto desk = launch(spec("k1"));
  ASSERT_TRUE(desks().terminate(desk.id, desk.owner));
  std::ofstream(path_of(desk.id) + "/ended").flush();
  ASSERT_TRUE(listed(desk.id));
  EXPECT_EQ(listed(desk.id)->state, InstanceState::gone);
  EXPECT_TRUE(desks().terminate(desk.id, desk.owner));
  EXPECT_EQ(desks().launch(spec("k1")).error().kind, ErrorKind::conflict);
}

TEST_F(LocalDesktopsTest, UnknownDesktopsAreNotFound) {
  const auto id = instance_id(config_.store, "never");
  const auto owner = spec("never").owner;
  EXPECT_EQ(desks().terminate(id, owner).error().kind, ErrorKind::not_found);
  EXPECT_EQ(desks().connect(id, owner).error().kind, ErrorKind::not_found);
}

}  // namespace
}  // namespace adapter::local
