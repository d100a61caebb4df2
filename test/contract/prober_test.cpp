#include "adapter/localprobe/prober.hpp"

#include <fmt/format.h>

#include "adapter/memory/clock.hpp"
#include "adapter/memory/compute.hpp"
#include "adapter/memory/dns_zone.hpp"
#include "adapter/memory/prober.hpp"
#include "prober_contract.hpp"
#include "real_time.hpp"
#include "test_server.hpp"

namespace contract {
namespace {

class MemoryProber : public ProberSubject {
 public:
  port::Prober& prober() override { return prober_; }
  port::ProbeTarget start() override {
    const auto seat = domain::seat_id(*domain::MeetingId::parse("m1"), 1);
    instance_ = compute_.plant({"store", seat, 1}, "key");
    clock_.advance(1min);
    const auto desktop = domain::desktop_id(seat, 1);
    const auto address = compute_.truth_of(*instance_)->address;
    const domain::Record record{zone_.name_of(desktop), address, {"store", seat, 1}, 1};
    EXPECT_TRUE(zone_.put(record));
    clock_.advance(1min);
    return {.desktop = desktop,
            .attempt = 1,
            .name = record.name,
            .address = address,
            .instance = *instance_};
  }
  void set_connections(std::optional<std::uint32_t> connections) override {
    const auto desktop = *domain::DesktopId::parse("m1-1-1");
    connections ? prober_.set_connections(desktop, *connections) : prober_.set_unknown(desktop);
  }
  void break_screen() override { compute_.hang(*instance_); }
  void die() override { compute_.die(*instance_); }
  void blind() override { prober_.set_blind(true); }
  Timestamp now() override { return clock_.now(); }
  void pass(Duration time) override { clock_.advance(time); }
  Duration patience() const override { return 5min; }
  Duration step() const override { return 5s; }

 private:
  adapter::memory::Clock clock_{*base::parse_rfc3339("2026-12-01T08:00:00Z")};
  adapter::memory::Compute compute_{clock_, {.boot = 10s, .ready_after = 20s}};
  adapter::memory::DnsZone zone_{clock_, {.resolve_after = 30s}};
  adapter::memory::Prober prober_{compute_, &zone_};
  std::optional<domain::InstanceId> instance_;
};

class LocalProber : public RealTime<ProberSubject> {
 public:
  port::Prober& prober() override { return *prober_; }
  port::ProbeTarget start() override {
    server_ = std::make_unique<TestServer>(
        [this](int connection, const std::string&) { answer(connection); });
    adapter::localprobe::ProbeOptions options;
    options.port = server_->port();
    prober_ = std::make_unique<adapter::localprobe::LocalProber>(
        options, [this](const domain::DesktopId&) -> base::Result<std::string> {
          if (blind_) return base::fail(ErrorKind::unavailable, "no key");
          return "ticket";
        });
    return {.desktop = *domain::DesktopId::parse("m1-1-1"),
            .attempt = 1,
            .name = "m1-1-1.desk.localhost",
            .address = "127.0.0.1",
            .instance = *domain::InstanceId::parse("i-1")};
  }
  void set_connections(std::optional<std::uint32_t> connections) override {
    connections_ = connections ? std::to_string(*connections) : "null";
  }
  void break_screen() override { screen_ = "false"; }
  void die() override { server_->stop(); }
  void blind() override { blind_ = true; }

 private:
  void answer(int connection) const {
    const auto body =
        fmt::format(R"({{"desktop":"m1-1-1","attempt":1,"screen":{},"connections":{}}})", screen_,
                    connections_);
    TestServer::send(connection, fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{}",
                                             body.size(), body));
  }

  std::string connections_ = "0";
  std::string screen_ = "true";
  bool blind_ = false;
  std::unique_ptr<TestServer> server_;
  std::unique_ptr<adapter::localprobe::LocalProber> prober_;
};

INSTANTIATE_TEST_SUITE_P(
    All, ProberContract,
    testing::Values(Named<ProberSubject>{"Memory", [] { return std::make_unique<MemoryProber>(); }},
                    Named<ProberSubject>{"Local", [] { return std::make_unique<LocalProber>(); }}),
    NameOf());

}  // namespace
}  // namespace contract
