#include "bin/service.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "adapter/file/private_file.hpp"
#include "base/crypto.hpp"
#include "base/log.hpp"
#include "bin/certs.hpp"
#include "bin/version.hpp"
#include "web_files.hpp"

namespace bin {
namespace {

using domain::Capability;

constexpr std::size_t kKeyBytes = 32;

std::string without_scheme(const std::string& url) {
  return url.substr(url.find("://") + 3);
}

// What follows a desktop's name in a browser's address: ":8080", or nothing for the usual port.
std::string port_text(const std::string& origin) {
  const auto host = without_scheme(origin);
  const auto colon = host.rfind(':');
  const auto bracket = host.rfind(']');
  if (colon == std::string::npos || (bracket != std::string::npos && colon < bracket)) return "";
  return host.substr(colon);
}

adapter::paced::ComputePace compute_pace(const PaceSettings& pace) {
  return {.launch = {pace.launches, pace.launch_burst},
          .terminate = {pace.ends, pace.end_burst},
          .look = {pace.looks, pace.look_burst},
          .deadline = {pace.looks, pace.look_burst},
          .shared_for = pace.looks_shared_for};
}

adapter::paced::ZonePace zone_pace(const PaceSettings& pace) {
  return {.calls = {pace.name_calls, pace.name_burst}, .shared_for = pace.looks_shared_for};
}

}  // namespace

host::http::ServerConfig server_config(const Config& config, const StateFolder& state) {
  host::http::ServerConfig server;
  if (const auto listen = split_listen(config.server.listen)) {
    server.listen = {listen->first};
    server.port = listen->second;
  }
  if (const auto files = certificate_files(config, state)) {
    server.tls = host::http::Tls{files->certificate, files->key};
  }
  server.public_url = config.server.public_url;
  if (server.public_url.empty()) {
    server.public_url = fmt::format("{}://{}", server.tls ? "https" : "http", config.server.listen);
  }
  server.desk_domain = config.server.desktop_domain;
  server.metrics_open = config.server.metrics_open;
  server.version = std::string(version());
  server.limits = config.limits;
  return server;
}

Service::Service(const Config& config, const StateFolder& state, Providers& providers)
    : config_(config),
      state_(state),
      providers_(providers),
      store_(*providers.store),
      metered_compute_(*providers.desktops, providers.clock,
                       [this](const auto& call) { count(call); }),
      metered_zone_(*providers.zone, providers.clock, [this](const auto& call) { count(call); }),
      compute_(metered_compute_, providers.clock, compute_pace(config.pace)),
      zone_(metered_zone_, providers.clock, zone_pace(config.pace)),
      prober_(providers.prober, providers.clock, [this](const auto& call) { count(call); }),
      ports_{store_, *providers.store, compute_,         zone_, prober_, *providers.secrets,
             hints_, providers.clock,  providers.entropy},
      schedule_(ports_, config.meeting),
      join_(ports_, config.meeting),
      access_(ports_),
      reconcile_(
          ports_, config.meeting,
          {Capability::launch, Capability::name, Capability::terminate, Capability::deadline}),
      sweep_(ports_, config.sweep),
      server_config_(server_config(config, state)),
      server_(server_config_, server_dependencies()),
      loop_(config.loop, loop_dependencies()) {
  store_.set_listener([this](const domain::Meeting& meeting) { server_.meeting_changed(meeting); });
}

void Service::count(const adapter::metered::Call& call) {
  const auto result = call.error ? base::to_string(*call.error) : "ok";
  metrics_
      .counter("howdah_port_calls_total", "Calls of the outside, by how they ended",
               {{"port", std::string(call.port)},
                {"method", std::string(call.method)},
                {"result", std::string(result)}})
      .add();
  metrics_
      .histogram("howdah_port_seconds", "How long calls of the outside took",
                 {0.001, 0.005, 0.02, 0.1, 0.5, 2, 10},
                 {{"port", std::string(call.port)}, {"method", std::string(call.method)}})
      .observe(std::chrono::duration<double>(call.took).count());
}

host::http::Dependencies Service::server_dependencies() {
  return {.schedule = schedule_,
          .join = join_,
          .access = access_,
          .settings = config_.meeting,
          .store = store_,
          .keys = *providers_.store,
          .console = *providers_.desktops,
          .clock = providers_.clock,
          .metrics = metrics_,
          .sweep_dry_run = [this] { return loop_.sweep_dry_run(); },
          .ready = [this] { return ready(); },
          .files = web_files()};
}

host::loop::LoopDependencies Service::loop_dependencies() {
  return {
      .pass = [this](const domain::MeetingId& id,
                     bool hold_kills) { return reconcile_.pass(id, hold_kills); },
      .sweep = [this] { return sweep_.run(); },
      .sweep_dry_run = [this] { return sweep_.dry_run(); },
      .store = store_,
      .clock = providers_.clock,
      .hints = hints_,
      .metrics = metrics_,
      .looked_at = [this](const domain::Meeting& meeting) { server_.meeting_looked_at(meeting); },
      .alive = [this] { say_alive(); }};
}

base::Result<> Service::start() {
  TRY(host::http::check_exposure(server_config_));
  TRY(ensure_key());
  const auto authority = TRY(read_authority());
  providers_.store->set_meanwhile([this] { return server_.help(); });
  port_ = TRY(server_.start());
  TRY(tell_where(authority));
  loop_.start();
  return {};
}

base::Result<> Service::reload_certificate() {
  if (!server_config_.tls) return {};
  const auto authority = TRY(read_authority());
  TRY(server_.reload_certificate());
  TRY(tell_where(authority));
  base::log(base::LogLevel::info, "certificate reloaded");
  return {};
}

// PEM of who vouches for the certificate that is about to be served; empty: no TLS.
base::Result<std::string> Service::read_authority() const {
  const auto files = certificate_files(config_, state_);
  if (!server_config_.tls || !files) return std::string();
  std::ifstream in(files->authority, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  if (!in) {
    return base::fail(base::ErrorKind::invalid, files->authority + ": it cannot be read");
  }
  return text.str();
}

// Probes and commands learn where the server is, and whom to believe there.
base::Result<> Service::tell_where(const std::string& authority) {
  const auto origin = server_.public_origin();
  const auto address = reachable_address(server_config_.listen.front());
  providers_.prober.set(std::make_unique<adapter::localprobe::LocalProber>(
      adapter::localprobe::ProbeOptions{
          .address = address, .port = port_, .host_port = port_text(origin), .trusted = authority},
      [this](const domain::DesktopId& desktop) { return join_.probe_ticket(desktop); }));
  return write_server_address(state_, {.address = address,
                                       .port = port_,
                                       .host = without_scheme(origin),
                                       .origin = origin,
                                       .tls = server_config_.tls.has_value(),
                                       .authority = authority});
}

void Service::stop() {
  std::error_code ignored;
  std::filesystem::remove(state_.server(), ignored);
  loop_.stop();  // first: a look at a door that we have shut says nothing of the desktop behind it
  server_.stop();
  providers_.store->set_meanwhile({});
}

// A file that grows old tells who watches this folder that something is wrong, or nobody is left to
// say what.
void Service::say_alive() {
  const auto written =
      adapter::file::write_recent(state_.alive(), base::to_rfc3339(providers_.clock.now()) + "\n");
  if (!written) base::log_error(base::LogLevel::warn, "cannot say alive", written.error());
}

base::Result<> Service::ready() {
  TRY(providers_.store->ready(providers_.clock.now()));
  return loop_.healthy();
}

base::Result<> Service::ensure_key() {
  if (!std::filesystem::exists(state_.api_key())) {
    const base::Secret key("hk_" + base::to_base64url(providers_.entropy.bytes(kKeyBytes)));
    TRY(adapter::file::write_private(state_.api_key(), key, true));
  }
  const auto key = TRY(read_key_file(state_));
  return access_.ensure_key(key);
}

base::Result<base::Secret> Service::login_url() {
  const auto key = TRY(read_key_file(state_));
  const auto who = TRY(access_.by_key(key.reveal()));
  const auto login = TRY(access_.new_login(who.id));
  return base::Secret(fmt::format("{}/#login={}", public_url(), login.first.reveal()));
}

}  // namespace bin
