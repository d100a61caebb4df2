#include <boost/json.hpp>
#include <thread>

#include "integration/http_house.hpp"
#include "integration/web_socket_client.hpp"

namespace test {
namespace {

// The screen's end of a bridged connection.
class ScreenEnd {
 public:
  explicit ScreenEnd(int fd) : fd_(fd) {}
  ~ScreenEnd() { close(); }
  ScreenEnd(const ScreenEnd&) = delete;
  ScreenEnd& operator=(const ScreenEnd&) = delete;
  void close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }
  bool wait(short events) const {
    pollfd one{fd_, events, 0};
    return ::poll(&one, 1, 20'000) > 0;
  }
  std::string read(std::size_t count) const {
    std::string all;
    while (all.size() < count && wait(POLLIN)) {
      char bytes[4096];
      const auto got = ::read(fd_, bytes, std::min(sizeof bytes, count - all.size()));
      if (got <= 0) break;
      all.append(bytes, static_cast<std::size_t>(got));
    }
    return all;
  }
  void write(std::string_view bytes) const {
    while (!bytes.empty() && wait(POLLOUT)) {
      const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (sent > 0) bytes.remove_prefix(static_cast<std::size_t>(sent));
      if (sent < 0 && errno != EAGAIN) return;
    }
  }

 private:
  int fd_;
};

class HttpScreen : public testing::Test {
 protected:
  static app::Settings quick() {
    app::Settings settings;
    settings.policy.used_after = 30ms;
    settings.policy.leave_grace = 200ms;
    return settings;
  }
  HttpScreen() : house({}, quick()), meeting(house.settle(house.book().id)) {
    desktop = meeting.seats[0].desktop->id;
    cookie = house.desk_cookie(meeting, 0);
    host = house.desk_host(*desktop);
  }
  HttpClient::Headers headers() const {
    return WebSocketClient::upgrade_headers("http://" + host, cookie);
  }
  int take_screen() {
    const auto fd = house.console.take_screen(meeting.seats[0].desktop->instance->value);
    EXPECT_TRUE(fd);
    return fd.value_or(-1);
  }
  template <class Condition>
  bool becomes(const Condition& condition) {
    const auto until = std::chrono::steady_clock::now() + 20s;
    while (!condition()) {
      if (std::chrono::steady_clock::now() > until) return false;
      std::this_thread::yield();
    }
    return true;
  }
  domain::Desktop stored() { return *house.load(meeting.id).seats[0].desktop; }

