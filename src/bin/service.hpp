#pragma once
// Service: the use cases and hosts of `howdah serve`, wired over the providers. Construction does
// nothing outside; start() listens, then runs passes; stop() lets what runs finish. Desktops of
// running meetings live on.

#include "adapter/metered/metered.hpp"
#include "adapter/paced/paced.hpp"
#include "app/access.hpp"
#include "app/join.hpp"
#include "app/reconcile.hpp"
#include "app/schedule.hpp"
#include "app/sweep.hpp"
#include "base/metrics.hpp"
#include "bin/providers.hpp"
#include "host/http/server.hpp"
#include "host/loop/loop.hpp"
#include "host/loop/notifying_store.hpp"

namespace bin {

class Service {
 public:
  Service(const Config& config, const StateFolder& state, Providers& providers);

  base::Result<> start();
  void stop();
  // What our own probes and commands trust is read together with the certificate that is served,
  // and never between: the files may be ahead of what the server presents.
  base::Result<> reload_certificate();

  std::string public_url() const { return server_.public_origin(); }
  // "<public URL>/#login=<code>", for the organiser whose key is in the state folder.
  base::Result<base::Secret> login_url();

 private:
  base::Result<> ensure_key();
  base::Result<std::string> read_authority() const;
  base::Result<> tell_where(const std::string& authority);
  base::Result<> ready();
  void say_alive();
  void count(const adapter::metered::Call& call);
  host::http::Dependencies server_dependencies();
  host::loop::LoopDependencies loop_dependencies();

  const Config& config_;
  const StateFolder& state_;
  Providers& providers_;
  base::Metrics metrics_;
  host::loop::NotifyingStore store_;
  host::loop::Hints hints_;
  adapter::metered::MeteredCompute metered_compute_;  // counts what reaches the provider
  adapter::metered::MeteredDnsZone metered_zone_;
  adapter::paced::PacedCompute compute_;
  adapter::paced::PacedZone zone_;
  adapter::metered::MeteredProber prober_;
  app::Ports ports_;
  app::Schedule schedule_;
  app::Join join_;
  app::Access access_;
  app::Reconcile reconcile_;
  app::Sweep sweep_;
  host::http::ServerConfig server_config_;
  host::http::Server server_;
  host::loop::Loop loop_;
  std::uint16_t port_ = 0;  // known once the server listens
};

// How the server is reached, from the configuration and the certificates that are there.
host::http::ServerConfig server_config(const Config& config, const StateFolder& state);

}  // namespace bin
