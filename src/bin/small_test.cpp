// Times as people type them, where a server is, and who holds a port.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "adapter/system/clock.hpp"
#include "bin/commands.hpp"
#include "bin/holder.hpp"
#include "bin/state.hpp"

namespace bin {
namespace {

const auto kNow = base::from_unix_ms(1'790'000'000'123);  // 2026-09-21T14:13:20.123Z

TEST(Start, NowAndLaterAreWholeSecondsFromNow) {
  EXPECT_EQ(parse_start("now", "", kNow)->at, "2026-09-21T14:13:20Z");
  EXPECT_EQ(parse_start("+1h30m", "", kNow)->at, "2026-09-21T15:43:20Z");
  for (const auto* text : {"+", "+10", "+-5m", "+soon"}) {
    const auto start = parse_start(text, "", kNow);
    ASSERT_FALSE(start) << text;
    EXPECT_EQ(start.error().field, "--start");
  }
}

TEST(Start, WhatExamplesBeginWithIsTomorrow) {
  const auto now = adapter::system::Clock().now();
  const auto start = parse_start(tomorrow() + "T12:00:00Z", "", now);
  ASSERT_TRUE(start);
  const auto ahead = *base::parse_rfc3339(start->at) - now;
  EXPECT_GT(ahead, -std::chrono::hours(2));  // here it may be another day than in UTC
  EXPECT_LT(ahead, std::chrono::hours(50));
}

TEST(Start, AnInstantIsGivenOnAsItIsAndALocalTimeWithItsZone) {
  const auto instant = parse_start("2026-12-01T09:00:00+01:00", "", kNow);
  EXPECT_EQ(instant->at, "2026-12-01T09:00:00+01:00");
  EXPECT_EQ(instant->zone, "");
  for (const auto* text : {"2026-12-01 09:00", "2026-12-01T09:00"}) {
    const auto local = parse_start(text, "Europe/Paris", kNow);
    EXPECT_EQ(local->at, "");
    EXPECT_EQ(local->local, "2026-12-01T09:00");
    EXPECT_EQ(local->zone, "Europe/Paris");
  }
}

TEST(Start, AZoneThatTheStartDoesNotUseIsRefusedAndNotOverlooked) {
  for (const auto* text : {"now", "+10m", "2026-12-01T09:00:00Z", "2026-12-01T09:00:00+01:00"}) {
    const auto start = parse_start(text, "America/New_York", kNow);
    ASSERT_FALSE(start) << text;
    EXPECT_EQ(start.error().kind, base::ErrorKind::invalid) << text;
    EXPECT_EQ(start.error().field, "--zone") << text;
  }
}

TEST(ServerUrl, IsSchemeHostAndPortAndNothingElse) {
  const auto plain = parse_server_url("http://example.org:8080/");
  EXPECT_EQ(plain->address, "example.org");
  EXPECT_EQ(plain->port, 8080);
  EXPECT_EQ(plain->host, "example.org:8080");
  EXPECT_FALSE(plain->tls);
  const auto secure = parse_server_url("https://[::1]");
  EXPECT_EQ(secure->address, "::1");
  EXPECT_EQ(secure->port, 443);
  EXPECT_EQ(secure->host, "[::1]");
  EXPECT_EQ(parse_server_url("http://x.desk.localhost:81")->address, "127.0.0.1");
  for (const auto* url : {"", "example.org", "ftp://x", "http://", "http://u:p@x", "http://x/y",
                          "http://x:port", "http://x:70000", "http://x?y", "http://a b"}) {
    EXPECT_FALSE(parse_server_url(url)) << url;
  }
}

TEST(Holder, IsNamedWithItsProcess) {
  const int taken = ::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_addr = in6addr_loopback;
  socklen_t size = sizeof address;
  ASSERT_EQ(::bind(taken, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(::getsockname(taken, reinterpret_cast<sockaddr*>(&address), &size), 0);
  const auto port = ntohs(address.sin6_port);
  EXPECT_EQ(holder_of_port(port), "") << "it does not listen yet";
  ASSERT_EQ(::listen(taken, 1), 0);
  EXPECT_NE(holder_of_port(port).find("(process " + std::to_string(::getpid()) + ")"),
            std::string::npos)
      << holder_of_port(port);
  ::close(taken);
}

}  // namespace
}  // namespace bin
