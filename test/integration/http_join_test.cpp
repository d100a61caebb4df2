#include <boost/json.hpp>

#include "integration/http_house.hpp"

namespace test {
namespace {

namespace json = boost::json;

json::object object_of(std::string_view text) {
  json::error_code error;
  auto value = json::parse({text.data(), text.size()}, error);
  EXPECT_FALSE(error) << text;
  return value.is_object() ? value.as_object() : json::object{};
}
std::string text_of(const json::value& value) {
  return value.is_string() ? std::string(value.as_string()) : json::serialize(value);
}

TEST(HttpJoin, LinkLeadsToTheDesktop) {
  HttpHouse house;
  const auto booked = house.book();
  const auto& seat = booked.seats[0];
  const std::string path = "/v1/join/" + seat.id.text();
  const auto link = must(house.join.link_token(seat));
  const auto exchanged = house.call("POST", "/v1/join/exchange", {{"Origin", house.origin}},
                                    "{\"link\":\"" + link + "\"}");
  ASSERT_EQ(exchanged.status, 200) << exchanged.body;
  const auto cookie = exchanged.header("set-cookie");
  ASSERT_TRUE(cookie.starts_with("__Host-seat-" + seat.id.text() + "="));
  const HttpHouse::Headers mine{{"Cookie", cookie.substr(0, cookie.find(';'))},
                                {"Origin", house.origin}};
  EXPECT_EQ(text_of(object_of(exchanged.body).at("can_enter")), "false");

  // Not yet: the reason is said.
  EXPECT_EQ(house.call("POST", path + "/enter", mine).status, 409);
  house.settle(booked.id);
  const auto status = object_of(house.call("GET", path, mine).body);
  EXPECT_EQ(text_of(status.at("step")), "ready");
  EXPECT_EQ(text_of(status.at("can_enter")), "true");
  EXPECT_EQ(text_of(status.at("steps").at(4).at("name")), "ready");
  EXPECT_TRUE(status.at("steps").at(4).at("at").is_string());

  const auto entry = house.call("POST", path + "/enter", mine);
  ASSERT_EQ(entry.status, 200) << entry.body;
  const auto desk = house.desk_host(house.load(booked.id).seats[0].desktop->id);
  EXPECT_EQ(text_of(object_of(entry.body).at("door")), "http://" + desk + "/enter");
  const auto through =
      house.call("POST", "/enter",
                 {{"Origin", house.origin}, {"Content-Type", "application/x-www-form-urlencoded"}},
                 "token=" + text_of(object_of(entry.body).at("token")), desk);
  ASSERT_EQ(through.status, 303) << through.body;
  EXPECT_EQ(through.header("location"), "/");
  const auto desk_cookie = through.header("set-cookie");
  const auto inside = house.call(
      "GET", "/v1/desk", {{"Cookie", desk_cookie.substr(0, desk_cookie.find(';'))}}, "", desk);
  ASSERT_EQ(inside.status, 200) << inside.body;
  EXPECT_EQ(text_of(object_of(inside.body).at("seat")), seat.id.text());
  EXPECT_EQ(object_of(inside.body).at("connected").as_int64(), 0);
  EXPECT_EQ(house.call("GET", "/", {}, "", desk).body, "<!doctype html>viewer");
}

// What a browser keeps of the answers, and sends with its next request: the oldest first.
class Jar {
 public:
  std::string header() const {
    std::string text;
    for (const auto& [name, value] : cookies_) {
      text += (text.empty() ? "" : "; ") + name + "=" + value;
    }
    return text;
  }
  void keep(const Answer& answer) {
    const auto [from, to] = answer.headers.equal_range("set-cookie");
    for (auto each = from; each != to; ++each) {
      const auto& text = each->second;
      const auto name = text.substr(0, text.find('='));
      std::erase_if(cookies_, [&](const auto& cookie) { return cookie.first == name; });
      if (text.ends_with("; Max-Age=0")) continue;
      cookies_.emplace_back(name, text.substr(name.size() + 1, text.find(';') - name.size() - 1));
    }
  }
  std::size_t size() const { return cookies_.size(); }

