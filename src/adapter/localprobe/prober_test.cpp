#include "adapter/localprobe/prober.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>

#include "contract/test_server.hpp"

namespace adapter::localprobe {
namespace {

using base::ErrorKind;
using contract::TestServer;
using namespace std::chrono_literals;  // NOLINT

const port::ProbeTarget& target() {
  static const port::ProbeTarget all{.desktop = *domain::DesktopId::parse("m1-1-2"),
                                     .attempt = 2,
                                     .name = "m1-1-2.desk.localhost",
                                     .address = "127.0.0.1",
                                     .instance = *domain::InstanceId::parse("i-1")};
  return all;
}

std::string response(const std::string& body, const std::string& status = "200 OK") {
  return fmt::format(
      "HTTP/1.1 {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{}", status,
      body.size(), body);
}

std::string good_body() {
  return R"({"desktop":"m1-1-2","attempt":2,"screen":true,"connections":3})";
}

base::Result<domain::Probe> probe(std::uint16_t port, base::Duration limit = 2s) {
  ProbeOptions options;
  options.port = port;
  options.host_port = ":8080";
  options.limit = limit;
  LocalProber prober(options, [](const domain::DesktopId& desktop) {
    return base::Result<std::string>("ticket-of-" + desktop.text());
  });
  return prober.probe(target());
}

// What a probe says of a desktop that answers `bytes` and hangs up.
domain::Probe probe_of(const std::string& bytes) {
  TestServer server(
      [&](int connection, const std::string&) { TestServer::send(connection, bytes); });
  const auto result = probe(server.port());
  EXPECT_TRUE(result);
  return result ? *result : domain::Probe{};
}

TEST(LocalProber, GoodAnswerIsReadyWithItsConnections) {
  const auto seen = probe_of(response(good_body()));
  EXPECT_TRUE(seen.answers) << seen.why_not;
  EXPECT_EQ(seen.connections, 3U);
  EXPECT_EQ(seen.why_not, "");
}

TEST(LocalProber, AsksUnderTheDesktopsOwnNameWithItsTicket) {
  TestServer server([](int connection, const std::string&) {
    TestServer::send(connection, response(good_body()));
  });
  ASSERT_TRUE(probe(server.port()));
  ASSERT_EQ(server.requests().size(), 1U);
  const auto request = server.requests().front();
  EXPECT_EQ(request.rfind("GET /.well-known/howdah-desktop HTTP/1.1\r\n", 0), 0U) << request;
  EXPECT_NE(request.find("\r\nHost: m1-1-2.desk.localhost:8080\r\n"), std::string::npos);
  EXPECT_NE(request.find("\r\nX-Howdah-Probe: ticket-of-m1-1-2\r\n"), std::string::npos);
}

TEST(LocalProber, UnknownCountStaysUnknown) {
  for (const auto* connections : {"null", "-1", "\"3\"", "1.5", "99999999999"}) {
    const auto seen = probe_of(response(fmt::format(
        R"({{"desktop":"m1-1-2","attempt":2,"screen":true,"connections":{}}})", connections)));
    EXPECT_TRUE(seen.answers) << connections;
    EXPECT_EQ(seen.connections, std::nullopt) << connections;
  }
}

TEST(LocalProber, LiesAndGarbageAreNotReady) {
  const auto with = [](const std::string& head) {
    return "HTTP/1.1 200 OK\r\n" + head + "\r\n" + good_body();
  };
  const auto size = std::to_string(good_body().size());
  for (const auto& bytes :
       {response(R"({"desktop":"m1-2-2","attempt":2,"screen":true,"connections":0})"),
        response(R"({"desktop":"m1-1-2","attempt":1,"screen":true,"connections":0})"),
        response(R"({"desktop":"m1-1-2","attempt":2,"screen":false,"connections":0})"),
        response(R"({"desktop":"m1-1-2","attempt":"2","screen":true,"connections":0})"),
        response(R"({"desktop":"m1-1-2","attempt":2,"screen":1,"connections":0})"),
        response(R"(["m1-1-2",2,true,0])"),
        response("{}"),
        response(""),
        response("null"),
        response(good_body() + "x"),
        response(std::string(10'000, '[')),
        response(good_body(), "404 Not Found"),
        response(good_body(), "302 Found"),
        std::string("SSH-2.0-OpenSSH_9.2\r\n"),
        std::string("\r\n\r\n\r\n"),
        std::string(),
        std::string("RFB 003.008\n"),
        std::string(5000, '\0'),
        good_body(),
        "HTTP/1.0 200 OK\r\nContent-Length: " + size + "\r\n\r\n" + good_body(),
        with("Content-Length: " + size + "\r\nContent-Length: " + size + "\r\n"),
        with("Content-Length: +" + size + "\r\n"),
        with("Content-Length: -1\r\n"),
        with("Content-Length: 99999999999999999999\r\n"),
        with("Content-Length: 20000\r\n"),
        with("Transfer-Encoding: chunked\r\nContent-Length: " + size + "\r\n"),
        with(""),
        with("no colon\r\nContent-Length: " + size + "\r\n"),
        response(good_body()).substr(0, 80),
        response(good_body()).substr(0, 20)}) {
    const auto seen = probe_of(bytes);
    EXPECT_FALSE(seen.answers) << bytes.substr(0, 200);
    EXPECT_FALSE(seen.why_not.empty()) << bytes.substr(0, 200);
    EXPECT_EQ(seen.connections, std::nullopt);
  }
}

TEST(LocalProber, HugeAnswerIsCutShort) {
  bool hung_up = false;
  {
    TestServer server([&](int connection, const std::string&) {
      TestServer::send(connection, "HTTP/1.1 200 OK\r\n");
      const std::string line = "X-Filler: " + std::string(1000, 'x') + "\r\n";
      for (int i = 0; i < 100'000 && !hung_up; ++i) hung_up = !TestServer::send(connection, line);
    });
    const auto seen = probe(server.port(), 5s);
    ASSERT_TRUE(seen);
    EXPECT_FALSE(seen->answers);
    EXPECT_EQ(seen->why_not, "it answers with a head that is too long");
  }
  EXPECT_TRUE(hung_up);
}

TEST(LocalProber, SlowDripEndsAtTheLimitInAll) {
  bool hung_up = false;
  {
    TestServer server([&](int connection, const std::string&) {
      const auto bytes = response(good_body());
      for (int i = 0; i < 2000 && !hung_up; ++i) {
        if (!TestServer::send(connection,
                              std::string(1, bytes[static_cast<std::size_t>(i) % 17]))) {
          hung_up = true;
        } else {
          hung_up = TestServer::hangs_up(connection, 10);
        }
      }
    });
    const auto seen = probe(server.port(), 300ms);
    ASSERT_TRUE(seen);
    EXPECT_FALSE(seen->answers);
    EXPECT_EQ(seen->why_not, "it does not answer in time");
  }
  EXPECT_TRUE(hung_up);
}

TEST(LocalProber, SilentPeerEndsAtTheLimit) {
  bool hung_up = false;
  {
    TestServer server([&](int connection, const std::string&) {
      hung_up = TestServer::hangs_up(connection, 10'000);
    });
    const auto seen = probe(server.port(), 100ms);
    ASSERT_TRUE(seen);
    EXPECT_EQ(seen->why_not, "it does not answer in time");
  }
  EXPECT_TRUE(hung_up);
}

TEST(LocalProber, NobodyListeningIsNotReady) {
  std::uint16_t port = 0;
  {
    TestServer server([](int, const std::string&) {});
    port = server.port();
  }
  const auto seen = probe(port);
  ASSERT_TRUE(seen);
  EXPECT_FALSE(seen->answers);
  EXPECT_EQ(seen->why_not, "nothing listens at its address");
}

TEST(LocalProber, PeerThatHangsUpAtOnceIsNotReady) {
  TestServer server([](int connection, const std::string&) {
    const linger reset{1, 0};
    ::setsockopt(connection, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  });
  const auto seen = probe(server.port());
  ASSERT_TRUE(seen);
  EXPECT_FALSE(seen->answers);
}

TEST(LocalProber, HostThatCannotLookIsAnError) {
  ProbeOptions options;
  LocalProber no_ticket(options, [](const domain::DesktopId&) {
    return base::Result<std::string>(base::fail(ErrorKind::unavailable, "no key"));
  });
  EXPECT_FALSE(no_ticket.probe(target()));
  const auto ticket = [](const domain::DesktopId&) { return base::Result<std::string>("t"); };
  options.address = "not an address";
  EXPECT_EQ(LocalProber(options, ticket).probe(target()).error().kind, ErrorKind::internal);
  TestServer server([](int, const std::string&) {});
  options.address = "127.0.0.1";
  options.port = server.port();
  options.trusted = "/nonexistent.pem";
  EXPECT_EQ(LocalProber(options, ticket).probe(target()).error().kind, ErrorKind::internal);
}

TEST(LocalProber, NothingCanBeSmuggledIntoTheRequest) {
  TestServer server([](int connection, const std::string&) {
    TestServer::send(connection, response(good_body()));
  });
  ProbeOptions options;
  options.port = server.port();
  LocalProber prober(options, [](const domain::DesktopId&) {
    return base::Result<std::string>("ticket\r\nX-Other: 1");
  });
  EXPECT_EQ(prober.probe(target()).error().kind, ErrorKind::internal);
  EXPECT_TRUE(server.requests().empty());
}

}  // namespace
}  // namespace adapter::localprobe
