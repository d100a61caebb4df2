#include "host/http/hub.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

namespace host::http {

Peer::Peer(Hub& hub) : hub_(hub) {
  hub_.peers.insert(this);
}

Peer::~Peer() {
  hub_.peers.erase(this);
}

void Peer::set_deadline(std::chrono::milliseconds from_now) {
  deadline_ = std::chrono::steady_clock::now() + from_now;
}

Hub::Hub(const ServerConfig& config_given, const Dependencies& use_given, const Urls& urls_given)
    : config(config_given),
      use(use_given),
      urls(urls_given),
      live(use.settings.policy, use.clock, config.limits.watched_meetings_max),
      limiters(config.limits),
      pool(config.limits.threads, config.limits.queue_max),
      presence(use.join, screens, pool,
               [this](std::chrono::milliseconds time, std::function<void()> job) {
                 auto timer = std::make_shared<boost::asio::steady_timer>(io, time);
                 timer->async_wait([timer, job = std::move(job)](const auto& error) {
                   if (!error) job();
                 });
               }),
      head(urls),
      context{config,
              use,
              urls,
              live,
              screens,
              limiters,
              [this](const domain::DesktopId& desktop) { return connections(desktop); }},
      started(std::chrono::steady_clock::now()),
      hot_requests(use.metrics.counter("howdah_http_requests_total", "HTTP requests answered.",
                                       {{"route", "/v1/join/{}"}, {"status", "200"}})),
      open_gauge_(use.metrics.gauge("howdah_http_connections", "Open connections.")) {
  for (const auto& file : use.files) files_.emplace(file.path, &file);
  screens.set_listener([this](const domain::DesktopId& desktop) {
    presence.report(desktop, false);
    boost::asio::post(io, [this, desktop] { tell_screens_changed(desktop); });
  });
}

std::optional<std::uint32_t> Hub::connections(const domain::DesktopId& desktop) const {
  const auto now = screens.count(desktop);
  const auto running = std::chrono::steady_clock::now() - started;
  // Viewers of before a restart come back within seconds: until then nobody is known to be absent.
  if (now == 0 && running < use.settings.policy.leave_grace) return std::nullopt;
  return now;
}

std::shared_ptr<void> Hub::admit(const std::string& address, const std::string& here) {
  const std::string peer = peer_of(address);
  auto& mine = per_address_[peer];
  if (!admits(config.limits, address, here, open_, mine)) {
    if (mine == 0) per_address_.erase(peer);
    return nullptr;
  }
  ++mine;
  ++open_;
  open_gauge_.set(static_cast<std::int64_t>(open_));
  return {static_cast<void*>(this), [this, peer](void*) {
            const auto found = per_address_.find(peer);
            if (found != per_address_.end() && --found->second == 0) per_address_.erase(found);
            --open_;
            open_gauge_.set(static_cast<std::int64_t>(open_));
          }};
}

const StaticFile* Hub::file(Site site, std::string_view path) const {
  if (site == Site::loopback) return nullptr;
  std::string_view name;
  if (path.starts_with("/assets/") || path == "/favicon.ico" || path == "/robots.txt") {
    name = path;
  } else if (path == "/") {
    name = site == Site::desk ? "/viewer.html" : "/organiser.html";
  } else if (site == Site::front && path.starts_with("/j/") &&
             domain::SeatId::parse(path.substr(3))) {
    name = "/join.html";
  }
  const auto found = files_.find(name);
  return found == files_.end() ? nullptr : found->second;
}

void Hub::count(std::string_view route, int status) {
  const std::lock_guard lock(counters_mutex_);
  auto& counter = counters_[{route, status}];
  if (counter == nullptr) {
    counter =
        &use.metrics.counter("howdah_http_requests_total", "HTTP requests answered.",
                             {{"route", std::string(route)}, {"status", std::to_string(status)}});
  }
  counter->add();
}

void Hub::tick() {
  const auto now = std::chrono::steady_clock::now();
  std::vector<Peer*> late;
  for (Peer* peer : peers) {
    if (peer->deadline() <= now) late.push_back(peer);
  }
  for (Peer* peer : late) {
    if (peers.contains(peer)) peer->expired();
  }
}

void Hub::tell_screens_changed(const domain::DesktopId& desktop) {
  const std::vector<Peer*> all(peers.begin(), peers.end());
  for (Peer* peer : all) {
    if (peers.contains(peer)) peer->screens_changed(desktop);
  }
}

void Hub::stop_peers() {
  const std::vector<Peer*> all(peers.begin(), peers.end());
  for (Peer* peer : all) {
    if (peers.contains(peer)) peer->stop();
  }
}

}  // namespace host::http
