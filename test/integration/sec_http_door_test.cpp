// SECURITY rows 11, 12, 13 and 15: the door and the bridge. Each test tries the attack.

#include "integration/http_house.hpp"
#include "integration/web_socket_client.hpp"

namespace test {
namespace {

class SecurityDoor : public testing::Test {
 protected:
  SecurityDoor() : meeting(house.settle(house.book().id)) {}

  app::Entry enter(std::size_t seat) {
    const auto token = must(house.join.link_token(meeting.seats[seat]));
    return must(house.join.enter(must(house.join.exchange(token)).first));
  }
  Answer door(const domain::DesktopId& desktop, const std::string& token,
              const std::string& origin) {
    return house.call("POST", "/enter", {{"Origin", origin}}, "token=" + token,
                      house.desk_host(desktop));
  }
  std::string desk(std::size_t seat) const {
    return house.desk_host(meeting.seats[seat].desktop->id);
  }
  // A viewer inside the desktop of this seat.
  void inside(WebSocketClient& viewer, std::size_t seat) {
    const auto cookie = house.desk_cookie(house.load(meeting.id), seat);
    ASSERT_EQ(viewer
                  .open("/screen", desk(seat),
                        WebSocketClient::upgrade_headers("http://" + desk(seat), cookie))
                  .status,
              101);
    cookies.push_back(cookie);
  }
  app::Principal organiser() { return must(house.access.by_key(kApiKey)); }

