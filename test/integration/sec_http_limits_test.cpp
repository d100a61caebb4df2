// SECURITY rows 22 and 25: what one peer can do to the others. Each test tries the attack, then
// shows that everybody else is served.

#include "integration/http_house.hpp"

namespace test {
namespace {

host::http::ServerConfig small_limits() {
  host::http::ServerConfig config;
  config.limits.header_time = 300ms;
  config.limits.body_time = 300ms;
  config.limits.idle_time = 300ms;
  config.limits.write_time = 500ms;
  config.limits.handshake_time = 300ms;
  return config;
}

void expect_served(const HttpHouse& house) {
  EXPECT_EQ(house.call("GET", "/healthz").status, 200);
}

TEST(Security, sec_22_StrictFraming) {
  HttpHouse house;
  const std::string host = "Host: " + house.host + "\r\n";
  const std::string start = "POST /v1/login HTTP/1.1\r\n" + host;
  const std::string good_body = "{\"code\":\"x\"}";
  const std::vector<std::string> attacks{
      start + "Content-Length: 12\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      start + "Transfer-Encoding: chunked\r\nContent-Length: 12\r\n\r\n" + good_body,
      start + "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
      start + "Transfer-Encoding: identity\r\nContent-Length: 12\r\n\r\n" + good_body,
      start + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
      start + "Content-Length: 12\r\nContent-Length: 13\r\n\r\n" + good_body,
      start + "Content-Length: 12\r\nContent-Length: 12\r\n\r\n" + good_body,
      start + "Content-Length: 12, 12\r\n\r\n" + good_body,
      start + "Content-Length: +12\r\n\r\n" + good_body,
      start + "Content-Length: -1\r\n\r\n",
      start + "Content-Length: 0x0c\r\n\r\n" + good_body,
      start + "Content-Length : 12\r\n\r\n" + good_body,
      "POST /v1/login HTTP/1.1\n" + host + "Content-Length: 12\r\n\r\n" + good_body,
      "POST /v1/login HTTP/1.1\r\nHost: " + house.host + "\nContent-Length: 12\r\n\r\n" + good_body,
      "GET /healthz HTTP/1.1\r\n" + host + host + "\r\n",
      "GET /healthz HTTP/1.1\r\n\r\n",
      "GET http://" + house.host + "/healthz HTTP/1.1\r\n" + host + "\r\n",
      "GET healthz HTTP/1.1\r\n" + host + "\r\n",
      "GET /healthz HTTP/1.1\r\n" + host + "X Y: z\r\n\r\n",
      "GET /healthz HTTP/1.1\r\n" + host + ": z\r\n\r\n",
      "GET /healthz HTTP/2.0\r\n" + host + "\r\n",
      "BREW /healthz HTTP/1.1\r\n" + host + "\r\n",
      "GET /healthz HTTP/1.0\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      std::string("GET /heal\0thz HTTP/1.1\r\n", 24) + host + "\r\n",
      "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 TLS to a plain port\r\n\r\n",
  };
  for (const auto& attack : attacks) {
    HttpClient client(house.port);
    client.send(attack);
    const auto answer = client.read();
    EXPECT_TRUE(answer.status == 400 || answer.status == 0) << attack << "\n" << answer.status;
    EXPECT_TRUE(client.closed_within(5s)) << attack;
  }
  expect_served(house);
}

TEST(Security, sec_22_ChunkedBodiesThatAreRightAreTaken) {
  HttpHouse house;
  HttpClient client(house.port);
  client.send("POST /v1/login HTTP/1.1\r\nHost: " + house.host +
              "\r\nTransfer-Encoding: chunked\r\n\r\nc\r\n{\"code\":\"x\"}\r\n0\r\n\r\n");
  EXPECT_EQ(client.read().status, 401);
}

TEST(Security, sec_22_OversizedHeadersAndBodiesAreRefused) {
  HttpHouse house;
  HttpClient headers(house.port);
  headers.send("GET / HTTP/1.1\r\nHost: " + house.host + "\r\nX: " + std::string(9000, 'x'));
  EXPECT_EQ(headers.read().status, 431);
  EXPECT_TRUE(headers.closed_within(5s));
  HttpClient body(house.port);
  body.send("POST /v1/login HTTP/1.1\r\nHost: " + house.host + "\r\nContent-Length: 70000\r\n\r\n" +
            std::string(70000, 'x'));
  EXPECT_EQ(body.read().status, 413);
  EXPECT_TRUE(body.closed_within(5s));
  HttpClient chunked(house.port);
  chunked.send("POST /v1/login HTTP/1.1\r\nHost: " + house.host +
               "\r\nTransfer-Encoding: chunked\r\n\r\n11170\r\n" + std::string(70000, 'x'));
  EXPECT_EQ(chunked.read().status, 413);
  EXPECT_TRUE(chunked.closed_within(5s));
  expect_served(house);
}

TEST(Security, sec_22_SlowSendersAreClosedWithinTheirLimit) {
  HttpHouse house(small_limits());
  HttpClient silent(house.port);
  HttpClient slow_header(house.port);
  HttpClient slow_body(house.port);
  HttpClient idle(house.port);
  EXPECT_EQ(idle.call("GET", "/healthz", house.host).status, 200);
  slow_header.send("GET / HTTP/1.1\r\nHost: ");
  slow_body.send("POST /v1/login HTTP/1.1\r\nHost: " + house.host +
                 "\r\nContent-Length: 100\r\n\r\n{");
  // One byte now and then does not start the time anew.
  for (int i = 0; i < 40 && !slow_header.closed_within(50ms); ++i) slow_header.send("x");
  EXPECT_TRUE(slow_header.closed_within(1ms));
  EXPECT_TRUE(slow_body.closed_within(5s));
  EXPECT_TRUE(silent.closed_within(5s));
  EXPECT_TRUE(idle.closed_within(5s));
  expect_served(house);
}

TEST(Security, sec_22_ManySlowConnectionsDoNotKeepOthersOut) {
  auto config = small_limits();
  config.limits.connections_loopback = 200;
  HttpHouse house(config);
  std::vector<std::unique_ptr<HttpClient>> attackers;
  for (int i = 0; i < 150; ++i) {
    attackers.push_back(std::make_unique<HttpClient>(house.port));
    attackers.back()->send("GET / HTTP/1.1\r\n");
  }
  expect_served(house);
  for (const auto& attacker : attackers) EXPECT_TRUE(attacker->closed_within(5s));
}

TEST(Security, sec_22_OneAddressGetsOnlySoManyConnections) {
  host::http::ServerConfig config;
  config.limits.connections_loopback = 5;
  HttpHouse house(config);
  std::vector<std::unique_ptr<HttpClient>> held;
  for (int i = 0; i < 5; ++i) {
    held.push_back(std::make_unique<HttpClient>(house.port, "127.0.0.2"));
    EXPECT_EQ(held.back()->call("GET", "/healthz", house.host).status, 200);
  }
  HttpClient one_more(house.port, "127.0.0.2");
  EXPECT_TRUE(one_more.closed_within(5s));
  HttpClient other(house.port, "127.0.0.3");
  EXPECT_EQ(other.call("GET", "/healthz", house.host).status, 200);
  held.pop_back();
  const auto until = std::chrono::steady_clock::now() + 10s;
  int status = 0;
  while (status != 200 && std::chrono::steady_clock::now() < until) {
    HttpClient again(house.port, "127.0.0.2");
    status = again.call("GET", "/healthz", house.host).status;
  }
  EXPECT_EQ(status, 200);
}

TEST(Security, sec_22_ThisMachineComesInWhenAllConnectionsAreTaken) {
  host::http::ServerConfig config;
  config.limits.connections_max = 4;
  config.limits.connections_reserve = 2;
  HttpHouse house(config);
  std::vector<std::unique_ptr<HttpClient>> held;
  for (int i = 0; i < 6; ++i) {
    held.push_back(std::make_unique<HttpClient>(house.port));
    EXPECT_EQ(held.back()->call("GET", "/healthz", house.host).status, 200) << i;
  }
  HttpClient one_more(house.port);
  EXPECT_TRUE(one_more.closed_within(5s));
}

TEST(Security, sec_22_RequestsOfOneAddressAreLimited) {
  host::http::ServerConfig config;
  config.limits.requests_loopback = {0.001, 10};
  HttpHouse house(config);
  HttpClient client(house.port);
  int refused = 0;
  for (int i = 0; i < 15; ++i) {
    const auto answer = client.call("GET", "/healthz", house.host);
    if (answer.status == 429) {
      ++refused;
      EXPECT_NE(answer.header("retry-after"), "");
    }
  }
  EXPECT_EQ(refused, 5);
}

TEST(Security, sec_22_AReaderThatDoesNotReadIsCut) {
  auto config = small_limits();
  HttpHouse house(config);
  HttpClient client(house.port);
  const std::string request = HttpClient::request("GET", "/v1/me", house.host);
  std::string many;
  for (int i = 0; i < 200; ++i) many += request;
  // Asks and asks, and never reads the answers.
  const auto until = std::chrono::steady_clock::now() + 20s;
  bool cut = false;
  while (!cut && std::chrono::steady_clock::now() < until) {
    pollfd one{client.fd(), POLLOUT, 0};
    if (::poll(&one, 1, 50) <= 0) continue;
    if ((one.revents & (POLLERR | POLLHUP)) != 0) cut = true;
    const auto sent = ::send(client.fd(), many.data(), many.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno != EAGAIN) cut = true;
  }
  EXPECT_TRUE(cut);
  expect_served(house);
}

TEST(Security, sec_22_PipelinedRequestsAreAnsweredInOrder) {
  HttpHouse house;
  HttpClient client(house.port);
  client.send(HttpClient::request("GET", "/healthz", house.host) +
              HttpClient::request("GET", "/none", house.host) +
              HttpClient::request("GET", "/assets/app.js", house.host));
  EXPECT_EQ(client.read().status, 200);
  EXPECT_EQ(client.read().status, 404);
  EXPECT_EQ(client.read().body, "export {};");
}

TEST(Security, sec_25_BeyondLoopbackOnlyWithTls) {
  host::http::ServerConfig config;
  for (const std::string address : {"0.0.0.0", "::", "192.0.2.1", "2001:db8::1"}) {
    config.listen = {"127.0.0.1", address};
    const auto refused = host::http::check_exposure(config);
    ASSERT_FALSE(refused) << address;
    EXPECT_EQ(refused.error().kind, base::ErrorKind::invalid);
    EXPECT_EQ(refused.error().field, "listen");
  }
  const auto without = config.public_url;
  config.tls = host::http::Tls{"cert.pem", "key.pem"};
  config.public_url = "https://howdah.example.org";
  EXPECT_TRUE(host::http::check_exposure(config));
  config.tls.reset();
  config.public_url = without;
  config.listen = {"127.0.0.1", "::1", "127.0.0.9"};
  EXPECT_TRUE(host::http::check_exposure(config));
}

}  // namespace
}  // namespace test
