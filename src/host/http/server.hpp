#pragma once
// Server: HTTP and WebSocket for organisers, people with links and desktops' screens. One I/O
// thread owns all sockets; handlers are plain blocking functions on a bounded pool of threads.
// docs/HTTP_API.md is the contract. Loopback only without TLS (check_exposure). Knows no adapter.
//
// Wiring: construct, start(), and pass every committed meeting to meeting_changed() (NotifyingStore
// does) and every meeting that a pass looked at to meeting_looked_at(): the live view, open event
// streams and open screens follow from these two.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/access.hpp"
#include "app/join.hpp"
#include "app/schedule.hpp"
#include "app/sweep.hpp"
#include "base/metrics.hpp"
#include "host/http/limits.hpp"
#include "host/http/static_file.hpp"
#include "port/console.hpp"

namespace host::http {

struct Tls {
  std::string certificate_file;  // PEM, the whole chain
  std::string key_file;          // PEM
};

struct ServerConfig {
  std::vector<std::string> listen{"127.0.0.1"};  // addresses, all with `port`
  std::uint16_t port = 0;                        // 0: any free one
  // "http://127.0.0.1:8080"; a port of 0 in it becomes the one that is listened at.
  std::string public_url = "http://127.0.0.1:0";
  std::string desk_domain = "desk.localhost";  // desktops are "<desktop>.<desk_domain>"
  std::optional<Tls> tls;
  bool metrics_open = false;
  std::string version = "0";
  Limits limits;
};

struct Dependencies {
  app::Schedule& schedule;
  app::Join& join;
  app::Access& access;
  const app::Settings& settings;
  port::MeetingStore& store;
  port::KeyStore& keys;
  port::Console& console;
  port::Clock& clock;
  base::Metrics& metrics;
  std::function<base::Result<app::SweepReport>()> sweep_dry_run;
  std::function<base::Result<>()> ready;  // unavailable with the reason when not
  StaticFiles files;
};

// invalid when `config` would listen beyond loopback without TLS (SECURITY row 25), or when an
// address or URL in it cannot be understood.
base::Result<> check_exposure(const ServerConfig& config);

class Server {
 public:
  Server(const ServerConfig& config, const Dependencies& dependencies);
  ~Server();  // stops
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Listens and serves on its own threads; answers the port. unavailable: the port is taken.
  base::Result<std::uint16_t> start();
  // Refuses new requests, lets running ones finish for up to 5 s, closes everything. Idempotent.
  void stop();
  // Reads the certificate files again; connections made from now on use them.
  base::Result<> reload_certificate();

  // What a handler may do while it waits for the store: see Pool::help().
  bool help();

  // Known after start(): scheme, host and port, no trailing slash.
  std::string public_origin() const;

  // Thread-safe, quick, never throw.
  void meeting_changed(const domain::Meeting& meeting);
  void meeting_looked_at(const domain::Meeting& meeting);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace host::http
