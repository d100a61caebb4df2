// The server's parts that need no network: addresses, cookies, rates, the pool, the live view.

#include <gtest/gtest.h>

#include <atomic>
#include <future>

#include "app/app_world_test.hpp"
#include "host/http/limiter.hpp"
#include "host/http/live.hpp"
#include "host/http/pool.hpp"
#include "host/http/urls.hpp"

namespace host::http {
namespace {

using app::must;
using namespace std::chrono_literals;  // NOLINT: 10min reads better than any alternative

Urls urls_of(std::string_view url, std::uint16_t port = 1234) {
  return must(Urls::make(url, "desk.localhost", port));
}

TEST(Urls, PortsOfTheSchemeAreLeftOut) {
  EXPECT_EQ(urls_of("https://howdah.example.org:443").origin(), "https://howdah.example.org");
  EXPECT_EQ(urls_of("http://howdah.example.org:443").origin(), "http://howdah.example.org:443");
  EXPECT_EQ(urls_of("http://127.0.0.1:0").origin(), "http://127.0.0.1:1234");
  EXPECT_EQ(urls_of("http://[::1]:0/").origin(), "http://[::1]:1234");
  EXPECT_EQ(urls_of("HTTPS://Howdah.Example.org").origin(), "https://howdah.example.org");
  const auto desktop = must(domain::DesktopId::parse("mabc-1-1"));
  EXPECT_EQ(urls_of("https://a.b").desk_origin(desktop), "https://mabc-1-1.desk.localhost");
  EXPECT_EQ(urls_of("http://a.b:0").door(desktop), "http://mabc-1-1.desk.localhost:1234/enter");
  EXPECT_EQ(urls_of("https://a.b").desk_socket_origin(desktop), "wss://mabc-1-1.desk.localhost");
}

TEST(Urls, WhatIsNoOriginIsRefused) {
  for (const char* url : {"", "howdah", "ftp://a.b", "http://", "http://a.b/path", "http://a b",
                          "http://a.b:99999", "http://a.b:x", "http://u@a.b", "http://a.b?x"}) {
    EXPECT_FALSE(Urls::make(url, "desk.localhost", 1)) << url;
  }
}

TEST(Urls, HostsAreKnownOrNot) {
  const auto urls = urls_of("http://howdah.example.org:0");
  EXPECT_EQ(urls.place("howdah.example.org:1234")->site, Site::front);
  EXPECT_EQ(urls.place("Howdah.Example.ORG:1234")->site, Site::front);
  EXPECT_EQ(urls.place("mabc-1-1.desk.localhost:1234")->desktop->text(), "mabc-1-1");
  EXPECT_EQ(urls.place("127.0.0.1:1")->site, Site::loopback);
  EXPECT_EQ(urls.place("[::1]")->site, Site::loopback);
  for (const char* host : {"", "howdah.example.org", "x.howdah.example.org:1234",
                           ".desk.localhost:1234", "-a.desk.localhost:1234",
                           "127.0.0.1:", "[::1]:x", "127.0.0.11", "a_b.desk.localhost:1234"}) {
    EXPECT_FALSE(urls.place(host)) << host;
  }
}

TEST(Message, CookiesAreFoundByTheirWholeName) {
  const std::string header = "a=1; __Host-seat-m-1=x.y; b=; __Host-seat-m-11=z";
  EXPECT_EQ(find_cookie(header, "__Host-seat-m-1"), "x.y");
  EXPECT_EQ(find_cookie(header, "__Host-seat-m-11"), "z");
  EXPECT_EQ(find_cookie(header, "Host-seat-m-1"), "");
  EXPECT_EQ(find_cookie(header, "b"), "");
  EXPECT_EQ(find_cookie("", "a"), "");
  using Names = std::vector<std::string_view>;
  EXPECT_EQ(cookie_names("s-1=a; other=s-2; s-3=;s-4;s-5=b=c", "s-"), (Names{"s-1", "s-3", "s-5"}));
  EXPECT_EQ(cookie_names("", "s-"), Names());
  EXPECT_EQ(set_cookie("a", "b", 0), "a=b; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0");
}

TEST(Message, FormFieldsAreDecoded) {
  EXPECT_EQ(form_field("x=1&token=a%2Bb+c", "token"), "a+b c");
  EXPECT_EQ(form_field("token=%zz", "token"), std::nullopt);
  EXPECT_EQ(form_field("token=%2", "token"), std::nullopt);
  EXPECT_EQ(form_field("tokens=1", "token"), std::nullopt);
}

TEST(Limits, VisitorsDoNotShutOutThisMachine) {
  Limits limits;
  limits.connections_max = 10;
  limits.connections_reserve = 3;
  limits.connections_per_address = 4;
  limits.connections_loopback = 20;
  struct Row {
    const char* address;
    const char* here;
    std::size_t open;
    std::size_t mine;
    bool admitted;
  };
  for (const auto& row : {
           Row{"198.51.100.7", "192.0.2.1", 9, 0, true},
           Row{"198.51.100.7", "192.0.2.1", 10, 0, false},
           Row{"198.51.100.7", "192.0.2.1", 5, 4, false},
           Row{"127.0.0.1", "127.0.0.1", 10, 0, true},
           Row{"::1", "::1", 12, 0, true},
           Row{"127.0.0.1", "127.0.0.1", 13, 0, false},
           Row{"127.0.0.1", "127.0.0.1", 12, 19, true},
           Row{"127.0.0.1", "127.0.0.1", 5, 20, false},
           // Our own address, where we listen at that alone.
           Row{"192.0.2.1", "192.0.2.1", 12, 3, true},
           Row{"192.0.2.1", "192.0.2.1", 13, 0, false},
           Row{"192.0.2.1", "192.0.2.1", 5, 4, false},
       }) {
    EXPECT_EQ(admits(limits, row.address, row.here, row.open, row.mine), row.admitted)
        << row.address << " " << row.open << " " << row.mine;
  }
}

TEST(Limiter, GivesTheBurstThenTheRate) {
  Limiter limiter({2, 3}, 100);
  const Limiter::Time t{};
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(limiter.take("a", t));
  EXPECT_FALSE(limiter.take("a", t));
  EXPECT_FALSE(limiter.has("a", t));
  EXPECT_TRUE(limiter.take("b", t));
  EXPECT_TRUE(limiter.take("a", t + 500ms));
  EXPECT_FALSE(limiter.take("a", t + 500ms));
  EXPECT_TRUE(limiter.take("a", t + 1h));
}

TEST(Limiter, MemoryIsBoundedUnderAFloodOfKeys) {
  Limiter limiter({1, 5}, 1000);
  const Limiter::Time t{};
  for (int i = 0; i < 50'000; ++i) {
    limiter.take("k" + std::to_string(i), t + std::chrono::microseconds(i));
    ASSERT_LE(limiter.size(), 1000U);
  }
}

TEST(Limiter, PeersAreAddressesOrNetworks) {
  EXPECT_EQ(peer_of("192.0.2.7"), "192.0.2.7");
  EXPECT_EQ(peer_of("::ffff:192.0.2.7"), "192.0.2.7");
  EXPECT_EQ(peer_of("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2");
  EXPECT_EQ(peer_of("2001:db8:1:2:9:9:9:9"), "2001:db8:1:2");
  EXPECT_TRUE(is_loopback("127.0.0.1"));
  EXPECT_TRUE(is_loopback("::1"));
  EXPECT_FALSE(is_loopback("1.2.7.0"));
}

TEST(Pool, RefusesWhenTheQueueIsFullAndFinishesWhatItTook) {
  Pool pool(1, 2);
  std::promise<void> gate;
  std::promise<void> inside;
  std::atomic<int> done{0};
  auto open = gate.get_future().share();
  EXPECT_TRUE(pool.submit([&] {
    inside.set_value();
    open.wait();
    ++done;
  }));
  inside.get_future().wait();
  EXPECT_TRUE(pool.submit([&] { ++done; }));
  EXPECT_TRUE(pool.submit([&] { ++done; }));
  EXPECT_FALSE(pool.submit([&] { ++done; }));
  pool.submit_own([&] { ++done; });
  gate.set_value();
  pool.stop();
  EXPECT_EQ(done, 4);
  EXPECT_FALSE(pool.submit([] {}));
}

TEST(Pool, WhoWaitsInAQuickJobRunsTheNextOneMeanwhile) {
  Pool pool(1, 8);
  std::vector<int> order;
  std::promise<void> queued;
  auto all_queued = queued.get_future().share();
  EXPECT_TRUE(pool.submit(
      [&] {
        all_queued.wait();
        EXPECT_TRUE(pool.help());   // the second
        EXPECT_TRUE(pool.help());   // the fourth
        EXPECT_FALSE(pool.help());  // the third is not quick
        order.push_back(1);
      },
      Pool::Pace::quick));
  EXPECT_TRUE(pool.submit([&] { order.push_back(2); }, Pool::Pace::quick));
  EXPECT_TRUE(pool.submit([&] {
    EXPECT_FALSE(pool.help());  // somebody slow might come to lie above it
    order.push_back(3);
  }));
  EXPECT_TRUE(pool.submit([&] { order.push_back(4); }, Pool::Pace::quick));
  queued.set_value();
  pool.stop();
  EXPECT_EQ(order, (std::vector{2, 4, 1, 3}));
  EXPECT_FALSE(pool.help());  // not on a thread of the pool
}

TEST(Pool, QuickJobsLeaveTheOtherThreadsToOthers) {
  Pool pool(8, 64);
  std::promise<void> gate;
  auto open = gate.get_future().share();
  std::atomic<int> begun{0};
  for (int i = 0; i < 8; ++i) {
    EXPECT_TRUE(pool.submit(
        [&] {
          ++begun;
          open.wait();
        },
        Pool::Pace::quick));
  }
  std::promise<void> other;
  EXPECT_TRUE(pool.submit([&] { other.set_value(); }));
  other.get_future().wait();  // though quick ones wait before it
  gate.set_value();
  pool.stop();
  EXPECT_EQ(begun, 8);
}

class LiveTest : public testing::Test {
 protected:
  LiveTest() : meeting(world.book()) {}
  app::Guest guest(std::size_t seat = 0) { return world.guest(world.load(meeting.id), seat); }
  app::AppWorld world;
  domain::Meeting meeting;
};

TEST_F(LiveTest, KnowsOnlyCookiesThatWereChecked) {
  Live live(world.settings.policy, world.clock, 10);
  const auto& seat = meeting.seats[0].id.text();
  EXPECT_FALSE(live.find(seat, "good"));
  live.expect(meeting.id);
  EXPECT_FALSE(live.find(seat, "good"));
  const auto body = live.remember(guest(), "good");
  EXPECT_EQ(live.find(seat, "good"), body);
  EXPECT_FALSE(live.find(seat, "goof"));
  EXPECT_FALSE(live.find(seat, ""));
  EXPECT_FALSE(live.find(meeting.seats[1].id.text(), "good"));
}

TEST_F(LiveTest, ARotatedSeatForgetsItsCookies) {
  Live live(world.settings.policy, world.clock, 10);
  live.expect(meeting.id);
  const auto before = guest();
  live.remember(before, "good");
  must(world.schedule.rotate(world.ada, meeting.seats[0].id));
  live.changed(world.load(meeting.id));
  EXPECT_FALSE(live.find(meeting.seats[0].id.text(), "good"));
  // A check that was made before the rotation comes late: it is worth nothing.
  live.remember(before, "good");
  EXPECT_FALSE(live.find(meeting.seats[0].id.text(), "good"));
}

TEST_F(LiveTest, ACommitBetweenCheckAndRememberIsNotLost) {
  Live live(world.settings.policy, world.clock, 10);
  live.expect(meeting.id);
  const auto early = guest();
  must(world.schedule.cancel(world.ada, meeting.id));
  live.changed(world.load(meeting.id));
  EXPECT_NE(live.remember(early, "good")->find("cancelled"), std::string::npos);
}

TEST_F(LiveTest, WatchersAreToldOfChangesAndOnceOfTheEnd) {
  Live live(world.settings.policy, world.clock, 10);
  live.expect(meeting.id);
  const auto before = guest();
  live.remember(before, "good");
  std::vector<std::string> told;
  std::vector<CloseCode> ends;
  const Watch watch = [&](const Body& status, std::optional<CloseCode> end) {
    told.push_back(*status);
    if (end) ends.push_back(*end);
  };
  const auto id = live.watch(before.meeting, {before.seat, 1, std::nullopt}, watch, 2);
  EXPECT_NE(id, 0U);
  EXPECT_EQ(told.size(), 1U);
  live.changed(world.load(meeting.id));  // nothing new in it
  EXPECT_EQ(told.size(), 1U);
  must(world.schedule.extend(world.ada, meeting.id, 5min));
  live.changed(world.load(meeting.id));
  EXPECT_EQ(told.size(), 2U);
  must(world.schedule.end(world.ada, meeting.id));
  live.changed(world.load(meeting.id));
  live.changed(world.load(meeting.id));
  EXPECT_EQ(told.size(), 3U);
  EXPECT_EQ(ends, std::vector{CloseCode::meeting_ended});
  EXPECT_EQ(live.watchers(), 0U);
}

TEST_F(LiveTest, WatchersOfOneSeatAreBoundedAndAccessLostMeanwhileIsSaidAtOnce) {
  Live live(world.settings.policy, world.clock, 10);
  const auto before = guest();
  int calls = 0;
  std::optional<CloseCode> end;
  const Watch watch = [&](const Body&, std::optional<CloseCode> code) {
    ++calls;
    end = code;
  };
  EXPECT_NE(live.watch(before.meeting, {before.seat, 1, std::nullopt}, watch, 1), 0U);
  EXPECT_EQ(live.watch(before.meeting, {before.seat, 1, std::nullopt}, watch, 1), 0U);
  must(world.schedule.rotate(world.ada, meeting.seats[1].id));
  live.changed(world.load(meeting.id));
  live.watch(before.meeting, {meeting.seats[1].id, 1, std::nullopt}, watch, 1);
  EXPECT_EQ(end, CloseCode::link_revoked);
}

TEST_F(LiveTest, MemoryIsBoundedAndWhatIsWatchedStays) {
  Live live(world.settings.policy, world.clock, 16);
  const auto before = guest();
  int calls = 0;
  live.watch(
      before.meeting, {before.seat, 1, std::nullopt},
      [&](const Body&, std::optional<CloseCode>) { ++calls; }, 1);
  for (int i = 0; i < 500; ++i) {
    live.expect(must(domain::MeetingId::parse("m" + std::to_string(i))));
  }
  must(world.schedule.extend(world.ada, meeting.id, 5min));
  live.changed(world.load(meeting.id));
  EXPECT_EQ(calls, 2);
}

TEST(Screens, OneOfADesktopUnlessItTakesOver) {
  Screens screens;
  const auto desktop = must(domain::DesktopId::parse("mabc-1-1"));
  int changes = 0;
  screens.set_listener([&](const domain::DesktopId&) { ++changes; });
  std::optional<CloseCode> first_end;
  const auto first = screens.open(desktop, false, [&](CloseCode code) { first_end = code; });
  ASSERT_TRUE(first);
  EXPECT_FALSE(screens.open(desktop, false, [](CloseCode) {}));
  std::optional<CloseCode> second_end;
  const auto second = screens.open(desktop, true, [&](CloseCode code) { second_end = code; });
  ASSERT_TRUE(second);
  EXPECT_EQ(first_end, CloseCode::taken_over);
  EXPECT_EQ(screens.count(desktop), 1U);
  screens.closed(desktop, *first);  // it was counted out already
  EXPECT_EQ(screens.count(desktop), 1U);
  screens.close_all(desktop, CloseCode::left);
  EXPECT_EQ(second_end, CloseCode::left);
  EXPECT_EQ(screens.count(desktop), 1U);  // until it is closed
  screens.closed(desktop, *second);
  EXPECT_EQ(screens.count(desktop), 0U);
  EXPECT_EQ(changes, 3);
}

}  // namespace
}  // namespace host::http
