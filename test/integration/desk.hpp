#pragma once
// Real desktops for tests: a folder of their own, a store of their own, and eyes on them that do
// not ask the adapter: /proc, control groups, the socket, and the files inside a sandbox by way of
// /proc/<process>/root. Everything that a test started is ended with it.

#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "adapter/local/local_desktops.hpp"

namespace test {

namespace local = adapter::local;

class WallClock : public port::Clock {
 public:
  base::Timestamp now() override { return base::from_unix_ms(read(CLOCK_REALTIME)); }
  base::Duration since_boot() override { return base::Duration(read(CLOCK_BOOTTIME)); }

 private:
  static std::int64_t read(clockid_t clock) {
    timespec time{};
    ::clock_gettime(clock, &time);
    return std::int64_t{time.tv_sec} * 1000 + time.tv_nsec / 1'000'000;
  }
};

// Waits for a condition, bounded; true when it came.
inline bool eventually(const std::function<bool()>& holds, int within_ms = 15'000) {
  const auto until = local::boottime_ms() + within_ms;
  while (!holds()) {
    if (local::boottime_ms() > until) return holds();
    local::pause_ms(3);
  }
  return true;
}

// The beginning of RFB, as a viewer speaks it; true when the screen answered to the end.
inline bool speaks_rfb(int fd, int within_ms = 10'000) {
  const auto read_some = [&](std::size_t count) {
    std::string bytes;
    while (bytes.size() < count) {
      pollfd wait{fd, POLLIN, 0};
      if (::poll(&wait, 1, within_ms) != 1) return std::string();
      std::array<char, 256> part{};
      const auto got = ::read(fd, part.data(), std::min(part.size(), count - bytes.size()));
      if (got <= 0) return std::string();
      bytes.append(part.data(), static_cast<std::size_t>(got));
    }
    return bytes;
  };
  const auto say = [&](std::string_view text) {
    return ::send(fd, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
  };
  if (read_some(12) != "RFB 003.008\n" || !say("RFB 003.008\n")) return false;
  const auto count = read_some(1);
  if (count.empty() || read_some(static_cast<std::size_t>(count[0])) != "\x01") return false;
  if (!say("\x01") || read_some(4) != std::string(4, '\0') || !say("\x01")) return false;
  return read_some(24).size() == 24;
}

class Desks : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string path = "/tmp/howdah-test-XXXXXX";
    ASSERT_NE(::mkdtemp(path.data()), nullptr);
    folder_ = path;
    config_.folder = folder_ + "/desktops";
    static int serial = 0;
    config_.store = "store" + std::to_string(::getpid()) + "x" + std::to_string(serial++);
    config_.program = HOWDAH_BINARY;
    config_.limits_required = ::geteuid() == 0;  // who else can, may not have a group to do it in
  }

  void TearDown() override {
    if (desks_) {
      const auto all = desks_->list_all();
      EXPECT_TRUE(all.has_value());
      for (const auto& one : all.value_or(std::vector<domain::Instance>{})) {
        EXPECT_TRUE(desks_->terminate(one.id, one.owner).has_value());
      }
    }
    if (!HasFailure()) std::filesystem::remove_all(folder_);
  }

  local::LocalDesktops& desks() {
    if (!desks_) {
      auto opened = local::LocalDesktops::open(config_, clock_);
      if (!opened) throw std::runtime_error(opened.error().message + " " + opened.error().detail);
      desks_ = *std::move(opened);
    }
    return *desks_;
  }

  // A template whose session is this shell text; what it prints to ~/out can be read with out().
  void session(const std::string& script) {
    config_.templates.back().session = {"/bin/sh", "-c",
                                        script + "\necho done > ~/done\nsleep 1000"};
  }

  port::LaunchSpec spec(const std::string& key, std::uint32_t seat = 1, std::uint32_t attempt = 1) {
    const auto meeting = *domain::MeetingId::parse("m" + config_.store.substr(5));
    const auto seat_id = domain::seat_id(meeting, seat);
    return {key,
            {config_.store, seat_id, attempt},
            domain::desktop_id(seat_id, attempt),
            0,
            clock_.now() + std::chrono::hours(1),
            "Algebra",
            "teacher",
            "Ada Lovelace",
            "https://meet.example.org/a"};
  }

  domain::Instance launch(const port::LaunchSpec& what) {
    auto instance = desks().launch(what);
    if (!instance) {
      throw std::runtime_error(instance.error().message + " " + instance.error().detail);
    }
    return *instance;
  }

  std::optional<domain::Instance> listed(const domain::InstanceId& id) {
    const auto all = desks().list_all();
    EXPECT_TRUE(all.has_value()) << all.error().message << all.error().detail;
    for (const auto& one : *all) {
      if (one.id == id) return one;
    }
    return {};
  }

  std::string path_of(const domain::InstanceId& id) const {
    return config_.folder + "/" + id.text();
  }
  local::Marks marks(const domain::InstanceId& id) {
    const auto root = local::open_folder(config_.folder);
    return **local::Record::open(*root, id)->marks();
  }
  // A file as the desktop's own processes see it.
  std::string inside(const domain::InstanceId& id, const std::string& path) {
    return local::read_path("/proc/" + std::to_string(marks(id).init.pid) + "/root" + path)
        .value_or("");
  }
  std::string in_home(const domain::InstanceId& id, const std::string& name) {
    return inside(id, "/home/user/" + name);
  }
  // What the session script of session() wrote, once it is through.
  std::string out(const domain::InstanceId& id) {
    EXPECT_TRUE(eventually([&] { return inside(id, "/home/user/done") == "done\n"; }, 60'000))
        << *local::read_path(path_of(id) + "/log");
    return inside(id, "/home/user/out");
  }
  bool answers(const domain::Instance& instance) {
    const auto fd = desks().connect(instance.id, instance.owner);
    if (!fd) return false;
    const local::Fd owned(*fd);
    return speaks_rfb(owned.get());
  }
  static std::vector<pid_t> in_namespace(std::uint64_t pid_namespace) {
    std::vector<pid_t> found;
    for (const pid_t pid : local::all_processes()) {
      if (local::pid_namespace_of(pid) == pid_namespace && local::started_of(pid)) {
        found.push_back(pid);
      }
    }
    return found;
  }

  std::string folder_;
  WallClock clock_;
  local::Config config_;
  std::unique_ptr<local::LocalDesktops> desks_;
};

}  // namespace test