  HttpHouse house;
  domain::Meeting meeting;
  std::vector<std::string> cookies;
};

TEST_F(SecurityDoor, sec_11_ATokenOpensOneDoorOnce) {
  const auto entry = enter(0);
  const auto other = meeting.seats[1].desktop->id;
  EXPECT_EQ(door(other, entry.token, house.origin).status, 403);
  EXPECT_EQ(door(entry.desktop, entry.token, house.origin).status, 303);
  EXPECT_EQ(door(entry.desktop, entry.token, house.origin).status, 403);
}

TEST_F(SecurityDoor, sec_11_ATokenIsTooOldAfterAMinute) {
  const auto entry = enter(0);
  house.clock.advance(61s);
  EXPECT_EQ(door(entry.desktop, entry.token, house.origin).status, 403);
}

TEST_F(SecurityDoor, sec_11_ATokenIsWorthNothingOnceTheGateIsClosed) {
  const auto entry = enter(0);
  must(house.schedule.cancel(organiser(), meeting.id));
  const auto answer = door(entry.desktop, entry.token, house.origin);
  EXPECT_NE(answer.status, 303);
  EXPECT_EQ(answer.header("set-cookie"), "");
}

TEST_F(SecurityDoor, sec_12_OnlyTheJoinPageMaySendPeopleIn) {
  const auto entry = enter(0);
  const std::string port = ":" + std::to_string(house.port);
  for (const std::string& origin :
       {std::string("null"), std::string(), std::string("http://evil.example"), "http://" + desk(0),
        "http://" + desk(1), "https://" + house.host, "http://localhost" + port}) {
    const auto answer = door(entry.desktop, entry.token, origin);
    EXPECT_EQ(answer.status, 403) << origin;
    EXPECT_EQ(answer.header("set-cookie"), "");
  }
  const auto through = door(entry.desktop, entry.token, house.origin);
  ASSERT_EQ(through.status, 303);
  const auto cookie = through.header("set-cookie");
  EXPECT_TRUE(cookie.starts_with("__Host-desk="));
  EXPECT_TRUE(cookie.ends_with("; Path=/; Secure; HttpOnly; SameSite=Strict")) << cookie;
  // The page behind the door is static and needs no cookie; what it calls does.
  EXPECT_EQ(house.call("GET", "/", {}, "", desk(0)).status, 200);
  EXPECT_EQ(house.call("GET", "/v1/desk", {}, "", desk(0)).status, 404);
}

TEST_F(SecurityDoor, sec_13_EndingTheMeetingClosesScreensAndVoidsCookies) {
  WebSocketClient viewer(house.port);
  inside(viewer, 0);
  HttpClient events(house.port);
  events.send(HttpClient::request("GET", "/v1/desk/events", desk(0), {{"Cookie", cookies[0]}}));
  ASSERT_NE(events.take_until("event: status"), "");
  must(house.schedule.end(organiser(), meeting.id));
  EXPECT_EQ(viewer.read_close(), 4002);
  EXPECT_TRUE(events.closed_within(5s));
  EXPECT_EQ(house.call("GET", "/v1/desk", {{"Cookie", cookies[0]}}, "", desk(0)).status, 404);
  WebSocketClient again(house.port);
  EXPECT_EQ(again
                .open("/screen", desk(0),
                      WebSocketClient::upgrade_headers("http://" + desk(0), cookies[0]))
                .status,
            404);
}

TEST_F(SecurityDoor, sec_13_RotatingALinkClosesThatSeatAlone) {
  WebSocketClient mine(house.port);
  WebSocketClient other(house.port);
  inside(mine, 0);
  inside(other, 1);
  const auto seat_cookie = house.seat_cookie(meeting.seats[0]);
  const std::string status = "/v1/join/" + meeting.seats[0].id.text();
  EXPECT_EQ(house.call("GET", status, {{"Cookie", seat_cookie}}).status, 200);
  HttpClient events(house.port);
  events.send(
      HttpClient::request("GET", status + "/events", house.host, {{"Cookie", seat_cookie}}));
  ASSERT_NE(events.take_until("event: status"), "");
  must(house.schedule.rotate(organiser(), meeting.seats[0].id));
  EXPECT_EQ(mine.read_close(), 4004);
  EXPECT_TRUE(events.closed_within(5s));
  EXPECT_EQ(house.call("GET", status, {{"Cookie", seat_cookie}}).status, 404);
  EXPECT_EQ(house.call("GET", "/v1/desk", {{"Cookie", cookies[0]}}, "", desk(0)).status, 404);
  EXPECT_EQ(house.call("GET", "/v1/desk", {{"Cookie", cookies[1]}}, "", desk(1)).status, 200);
  EXPECT_EQ(other.read_bytes(12), "RFB 003.008\n");
}

// Whoever holds a link can open as many streams as are allowed, and must not win by that a screen
// which nobody closes.
TEST_F(SecurityDoor, sec_13_RotatingALinkClosesItsScreenHoweverManyStreamsThereAre) {
  const auto seat_cookie = house.seat_cookie(meeting.seats[0]);
  const std::string path = "/v1/join/" + meeting.seats[0].id.text() + "/events";
  std::vector<std::unique_ptr<HttpClient>> streams;
  for (std::size_t i = 0; i < host::http::Limits().streams_per_seat; ++i) {
    streams.push_back(std::make_unique<HttpClient>(house.port));
    streams.back()->send(HttpClient::request("GET", path, house.host, {{"Cookie", seat_cookie}}));
    ASSERT_NE(streams.back()->take_until("event: status"), "");
  }
  HttpClient one_too_many(house.port);
  one_too_many.send(HttpClient::request("GET", path, house.host, {{"Cookie", seat_cookie}}));
  ASSERT_TRUE(one_too_many.closed_within(5s));
  WebSocketClient viewer(house.port);
  inside(viewer, 0);
  must(house.schedule.rotate(organiser(), meeting.seats[0].id));
  EXPECT_EQ(viewer.read_close(), 4004);
}

TEST_F(SecurityDoor, sec_13_ANewAttemptClosesTheOldOne) {
  WebSocketClient viewer(house.port);
  inside(viewer, 0);
  house.compute.die(house.load(meeting.id).seats[0].desktop->instance->value);
  const auto after = house.settle(meeting.id);
  ASSERT_NE(after.seats[0].desktop->id, meeting.seats[0].desktop->id);
  EXPECT_EQ(viewer.read_close(), 4003);
  EXPECT_EQ(house.call("GET", "/v1/desk", {{"Cookie", cookies[0]}}, "", desk(0)).status, 404);
}

TEST_F(SecurityDoor, sec_15_AScreenNeedsItsSubProtocol) {
  const auto cookie = house.desk_cookie(meeting, 0);
  for (const std::string protocol : {"", "base64", "binaryx"}) {
    WebSocketClient viewer(house.port);
    EXPECT_EQ(viewer
                  .open("/screen", desk(0),
                        WebSocketClient::upgrade_headers("http://" + desk(0), cookie, protocol))
                  .status,
              400);
  }
}

TEST_F(SecurityDoor, sec_15_AnOversizedFrameEndsTheConnection) {
  WebSocketClient viewer(house.port);
  inside(viewer, 0);
  viewer.send(2, std::string((1U << 20U) + 1, 'x'));
  EXPECT_TRUE(viewer.http().closed_within(5s));
}

TEST_F(SecurityDoor, sec_15_ACookieOfAnotherDesktopOpensNothing) {
  const auto cookie = house.desk_cookie(meeting, 0);
  WebSocketClient viewer(house.port);
  EXPECT_EQ(
      viewer.open("/screen", desk(1), WebSocketClient::upgrade_headers("http://" + desk(1), cookie))
          .status,
      404);
}

}  // namespace
}  // namespace test