 private:
  std::vector<std::pair<std::string, std::string>> cookies_;
};

TEST(HttpJoin, ABrowserThatOpensManyLinksIsNeverRefusedForItsCookies) {
  HttpHouse house;
  Jar jar;
  const auto mine = [&] {
    HttpHouse::Headers headers{{"Origin", house.origin}, {"User-Agent", std::string(600, 'u')}};
    if (jar.size() > 0) headers.emplace_back("Cookie", jar.header());
    return headers;
  };
  std::vector<domain::SeatId> seats;
  for (int i = 0; i < 35; ++i) {
    for (const auto& seat : house.book().seats) {
      const auto opened = house.call("POST", "/v1/join/exchange", mine(),
                                     "{\"link\":\"" + must(house.join.link_token(seat)) + "\"}");
      ASSERT_EQ(opened.status, 200) << "with " << jar.size() << " cookies";
      jar.keep(opened);
      seats.push_back(seat.id);
    }
  }
  ASSERT_EQ(seats.size(), 70U);
  EXPECT_EQ(jar.size(), 17U);
  // The last ones are good; the first needs its link again.
  for (auto seat = seats.end() - 17; seat != seats.end(); ++seat) {
    EXPECT_EQ(house.call("GET", "/v1/join/" + seat->text(), mine()).status, 200);
  }
  EXPECT_EQ(house.call("GET", "/v1/join/" + seats[0].text(), mine()).status, 404);
}

TEST(HttpJoin, ASeatsCookieEndsADayAfterItsMeeting) {
  HttpHouse house;
  const auto booked = house.book();
  const auto age_s = [&] {
    const auto link = must(house.join.link_token(booked.seats[0]));
    const auto cookie = house.call("POST", "/v1/join/exchange", {}, "{\"link\":\"" + link + "\"}")
                            .header("set-cookie");
    const auto at = cookie.find("; Max-Age=");
    return at == std::string::npos ? -1s : std::chrono::seconds(std::stoll(cookie.substr(at + 10)));
  };
  const auto cap = domain::hard_cap(booked, house.settings.policy);
  EXPECT_EQ(age_s(), cap + 24h - house.clock.now());
  // Of a meeting that is over the page can still be read; no cookie is set to be dropped at once.
  must(house.schedule.cancel(must(house.access.by_key(kApiKey)), booked.id));
  house.clock.advance(72h);
  EXPECT_EQ(age_s(), 24h);
}

TEST(HttpJoin, StatusFollowsEveryCommit) {
  HttpHouse house;
  const auto booked = house.book();
  const HttpHouse::Headers mine{{"Cookie", house.seat_cookie(booked.seats[0])}};
  const std::string path = "/v1/join/" + booked.seats[0].id.text();
  HttpClient client(house.port);
  const auto step = [&] {
    return text_of(object_of(client.call("GET", path, house.host, mine).body).at("step"));
  };
  EXPECT_EQ(step(), "waiting");
  EXPECT_TRUE(house.reconcile.pass(booked.id, false));
  EXPECT_NE(step(), "waiting");
  house.settle(booked.id);
  EXPECT_EQ(step(), "ready");
  house.compute.die(house.load(booked.id).seats[0].desktop->instance->value);
  house.settle(booked.id);
  const auto again = object_of(client.call("GET", path, house.host, mine).body);
  EXPECT_EQ(again.at("attempt").as_int64(), 2);
  const auto who = must(house.access.by_key(kApiKey));
  must(house.schedule.end(who, booked.id));
  const auto last = object_of(client.call("GET", path, house.host, mine).body);
  EXPECT_EQ(text_of(last.at("end").at("reason")), "ended_by_organiser");
}

TEST(HttpJoin, ALateOldCommitNeverComesBack) {
  HttpHouse house;
  const auto booked = house.book();
  const HttpHouse::Headers mine{{"Cookie", house.seat_cookie(booked.seats[0])}};
  const std::string path = "/v1/join/" + booked.seats[0].id.text();
  EXPECT_EQ(house.call("GET", path, mine).status, 200);
  const auto ready = house.settle(booked.id);
  EXPECT_GT(ready.version, booked.version);
  house.server->meeting_changed(booked);  // told late
  EXPECT_EQ(text_of(object_of(house.call("GET", path, mine).body).at("step")), "ready");
}

TEST(HttpJoin, EventsTellTheStatusAtOnceAndOnEachChange) {
  HttpHouse house;
  const auto booked = house.book();
  HttpClient client(house.port);
  client.send(HttpClient::request("GET", "/v1/join/" + booked.seats[0].id.text() + "/events",
                                  house.host, {{"Cookie", house.seat_cookie(booked.seats[0])}}));
  const auto head = client.take_until("\r\n\r\n");
  EXPECT_NE(head.find("Content-Type: text/event-stream"), std::string::npos) << head;
  EXPECT_NE(client.take_until("\n\n").find("retry:"), std::string::npos);
  const auto first = client.take_until("\n\n");
  EXPECT_TRUE(first.starts_with("event: status\ndata: {")) << first;
  EXPECT_NE(first.find("\"step\":\"waiting\""), std::string::npos);
  house.settle(booked.id);
  std::string seen;
  while (seen.find("\"step\":\"ready\"") == std::string::npos) {
    seen = client.take_until("\n\n");
    ASSERT_FALSE(seen.empty());
  }
  must(house.schedule.cancel(must(house.access.by_key(kApiKey)), booked.id));
  EXPECT_NE(client.take_until("\n\n").find("\"reason\":\"cancelled\""), std::string::npos);
  EXPECT_TRUE(client.closed_within(5s));
}

TEST(HttpJoin, EventsKeepTheConnectionAlive) {
  host::http::ServerConfig config;
  config.limits.ping_period = 20ms;
  HttpHouse house(config);
  const auto booked = house.book();
  HttpClient client(house.port);
  client.send(HttpClient::request("GET", "/v1/join/" + booked.seats[0].id.text() + "/events",
                                  house.host, {{"Cookie", house.seat_cookie(booked.seats[0])}}));
  client.take_until("\n\n");
  EXPECT_NE(client.take_until("\n: \n\n"), "");
  EXPECT_NE(client.take_until(": \n\n"), "");
}

TEST(HttpJoin, ReleasedDesktopCanBeStartedAgain) {
  HttpHouse house;
  const auto booked = house.book();
  house.settle(booked.id);
  // The other seat is used, so that the meeting goes on.
  const auto other = house.load(booked.id).seats[1].desktop->id;
  const auto own = house.load(booked.id).seats[0].desktop->id;
  must(house.join.enter(
      must(house.join.exchange(must(house.join.link_token(booked.seats[1])))).first));
  EXPECT_TRUE(house.join.report_presence(other, 1, true));
  house.prober.set_connections(other, 1);
  while (house.clock.now() < booked.start.at + 16min) house.settle(booked.id);
  house.settle(booked.id);
  const std::string path = "/v1/join/" + booked.seats[0].id.text();
  const HttpHouse::Headers mine{{"Cookie", house.seat_cookie(booked.seats[0])},
                                {"Origin", house.origin}};
  const auto status = object_of(house.call("GET", path, mine).body);
  EXPECT_EQ(text_of(status.at("step")), "released");
  EXPECT_EQ(text_of(status.at("can_restart")), "true");
  EXPECT_EQ(house.call("POST", path + "/restart", mine).status, 202);
  const auto after = house.settle(booked.id);
  EXPECT_NE(after.seats[0].desktop->id, own);
}

TEST(HttpJoin, LeaveForEverybodyEndsWhenAllWhoEnteredAsked) {
  HttpHouse house;
  const auto booked = house.book();
  house.settle(booked.id);
  for (const std::size_t seat : {0U, 1U}) {
    house.desk_cookie(house.load(booked.id), seat);
    const auto desktop = house.load(booked.id).seats[seat].desktop->id;
    EXPECT_TRUE(house.join.report_presence(desktop, 1, true));
    house.prober.set_connections(desktop, 1);
  }
  for (const std::size_t seat : {0U, 1U}) {
    EXPECT_FALSE(house.settle(booked.id).end);
    const auto left =
        house.call("POST", "/v1/join/" + booked.seats[seat].id.text() + "/leave",
                   {{"Cookie", house.seat_cookie(booked.seats[seat])}, {"Origin", house.origin}},
                   "{\"end_for_everybody\":true}");
    EXPECT_EQ(left.status, 204);
  }
  ASSERT_TRUE(house.settle(booked.id).end);
  EXPECT_EQ(house.load(booked.id).end->reason, domain::EndReason::ended_by_everyone);
}

}  // namespace
}  // namespace test
