#pragma once
// HttpHouse: the server on a free port over ports in memory, with virtual time: a test moves the
// clock and runs the passes itself, so that nothing happens by chance. HttpHouse::call speaks to it
// as a browser or a program would.

#include <gtest/gtest.h>

#include "adapter/memory/clock.hpp"
#include "adapter/memory/compute.hpp"
#include "adapter/memory/console.hpp"
#include "adapter/memory/dns_zone.hpp"
#include "adapter/memory/entropy.hpp"
#include "adapter/memory/meeting_store.hpp"
#include "adapter/memory/prober.hpp"
#include "adapter/memory/secrets.hpp"
#include "adapter/memory/wakeups.hpp"
#include "app/reconcile.hpp"
#include "host/http/server.hpp"
#include "host/loop/notifying_store.hpp"
#include "integration/http_client.hpp"

namespace test {

using namespace std::chrono_literals;  // NOLINT: 10min reads better than any alternative

template <class T>
T must(base::Result<T> result) {
  if (!result) ADD_FAILURE() << result.error().message << " " << result.error().detail;
  return *std::move(result);
}

constexpr std::string_view kApiKey = "hk_test_organiser";
constexpr host::http::StaticFile kPages[] = {
    {"/organiser.html", "text/html; charset=utf-8", "<!doctype html>organiser", "\"o1\""},
    {"/join.html", "text/html; charset=utf-8", "<!doctype html>join", "\"j1\""},
    {"/viewer.html", "text/html; charset=utf-8", "<!doctype html>viewer", "\"v1\""},
    {"/assets/app.js", "text/javascript; charset=utf-8", "export {};", "\"a1\""},
};

class HttpHouse {
 public:
  explicit HttpHouse(host::http::ServerConfig wanted = {}, app::Settings settings_wanted = {})
      : config(std::move(wanted)), settings(std::move(settings_wanted)) {
    secrets.put("link_key", base::Secret(std::string(32, 'l')));
    secrets.put("session_key", base::Secret(std::string(32, 's')));
    EXPECT_TRUE(access.ensure_key(base::Secret(std::string(kApiKey))));
    config.version = "0.1.0";
    server.emplace(config, host::http::Dependencies{
                               schedule, join, access, settings, store, memory, console, clock,
                               metrics, [] { return app::SweepReport{}; },
                               [this]() -> base::Result<> {
                                 if (before_ready) before_ready();
                                 if (ready) return {};
                                 return base::fail(base::ErrorKind::unavailable, "disk full");
                               },
                               kPages});
    store.set_listener([this](const domain::Meeting& meeting) {
      if (server) server->meeting_changed(meeting);
    });
    port = must(server->start());
    origin = server->public_origin();
    host = "127.0.0.1:" + std::to_string(port);
  }
  ~HttpHouse() {
    server->stop();
    store.set_listener({});
  }

  using Headers = HttpClient::Headers;
  Headers with_key(Headers more = {}) const {
    more.emplace_back("Authorization", "Bearer " + std::string(kApiKey));
    return more;
  }
  Answer call(std::string_view method, std::string_view target, const Headers& headers = {},
              std::string_view body = {}, std::string at = {}) const {
    HttpClient client(port);
    return client.call(method, target, at.empty() ? host : at, headers, body);
  }

  // A meeting that starts in ten minutes, so that its desktops may be launched now.
  domain::Meeting book() {
    const auto who = must(access.by_key(kApiKey));
    domain::Booking booking;
    booking.title = "Algebra";
    booking.start = {clock.now() + 10min, "", base::to_rfc3339(clock.now() + 10min)};
    booking.length = 45min;
    return must(schedule.book(who, booking, std::nullopt)).meeting;
  }
  domain::Meeting load(const domain::MeetingId& id) { return must(memory.load(id)); }
  // Passes until nothing changes at this instant.
  domain::Meeting settle(const domain::MeetingId& id) {
    for (int i = 0; i < 10; ++i) {
      EXPECT_TRUE(reconcile.pass(id, false));
      clock.advance(1s);
    }
    auto meeting = load(id);
    server->meeting_looked_at(meeting);
    return meeting;
  }
  // The seat's cookie header, by its link.
  std::string seat_cookie(const domain::Seat& seat) {
    const auto [guest, cookie] = must(join.exchange(must(join.link_token(seat))));
    return "__Host-seat-" + seat.id.text() + "=" + cookie;
  }
  std::string desk_host(const domain::DesktopId& desktop) const {
    return desktop.text() + ".desk.localhost:" + std::to_string(port);
  }
  // Goes through the door of the seat's desktop; the desk's cookie header.
  std::string desk_cookie(const domain::Meeting& meeting, std::size_t seat) {
    const auto guest = must(join.exchange(must(join.link_token(meeting.seats[seat])))).first;
    const auto entry = must(join.enter(guest));
    return "__Host-desk=" + must(join.pass_door(entry.desktop, entry.token)).cookie;
  }

  host::http::ServerConfig config;
  app::Settings settings;
  bool ready = true;
  std::function<void()> before_ready;  // on the handler's thread
  adapter::memory::Clock clock{base::from_unix_ms(1'796'115'600'000)};
  adapter::memory::MemoryStore memory{"store"};
  host::loop::NotifyingStore store{memory};
  adapter::memory::Compute compute{clock, {}};
  adapter::memory::DnsZone zone{clock, {}};
  adapter::memory::Prober prober{compute, &zone};
  adapter::memory::Console console{compute};
  adapter::memory::Secrets secrets;
  adapter::memory::Wakeups wakeups;
  adapter::memory::Entropy entropy{7};
  base::Metrics metrics;
  app::Ports ports{store, memory, compute, zone, prober, secrets, wakeups, clock, entropy};
  app::Schedule schedule{ports, settings};
  app::Join join{ports, settings};
  app::Access access{ports};
  app::Reconcile reconcile{ports,
                           settings,
                           {domain::Capability::launch, domain::Capability::name,
                            domain::Capability::terminate, domain::Capability::deadline}};
  std::optional<host::http::Server> server;
  std::uint16_t port = 0;
  std::string origin;
  std::string host;
};

}  // namespace test
