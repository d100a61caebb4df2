// What the real server survives, each shown by the machine itself: dying and hanging X servers, a
// full disk, a second server, a clean stop with desktops living on, its own absence.

#include <gtest/gtest.h>
#include <sys/mount.h>

#include <atomic>
#include <thread>

#include "integration/running_server.hpp"
#include "integration/screen_client.hpp"

namespace live {
namespace {

constexpr auto kSoon = Milliseconds(20'000);

class Survival : public ::testing::Test {
 protected:
  void serve(const Settings& settings = short_times()) {
    server_ = std::make_unique<Server>(settings);
    start();
  }
  void start() {
    server_->start();
    require(server_->ready(), "the server is not ready: " + server_->output());
  }
  // For steps without which the rest makes no sense.
  static void require(bool holds, const std::string& what) {
    if (!holds) throw std::runtime_error(what);
  }
  const Client& client() const { return server_->client(); }
  const Grounds& grounds() const { return server_->grounds(); }

  // A meeting whose seats' links were exchanged.
  void book(std::int64_t starts_in_seconds, std::size_t seats) {
    const auto reply =
        client().post("/v1/meetings", server_->organiser(), booking(starts_in_seconds, seats));
    require(reply && reply->status == 201, "booking: " + (reply ? reply->body : "no answer"));
    meeting_ = text_of(reply->json(), "id");
    people_ = people_of(reply->json());
    for (auto& person : people_) {
      const auto exchanged = person.exchange(client());
      require(exchanged && exchanged->status == 200, "the link was not taken");
    }
  }
  boost::json::value status(std::size_t person) const {
    const auto reply = people_.at(person).status(client());
    return reply && reply->status == 200 ? reply->json() : boost::json::value();
  }
  bool can_enter(std::size_t person) const { return true_in(status(person), "can_enter"); }
  void wait_until_ready() {
    for (std::size_t i = 0; i < people_.size(); ++i) {
      require(eventually(kSoon, [&] { return can_enter(i); }),
              "never ready: " + boost::json::serialize(status(i)) + server_->output());
    }
  }
  void come_in(std::size_t person, Screen& screen) {
    const auto entry = people_.at(person).post(client(), "enter");
    require(entry && entry->status == 200, "entering: " + (entry ? entry->body : "no answer"));
    require(screen.enter(client(), entry->json()), "the door did not open");
    require(screen.open(client()), "the screen did not answer");
  }
  // The one desktop that lives for a seat: its namespace and one of its processes.
  std::map<std::uint64_t, Process> desktop_of(std::size_t person) const {
    return desktops(grounds())[people_.at(person).seat];
  }
  std::optional<Process> screen_of(std::size_t person) const {
    for (const auto& one : processes(grounds())) {
      if (one.command == "Xtigervnc" && seat_of(one.desktop) == people_.at(person).seat) return one;
    }
    return std::nullopt;
  }
  void end() const {
    const auto path = "/v1/meetings/" + meeting_ + "/end";
    const auto reply = client().post(path, server_->organiser(), "{}");
    ASSERT_TRUE(reply && reply->status == 200) << (reply ? reply->body : "no answer");
  }
  void expect_nothing_left() const {
    EXPECT_TRUE(eventually(Milliseconds(30'000), [&] { return leftovers(grounds()).empty(); }))
        << boost::json::serialize(boost::json::value_from(leftovers(grounds())));
  }

  std::unique_ptr<Server> server_;
  std::string meeting_;
  std::vector<Person> people_;
};

TEST_F(Survival, AScreenThatDiesWhileWaitingIsReplacedAndTheOtherSeatIsUntouched) {
  serve();
  book(2, 2);
  wait_until_ready();
  const auto others = desktop_of(1);
  const auto first = screen_of(0);
  ASSERT_TRUE(first.has_value());
  ASSERT_EQ(others.size(), 1U);
  ::kill(first->pid, SIGKILL);
  EXPECT_TRUE(eventually(kSoon, [&] {
    const auto next = screen_of(0);
    EXPECT_TRUE(doubled_seats(grounds()).empty());
    return next && next->desktop != first->desktop && can_enter(0);
  })) << boost::json::serialize(status(0));
  EXPECT_EQ(status(0).at("attempt").to_number<int>(), 2);
  EXPECT_EQ(desktop_of(1).begin()->first, others.begin()->first);
  end();
  expect_nothing_left();
}

TEST_F(Survival, AScreenThatDiesWithSomebodyInsideClosesTheirSessionAndIsReplaced) {
  serve();
  book(1, 1);
  wait_until_ready();
  Screen screen;
  come_in(0, screen);
  const auto first = screen_of(0);
  ASSERT_TRUE(first.has_value());
  ::kill(first->pid, SIGKILL);
  EXPECT_TRUE(eventually(Milliseconds(3000), [&] { return !screen.stay(0); }));
  EXPECT_TRUE(eventually(kSoon, [&] {
    const auto next = screen_of(0);
    return next && next->desktop != first->desktop && can_enter(0);
  })) << boost::json::serialize(status(0));
  come_in(0, screen);
  screen.close();
  end();
  expect_nothing_left();
}

// Stops every X server of these grounds the moment it appears, so that none ever answers.
class Hang {
 public:
  explicit Hang(const Grounds& grounds)
      : thread_([&grounds](const std::stop_token& stop) {
          while (!stop.stop_requested()) {
            for (const auto& group : control_groups(grounds)) {
              std::istringstream pids(slurp(group + "/cgroup.procs"));
              for (pid_t pid = 0; pids >> pid;) {
                const auto one = process(pid);
                if (one && one->command == "Xtigervnc") ::kill(pid, SIGSTOP);
              }
            }
            ::poll(nullptr, 0, 1);
          }
        }) {}

 private:
  std::jthread thread_;
};

TEST_F(Survival, ADesktopThatNeverComesUpIsTriedAgainThenGivenUpAndSaid) {
  auto settings = short_times();
  settings["meeting"]["ready_within"] = "\"2s\"";
  settings["meeting"]["attempts_max"] = "2";
  settings["meeting"]["no_show_after"] = "\"1m\"";  // on a busy machine it came before
  serve(settings);
  {
    const Hang hang(grounds());
    book(1, 1);
    EXPECT_TRUE(eventually(kSoon, [&] {
      EXPECT_TRUE(doubled_seats(grounds()).empty());
      return status(0).is_object() && !status(0).at("failed").is_null();
    })) << boost::json::serialize(status(0));
    EXPECT_EQ(status(0).at("attempt").to_number<int>(), 2);
    EXPECT_FALSE(can_enter(0));
    expect_nothing_left();
  }
  EXPECT_TRUE(eventually(kSoon, [&] { return text_of(status(0), "phase") == "over"; }));
  EXPECT_EQ(text_of(status(0).at("end"), "reason"), "failed");
}

TEST_F(Survival, ACleanStopLeavesDesktopsRunningAndTheNextStartTakesThemOver) {
  serve();
  book(2, 2);
  wait_until_ready();
  Screen screen;
  come_in(0, screen);
  const auto before = desktops(grounds());
  ASSERT_EQ(before.size(), 2U);
  EXPECT_TRUE(server_->stop());
  EXPECT_EQ(server_->status(), 0) << server_->output();
  EXPECT_EQ(desktops(grounds()).size(), 2U);
  EXPECT_EQ(slurp(grounds().folder + "/howdah.db").find("silent_since"), std::string::npos)
      << "a door that was shut says nothing of the desktop behind it";
  start();
  EXPECT_TRUE(eventually(kSoon, [&] { return screen.open(client()); }));
  EXPECT_TRUE(eventually(kSoon, [&] { return can_enter(1); }));
  const auto after = desktops(grounds());
  for (const auto& [seat, living] : before) {
    ASSERT_EQ(after.count(seat), 1U);
    EXPECT_EQ(after.at(seat).size(), 1U);
    EXPECT_EQ(after.at(seat).begin()->first, living.begin()->first) << "not the same desktop";
  }
  screen.close();
  end();
  expect_nothing_left();
}

TEST_F(Survival, AMeetingThatEndedWhileTheServerWasAwayIsTakenDownAtItsStart) {
  auto settings = short_times();
  settings["meeting"]["no_show_after"] = "\"5m\"";
  serve(settings);
  book(-50, 1);  // of one minute: its hard cap comes in 13 s
  wait_until_ready();
  ASSERT_EQ(desktops(grounds()).size(), 1U);
  server_->kill();
  const auto hard_cap = Steady::now() + Milliseconds(13'500);
  EXPECT_FALSE(eventually(std::chrono::duration_cast<Milliseconds>(hard_cap - Steady::now()),
                          [&] { return desktops(grounds()).empty(); }));
  start();
  expect_nothing_left();
  EXPECT_TRUE(eventually(kSoon, [&] { return text_of(status(0), "phase") == "over"; }));
}

TEST_F(Survival, sec_20_ADesktopEndsItselfWhenTheServerNeverComesBack) {
  auto settings = short_times();
  settings["meeting"]["no_show_after"] = "\"5m\"";
  settings["meeting"]["deadline_margin"] = "\"1s\"";
  serve(settings);
  book(-55, 1);  // of one minute: its deadline comes in 9 s
  wait_until_ready();
  server_->kill();
  ASSERT_EQ(desktops(grounds()).size(), 1U);
  EXPECT_TRUE(eventually(kSoon, [&] { return processes(grounds()).empty(); }));
  start();
  expect_nothing_left();
}

TEST_F(Survival, sec_23_ASecondServerOnTheSameFolderRefusesAndNamesTheHolder) {
  serve();
  auto settings = short_times();
  settings["state"]["folder"] = "\"" + grounds().folder + "\"";
  Server second(settings);
  second.start();
  ASSERT_TRUE(second.ended(kSoon));
  EXPECT_NE(second.status(), 0);
  EXPECT_NE(second.output().find(std::to_string(server_->pid())), std::string::npos)
      << second.output();
  EXPECT_FALSE(server_->ended(Milliseconds(0)));
}

TEST_F(Survival, APortInUseIsRefusedAtTheStartAndNamed) {
  serve();
  Server second;
  auto taken = slurp(second.config_file());
  const auto own = std::to_string(second.client().port());
  taken.replace(taken.find(":" + own), own.size() + 1, ":" + std::to_string(client().port()));
  std::ofstream(second.config_file()) << taken;
  second.start();
  ASSERT_TRUE(second.ended(kSoon));
  EXPECT_NE(second.status(), 0);
  EXPECT_NE(second.output().find(std::to_string(client().port())), std::string::npos)
      << second.output();
}

class FullDisk : public Survival {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "only root can mount a small disk";
    std::string path = "/tmp/howdah-disk-XXXXXX";
    ASSERT_NE(::mkdtemp(path.data()), nullptr);
    disk_ = path;
    if (::mount("tmpfs", disk_.c_str(), "tmpfs", 0, "size=12m,mode=0700") != 0) {
      GTEST_SKIP() << "no small disk can be mounted here";
    }
  }
  void TearDown() override {
    server_.reset();
    ::umount2(disk_.c_str(), MNT_DETACH);
    ::rmdir(disk_.c_str());
  }
  void fill() const {
    std::ofstream out(disk_ + "/filler");
    while (out << std::string(4096, 'x') << std::flush) {
    }
  }
  int book_status() const {
    const auto reply = client().post("/v1/meetings", server_->organiser(), booking(3600, 2));
    return reply ? reply->status : 0;
  }
  std::size_t listed() const {
    const auto reply = client().get("/v1/meetings?limit=100", server_->organiser());
    if (!reply || reply->status != 200) return 0;
    return reply->json().at("meetings").as_array().size();
  }
  int ready_status() const {
    const auto reply = client().get("/readyz");
    return reply ? reply->status : 0;
  }
  std::string disk_;
};

TEST_F(FullDisk, IsSaidAndNothingIsHalfWrittenAndItGoesOnWhenThereIsRoomAgain) {
  auto settings = short_times();
  settings["state"]["folder"] = "\"" + disk_ + "/state\"";
  server_ = std::make_unique<Server>(settings);
  start();
  // The organiser's key is on the small disk.
  const auto key = slurp(disk_ + "/state/api_key");
  std::filesystem::create_directories(grounds().folder);
  std::ofstream(grounds().folder + "/api_key") << key;
  ASSERT_EQ(book_status(), 201);
  fill();
  std::size_t booked = 1;
  EXPECT_TRUE(eventually(kSoon, [&] {
    const auto answer = book_status();  // the last free pages of the store may still take some
    if (answer == 201) ++booked;
    EXPECT_TRUE(answer == 201 || answer == 503) << answer;
    return answer == 503;
  }));
  EXPECT_EQ(ready_status(), 503);
  const auto login = client().post("/v1/login", {}, R"({"code":"no such code"})");
  EXPECT_TRUE(login && login->status == 401) << (login ? login->body : "no answer");
  EXPECT_EQ(ready_status(), 503) << "a login that changed nothing is no sign of room";
  EXPECT_EQ(listed(), booked) << "reading goes on, and shows what was acknowledged";
  std::filesystem::remove(disk_ + "/filler");
  EXPECT_TRUE(eventually(kSoon, [&] { return ready_status() == 200; }));
  EXPECT_EQ(book_status(), 201);
  EXPECT_EQ(listed(), booked + 1);
  server_->kill();
  start();
  EXPECT_EQ(listed(), booked + 1);
}

TEST_F(Survival, AFileThatIsNoStoreIsRefusedAndLeftAlone) {
  serve();
  ASSERT_TRUE(server_->stop());
  std::string store;
  for (const auto& entry : std::filesystem::directory_iterator(grounds().folder)) {
    if (entry.is_regular_file() && slurp(entry.path()).starts_with("SQLite format 3")) {
      store = entry.path();
    }
  }
  ASSERT_FALSE(store.empty());
  const std::string other(20'000, 'x');
  std::ofstream(store) << other;
  server_->start();
  ASSERT_TRUE(server_->ended(kSoon));
  EXPECT_NE(server_->status(), 0);
  EXPECT_NE(server_->output().find(store), std::string::npos) << server_->output();
  EXPECT_EQ(slurp(store), other);
}

}  // namespace
}  // namespace live