  HttpHouse house;
  domain::Meeting meeting;
  std::optional<domain::DesktopId> desktop;
  std::string cookie;
  std::string host;
};

TEST_F(HttpScreen, CarriesBytesBothWays) {
  WebSocketClient viewer(house.port);
  const auto upgraded = viewer.open("/screen", host, headers());
  ASSERT_EQ(upgraded.status, 101) << upgraded.body;
  EXPECT_EQ(upgraded.header("sec-websocket-protocol"), "binary");
  EXPECT_EQ(viewer.read_bytes(12), "RFB 003.008\n");
  const ScreenEnd screen(take_screen());
  viewer.send(2, "RFB 003.008\n");
  EXPECT_EQ(screen.read(12), "RFB 003.008\n");
  std::string picture(3'000'000, '\0');
  for (std::size_t i = 0; i < picture.size(); ++i) picture[i] = static_cast<char>(i * 31 >> 7);
  std::thread painter([&] { screen.write(picture); });
  EXPECT_TRUE(viewer.read_bytes(picture.size()) == picture);
  painter.join();
  const std::string clipboard(900'000, 'c');
  std::thread typist([&] { viewer.send(2, clipboard); });
  EXPECT_TRUE(screen.read(clipboard.size()) == clipboard);
  typist.join();
}

TEST_F(HttpScreen, AViewerThatDoesNotReadSlowsTheScreenInsteadOfFillingMemory) {
  WebSocketClient viewer(house.port);
  ASSERT_EQ(viewer.open("/screen", host, headers()).status, 101);
  const int fd = take_screen();
  const ScreenEnd screen(fd);
  const std::string block(65'536, 'x');
  std::size_t taken = 0;
  int full = 0;
  while (full < 50 && taken < (64U << 20U)) {
    const auto sent = ::send(fd, block.data(), block.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent > 0) {
      taken += static_cast<std::size_t>(sent);
      full = 0;
    } else {
      pollfd one{fd, POLLOUT, 0};
      if (::poll(&one, 1, 10) == 0) ++full;
    }
  }
  EXPECT_LT(taken, 32U << 20U);  // the sockets' buffers, not ours
}

TEST_F(HttpScreen, CountsAsPresenceWhileOpenAndAsUsedAfterAWhile) {
  WebSocketClient viewer(house.port);
  ASSERT_EQ(viewer.open("/screen", host, headers()).status, 101);
  EXPECT_TRUE(becomes([&] { return stored().presence && stored().presence->connections == 1U; }));
  EXPECT_TRUE(becomes([&] { return stored().used_at.has_value(); }));
  viewer.http().close();
  EXPECT_TRUE(becomes([&] { return stored().presence->connections == 0U; }));
}

TEST_F(HttpScreen, ASecondTabMustTakeOver) {
  WebSocketClient first(house.port);
  ASSERT_EQ(first.open("/screen", host, headers()).status, 101);
  WebSocketClient second(house.port);
  EXPECT_EQ(second.open("/screen", host, headers()).status, 409);
  ASSERT_EQ(second.open("/screen?take_over=1", host, headers()).status, 101);
  EXPECT_EQ(first.read_close(), 4001);
  EXPECT_EQ(second.read_bytes(12), "RFB 003.008\n");
  EXPECT_TRUE(becomes([&] { return stored().presence && stored().presence->connections == 1U; }));
}

TEST_F(HttpScreen, AScreenThatDiesIsSaid) {
  WebSocketClient viewer(house.port);
  ASSERT_EQ(viewer.open("/screen", host, headers()).status, 101);
  ScreenEnd screen(take_screen());
  screen.close();
  EXPECT_EQ(viewer.read_close(), 1011);
}

TEST_F(HttpScreen, AScreenThatCannotBeReachedIsSaid) {
  house.compute.hang(meeting.seats[0].desktop->instance->value);
  WebSocketClient viewer(house.port);
  ASSERT_EQ(viewer.open("/screen", host, headers()).status, 101);
  EXPECT_EQ(viewer.read_close(), 1011);
  EXPECT_FALSE(stored().used_at);
}

TEST_F(HttpScreen, LeavingClosesIt) {
  WebSocketClient viewer(house.port);
  ASSERT_EQ(viewer.open("/screen", host, headers()).status, 101);
  const auto left = house.call("POST", "/v1/desk/leave",
                               {{"Cookie", cookie}, {"Origin", "http://" + host}}, "", host);
  EXPECT_EQ(left.status, 204);
  EXPECT_EQ(viewer.read_close(), 4005);
}

TEST_F(HttpScreen, EventsOfTheDeskTellHowManyAreConnected) {
  HttpClient events(house.port);
  events.send(HttpClient::request("GET", "/v1/desk/events", host, {{"Cookie", cookie}}));
  EXPECT_NE(events.take_until("\"connected\":0}\n\n"), "");
  WebSocketClient viewer(house.port);
  ASSERT_EQ(viewer.open("/screen", host, headers()).status, 101);
  EXPECT_NE(events.take_until("\"connected\":1}\n\n"), "");
}

TEST_F(HttpScreen, ProbeLooksAtTheScreenAndCountsPeopleOnly) {
  const std::string path = "/.well-known/howdah-desktop";
  const HttpClient::Headers ticket{{"X-Howdah-Probe", must(house.join.probe_ticket(*desktop))}};
  const auto play = [&] {
    std::thread player([&] {
      std::optional<int> fd;
      const auto instance = meeting.seats[0].desktop->instance->value;
      if (!becomes([&] { return (fd = house.console.take_screen(instance)).has_value(); })) return;
      const ScreenEnd screen(*fd);
      if (screen.read(12) != "RFB 003.008\n") return;
      screen.write(std::string_view("\x01\x01", 2));
      if (screen.read(1) == "\x01") screen.write(std::string_view("\0\0\0\0", 4));
    });
    const auto answer = house.call("GET", path, ticket, "", host);
    player.join();
    return answer.body;
  };
  EXPECT_EQ(house.call("GET", path, {}, "", host).status, 404);
  EXPECT_EQ(house.call("GET", path, {{"X-Howdah-Probe", "v1.x.y.z"}}, "", host).body,
            house.call("GET", "/none", {}, "", host).body);
  const std::string head = "{\"desktop\":\"" + desktop->text() + "\",\"attempt\":1,";
  // Right after a start nobody can be said to be absent; later they can.
  EXPECT_TRUE(becomes([&] { return play() == head + "\"screen\":true,\"connections\":0}"; }));
  WebSocketClient viewer(house.port);
  ASSERT_EQ(viewer.open("/screen", host, headers()).status, 101);
  const ScreenEnd inside(take_screen());
  EXPECT_EQ(play(), head + "\"screen\":true,\"connections\":1}");
}

TEST(HttpScreenStart, AfterAStartPresenceIsUnknownNotNone) {
  HttpHouse house;  // leave_grace is ten minutes
  const auto meeting = house.settle(house.book().id);
  const auto desktop = meeting.seats[0].desktop->id;
  house.compute.hang(meeting.seats[0].desktop->instance->value);
  const auto answer = house.call("GET", "/.well-known/howdah-desktop",
                                 {{"X-Howdah-Probe", must(house.join.probe_ticket(desktop))}}, "",
                                 house.desk_host(desktop));
  EXPECT_EQ(answer.body, "{\"desktop\":\"" + desktop.text() +
                             "\",\"attempt\":1,\"screen\":false,\"connections\":null}");
}

TEST(HttpScreenSilence, ASilentViewerIsDropped) {
  host::http::ServerConfig config;
  config.limits.ping_period = 50ms;
  config.limits.silence_max = 300ms;
  HttpHouse house(config);
  const auto meeting = house.settle(house.book().id);
  const auto host = house.desk_host(meeting.seats[0].desktop->id);
  WebSocketClient viewer(house.port);
  ASSERT_EQ(
      viewer
          .open("/screen", host,
                WebSocketClient::upgrade_headers("http://" + host, house.desk_cookie(meeting, 0)))
          .status,
      101);
  EXPECT_TRUE(viewer.http().closed_within(10s));  // answers no ping
}

}  // namespace
}  // namespace test
