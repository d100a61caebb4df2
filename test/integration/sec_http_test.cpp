// SECURITY rows 2 to 8, 10 and 26 as far as they are answered over HTTP. Each test tries the
// attack.

#include <mutex>

#include "base/log.hpp"
#include "integration/http_house.hpp"
#include "integration/web_socket_client.hpp"

namespace test {
namespace {

std::string exchange_body(std::string_view link) {
  return "{\"link\":\"" + std::string(link) + "\"}";
}

TEST(Security, sec_02_NoAnswerLetsACapabilityLeakToOtherSites) {
  HttpHouse house;
  const auto meeting = house.settle(house.book().id);
  const auto desk = house.desk_host(meeting.seats[0].desktop->id);
  for (const std::string path : {"/", "/j/mabc-1", "/assets/app.js", "/v1/me", "/none"}) {
    for (const auto& host : {house.host, desk}) {
      const auto answer = house.call("GET", path, {}, "", host);
      EXPECT_EQ(answer.header("referrer-policy"), "strict-origin") << path;
      EXPECT_EQ(answer.header("x-content-type-options"), "nosniff") << path;
    }
  }
  // What is in a query is not a capability: a link there is worth nothing.
  const auto link = must(house.join.link_token(meeting.seats[0]));
  EXPECT_EQ(house.call("GET", "/v1/join/" + meeting.seats[0].id.text() + "?link=" + link).status,
            404);
}

TEST(Security, sec_03_GetAndHeadChangeNothing) {
  HttpHouse house;
  const auto meeting = house.settle(house.book().id);
  const auto& seat = meeting.seats[0];
  const auto desk = house.desk_host(seat.desktop->id);
  const auto cookie = house.seat_cookie(seat);
  const auto before = house.load(meeting.id);
  const std::string id = meeting.id.text();
  for (const std::string method : {"GET", "HEAD"}) {
    for (const std::string path :
         {"/v1/meetings", "/v1/meetings/x", "/v1/meetings/x/cancel", "/v1/meetings/x/end",
          "/v1/meetings/x/seats/x-1/rotate", "/v1/join/x-1", "/v1/join/x-1/enter",
          "/v1/join/x-1/restart", "/v1/join/x-1/leave", "/v1/join/exchange", "/v1/keys",
          "/v1/logins", "/v1/sweep", "/j/x-1", "/v1/login"}) {
      std::string target = path;
      for (auto at = target.find("/x"); at != std::string::npos; at = target.find("/x", at + 1)) {
        target.replace(at + 1, 1, id);
      }
      auto headers = house.with_key({{"Cookie", cookie}});
      house.call(method, target, headers);
    }
    house.call(method, "/enter?token=abc", {{"Origin", house.origin}}, "", desk);
    house.call(method, "/v1/desk/leave", {}, "", desk);
  }
  EXPECT_EQ(house.load(meeting.id), before);
  EXPECT_EQ(must(house.memory.keys()).size(), 1U);
}

TEST(Security, sec_04_EveryBadLinkGetsTheSameBytes) {
  HttpHouse house;
  const auto meeting = house.book();
  const auto good = must(house.join.link_token(meeting.seats[0]));
  must(house.schedule.rotate(must(house.access.by_key(kApiKey)), meeting.seats[0].id));
  auto stranger = meeting.seats[1];
  stranger.id = *domain::SeatId::parse("mstranger-1");
  std::string tampered = good;
  tampered.back() = tampered.back() == 'A' ? 'B' : 'A';
  std::set<std::string> answers;
  for (const auto& link : {good, must(house.join.link_token(stranger)), tampered,
                           std::string("nonsense"), std::string()}) {
    const auto asked = std::chrono::steady_clock::now();
    const auto answer = house.call("POST", "/v1/join/exchange", {}, exchange_body(link));
    // None comes sooner than the others: the time does not tell which check failed.
    EXPECT_GE(std::chrono::steady_clock::now() - asked, std::chrono::milliseconds(25));
    EXPECT_EQ(answer.status, 404);
    EXPECT_EQ(answer.header("set-cookie"), "");
    answers.insert(answer.body);
  }
  EXPECT_EQ(answers.size(), 1U);
  // The same for a cookie that is not good.
  std::set<std::string> statuses;
  for (const std::string cookie : {"", "=x", "=v1.a.b.c"}) {
    const auto name = "__Host-seat-" + meeting.seats[0].id.text();
    statuses.insert(
        house.call("GET", "/v1/join/" + meeting.seats[0].id.text(), {{"Cookie", name + cookie}})
            .body);
  }
  EXPECT_EQ(statuses.size(), 1U);
}

TEST(Security, sec_04_GuessingIsSlowedDown) {
  host::http::ServerConfig config;
  config.limits.attempts_loopback = {0.001, 5};
  HttpHouse house(config);
  const auto meeting = house.book();
  int refused = 0;
  for (int i = 0; i < 20; ++i) {
    const auto answer = house.call("POST", "/v1/join/exchange", {}, exchange_body("v1.guess"));
    if (answer.status == 429) {
      ++refused;
      EXPECT_NE(answer.header("retry-after"), "");
    }
  }
  EXPECT_EQ(refused, 15);
}

TEST(Security, sec_04_OneLinkIsTriedOnlySoOften) {
  host::http::ServerConfig config;
  config.limits.requests_per_link = {0.001, 3};
  HttpHouse house(config);
  const auto meeting = house.book();
  const auto link = must(house.join.link_token(meeting.seats[0]));
  const auto other = must(house.join.link_token(meeting.seats[1]));
  for (int i = 0; i < 3; ++i) {
    // Other signatures of the same link share its tries.
    std::string guess = link;
    guess.back() = static_cast<char>('A' + i);
    EXPECT_NE(house.call("POST", "/v1/join/exchange", {}, exchange_body(guess)).status, 429);
  }
  EXPECT_EQ(house.call("POST", "/v1/join/exchange", {}, exchange_body(link)).status, 429);
  EXPECT_EQ(house.call("POST", "/v1/join/exchange", {}, exchange_body(other)).status, 200);
}

TEST(Security, sec_05_LoginCodeIsTakenOnceAndByPost) {
  HttpHouse house;
  const auto made = house.call("POST", "/v1/logins", house.with_key());
  ASSERT_EQ(made.status, 201);
  const auto start = made.body.find("\"code\":\"") + 8;
  const auto code = made.body.substr(start, made.body.find('"', start) - start);
  const std::string body = "{\"code\":\"" + code + "\"}";
  const auto login = house.call("POST", "/v1/login", {{"Origin", house.origin}}, body);
  EXPECT_EQ(login.status, 204);
  const auto cookie = login.header("set-cookie");
  EXPECT_TRUE(cookie.starts_with("__Host-howdah=")) << cookie;
  EXPECT_NE(cookie.find("; Path=/; Secure; HttpOnly; SameSite=Strict"), std::string::npos);
  EXPECT_EQ(house.call("POST", "/v1/login", {{"Origin", house.origin}}, body).status, 401);
  const HttpHouse::Headers mine{{"Cookie", cookie.substr(0, cookie.find(';'))},
                                {"Origin", house.origin}};
  EXPECT_EQ(house.call("GET", "/v1/me", mine).status, 200);
  // Revoking the key ends the login.
  EXPECT_EQ(house.call("POST", "/v1/keys/organiser/revoke", mine).status, 204);
  EXPECT_EQ(house.call("GET", "/v1/me", mine).status, 401);
  EXPECT_EQ(house.call("GET", "/v1/me", house.with_key()).status, 401);
}

TEST(Security, sec_06_CookiesOfTwoSeatsLiveBesideEachOther) {
  HttpHouse house;
  const auto meeting = house.book();
  std::string both;
  for (const auto& seat : meeting.seats) {
    const auto answer = house.call("POST", "/v1/join/exchange", {},
                                   exchange_body(must(house.join.link_token(seat))));
    const auto cookie = answer.header("set-cookie");
    EXPECT_TRUE(cookie.starts_with("__Host-seat-" + seat.id.text() + "="));
    EXPECT_NE(cookie.find("; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age="),
              std::string::npos)
        << cookie;
    both += (both.empty() ? "" : "; ") + cookie.substr(0, cookie.find(';'));
  }
  for (const auto& seat : meeting.seats) {
    const auto answer = house.call("GET", "/v1/join/" + seat.id.text(), {{"Cookie", both}});
    EXPECT_NE(answer.body.find("\"seat\":\"" + seat.id.text() + "\""), std::string::npos);
  }
  // A cookie of one seat under the name of the other is nothing.
  const auto value = both.substr(both.find('=') + 1, both.find(';') - both.find('=') - 1);
  EXPECT_EQ(house
                .call("GET", "/v1/join/" + meeting.seats[1].id.text(),
                      {{"Cookie", "__Host-seat-" + meeting.seats[1].id.text() + "=" + value}})
                .status,
            404);
}

TEST(Security, sec_07_CookieCallsNeedTheExactOrigin) {
  HttpHouse house;
  auto meeting = house.settle(house.book().id);
  const auto& seat = meeting.seats[0];
  const auto desk = house.desk_host(seat.desktop->id);
  const auto other_desk = house.desk_host(meeting.seats[1].desktop->id);
  const auto seat_cookie = house.seat_cookie(seat);
  const auto desk_cookie = house.desk_cookie(meeting, 0);
  const auto organiser =
      "__Host-howdah=" +
      must(house.access.login(
          must(house.access.new_login(*domain::PrincipalId::parse("organiser"))).first.reveal()));
  const auto before = house.load(meeting.id);
  const std::string port = ":" + std::to_string(house.port);
  for (const std::string& origin :
       {std::string(), std::string("null"), "http://" + other_desk, "http://evil.localhost" + port,
        std::string("http://127.0.0.1:1"), "https://" + house.host, house.origin + "/",
        "http://localhost" + port}) {
    const auto refused = [&](const std::string& target, const std::string& cookie,
                             const std::string& host) {
      HttpHouse::Headers headers{{"Cookie", cookie}};
      if (!origin.empty()) headers.emplace_back("Origin", origin);
      const auto answer = house.call("POST", target, headers, "", host);
      EXPECT_EQ(answer.status, 403) << target << " from " << origin;
    };
    const std::string join = "/v1/join/" + seat.id.text();
    const std::string one = "/v1/meetings/" + meeting.id.text();
    for (const std::string call : {"/enter", "/restart", "/leave"}) {
      refused(join + call, seat_cookie, house.host);
    }
    for (const std::string call : {"/cancel", "/end", "/extend", "/reschedule"}) {
      refused(one + call, organiser, house.host);
    }
    refused("/v1/meetings", organiser, house.host);
    refused("/v1/keys", organiser, house.host);
    refused("/v1/logins", organiser, house.host);
    refused("/v1/desk/leave", desk_cookie, desk);
    auto upgrade = WebSocketClient::upgrade_headers(origin, desk_cookie);
    EXPECT_EQ(house.call("GET", "/screen", upgrade, "", desk).status, 403) << origin;
  }
  // The public page is not the desk's own either.
  EXPECT_EQ(house
                .call("GET", "/screen", WebSocketClient::upgrade_headers(house.origin, desk_cookie),
                      "", desk)
                .status,
            403);
  EXPECT_EQ(house.load(meeting.id), before);
}

TEST(Security, sec_07_LoginAndExchangeRefuseForeignOrigins) {
  HttpHouse house;
  for (const std::string origin : {"null", "http://evil.example"}) {
    EXPECT_EQ(house.call("POST", "/v1/login", {{"Origin", origin}}, "{\"code\":\"x\"}").status,
              403);
    EXPECT_EQ(
        house.call("POST", "/v1/join/exchange", {{"Origin", origin}}, exchange_body("x")).status,
        403);
  }
}

TEST(Security, sec_08_AForeignHostIsRefused) {
  HttpHouse house;
  const auto port = ":" + std::to_string(house.port);
  for (const std::string& host :
       {std::string("evil.example"), "evil.example" + port, "localhost" + port,
        "desk.localhost" + port, "a.b.desk.localhost" + port, std::string("a.desk.localhost:1"),
        "x.desk.localhost.evil" + port, house.host + ".", "user@" + house.host,
        std::string("127.0.0.2") + port}) {
    for (const std::string path : {"/", "/v1/me", "/metrics", "/healthz"}) {
      EXPECT_EQ(house.call("GET", path, house.with_key(), "", host).status, 421) << host;
    }
  }
  // The literal loopback address is there for health checks, whatever the port, and for nothing
  // else.
  EXPECT_EQ(house.call("GET", "/healthz", {}, "", "127.0.0.1:1").status, 200);
  EXPECT_EQ(house.call("GET", "/readyz", {}, "", "[::1]").status, 200);
  for (const std::string path : {"/", "/v1/me", "/metrics", "/assets/app.js"}) {
    EXPECT_EQ(house.call("GET", path, house.with_key(), "", "[::1]").status, 404) << path;
  }
  EXPECT_EQ(house.call("GET", "/metrics").status, 401);
  EXPECT_EQ(house.call("GET", "/metrics", house.with_key()).status, 200);
}

TEST(Security, sec_09_PagesMayRunOnlyOurScriptsAndNobodyMayFrameThem) {
  HttpHouse house;
  const auto meeting = house.settle(house.book().id);
  const auto desk = house.desk_host(meeting.seats[0].desktop->id);
  for (const std::string& host : {house.host, desk}) {
    const auto policy = house.call("GET", "/", {}, "", host).header("content-security-policy");
    EXPECT_TRUE(policy.starts_with("default-src 'none'; script-src 'self'; ")) << policy;
    EXPECT_NE(policy.find("frame-ancestors 'none'"), std::string::npos);
    EXPECT_NE(policy.find("base-uri 'none'"), std::string::npos);
    EXPECT_EQ(policy.find("unsafe"), std::string::npos);
  }
  const auto data = house.call("GET", "/v1/me").header("content-security-policy");
  EXPECT_EQ(data, "default-src 'none'; frame-ancestors 'none'; base-uri 'none'");
}

TEST(Security, sec_10_NoAddressIsTakenFromTheRequest) {
  HttpHouse house;
  const auto meeting = house.settle(house.book().id);
  const HttpHouse::Headers lies{{"X-Forwarded-Host", "evil.example"},
                                {"X-Forwarded-Proto", "https"},
                                {"Forwarded", "host=evil.example"},
                                {"Referer", "http://evil.example/"}};
  auto headers = house.with_key(lies);
  const auto shown = house.call("GET", "/v1/meetings/" + meeting.id.text(), headers);
  EXPECT_EQ(shown.body.find("evil"), std::string::npos);
  EXPECT_NE(shown.body.find("\"link\":\"" + house.origin + "/j/"), std::string::npos);
  const auto guest = must(house.join.exchange(must(house.join.link_token(meeting.seats[0])))).first;
  const auto entry = must(house.join.enter(guest));
  auto door = lies;
  door.emplace_back("Origin", house.origin);
  const auto through = house.call("POST", "/enter?next=http://evil.example", door,
                                  "token=" + entry.token + "&next=http://evil.example",
                                  house.desk_host(entry.desktop));
  EXPECT_EQ(through.status, 303);
  EXPECT_EQ(through.header("location"), "/");
}

TEST(Security, sec_26_NoSecretReachesLogsMetricsOrErrors) {
  HttpHouse house;
  std::mutex mutex;
  std::string logged;
  base::set_log(
      base::LogLevel::debug, [] { return std::string("now"); },
      [&](std::string_view line) {
        const std::lock_guard lock(mutex);
        logged += line;
      });
  const auto meeting = house.settle(house.book().id);
  const auto link = must(house.join.link_token(meeting.seats[0]));
  const auto cookie = house.seat_cookie(meeting.seats[0]);
  const std::string canary = "canary0123456789";
  std::string said;
  const auto note = [&](const Answer& answer) {
    said += answer.body;
    for (const auto& [name, value] : answer.headers) {
      if (name != "set-cookie") said += value;
    }
  };
  note(house.call("GET", "/v1/me", {{"Authorization", "Bearer " + canary}}));
  note(house.call("GET", "/v1/me", {{"Cookie", "__Host-howdah=" + canary}}));
  note(house.call("POST", "/v1/join/exchange", {}, exchange_body(link)));
  note(house.call("POST", "/v1/join/exchange", {}, exchange_body(link + canary)));
  note(house.call("POST", "/v1/login", {}, "{\"code\":\"" + canary + "\"}"));
  note(house.call("POST", "/enter", {{"Origin", house.origin}}, "token=" + canary,
                  house.desk_host(meeting.seats[0].desktop->id)));
  note(house.call("GET", "/v1/join/" + meeting.seats[0].id.text(), {{"Cookie", cookie}}));
  note(house.call("GET", "/" + canary));
  base::set_log(base::LogLevel::error, {}, {});
  said += house.metrics.render();
  for (const auto& text : {said, logged}) {
    EXPECT_EQ(text.find(canary), std::string::npos);
    EXPECT_EQ(text.find(link), std::string::npos);
    EXPECT_EQ(text.find(cookie.substr(cookie.find('=') + 1)), std::string::npos);
    EXPECT_EQ(text.find(kApiKey), std::string::npos);
  }
}

}  // namespace
}  // namespace test
