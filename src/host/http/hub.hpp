#pragma once
// Hub: what all connections share: the I/O context, the handlers' pool, the counts and the clock
// tick that ends what took too long. Everything but `pool`, `context`, `head`, `count` and
// `stopping` belongs to the I/O thread.

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "host/http/context.hpp"
#include "host/http/head.hpp"
#include "host/http/pool.hpp"
#include "host/http/presence.hpp"

namespace host::http {

using SteadyTime = std::chrono::steady_clock::time_point;

class Hub;

// One open connection of whatever kind, known to the hub as long as it lives.
class Peer {
 public:
  explicit Peer(Hub& hub);
  virtual ~Peer();
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  virtual void expired() = 0;  // the deadline passed: close at once
  virtual void stop() = 0;     // the server stops: say so, then close
  virtual void screens_changed(const domain::DesktopId& /*desktop*/) {}

  SteadyTime deadline() const { return deadline_; }

 protected:
  void set_deadline(std::chrono::milliseconds from_now);
  void no_deadline() { deadline_ = SteadyTime::max(); }
  Hub& hub() const { return hub_; }

 private:
  Hub& hub_;
  SteadyTime deadline_ = SteadyTime::max();
};

class Hub {
 public:
  Hub(const ServerConfig& config, const Dependencies& use, const Urls& urls);

  const Limits& limits() const { return config.limits; }
  // A connection from `address` to our address `here` may be open: held as long as the answer
  // lives; null: too many.
  std::shared_ptr<void> admit(const std::string& address, const std::string& here);
  // The static file of a GET of `path` on `site`, or null.
  const StaticFile* file(Site site, std::string_view path) const;
  // `route` must live as long as the process: from the route table.
  void count(std::string_view route, int status);
  // Ends what is over its deadline; called a few times a second.
  void tick();
  void tell_screens_changed(const domain::DesktopId& desktop);
  void stop_peers();

  const ServerConfig& config;
  const Dependencies& use;
  const Urls& urls;
  Screens screens;
  Live live;
  Limiters limiters;
  Pool pool;
  Presence presence;
  Head head;
  Context context;
  SteadyTime started;
  std::atomic<bool> stopping = false;
  base::Counter& hot_requests;
  std::unordered_set<Peer*> peers;
  bool expects_more = false;  // somebody was just answered who may ask again at once

 private:
  std::optional<std::uint32_t> connections(const domain::DesktopId& desktop) const;

  std::mutex counters_mutex_;
  std::map<std::pair<std::string_view, int>, base::Counter*> counters_;
  std::map<std::string_view, const StaticFile*> files_;
  std::unordered_map<std::string, std::size_t> per_address_;
  std::size_t open_ = 0;
  base::Gauge& open_gauge_;

 public:
  // The last member: handlers that never ran die with it, and what they hold needs all of the
  // above.
  boost::asio::io_context io{1};
};

}  // namespace host::http
