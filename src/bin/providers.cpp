#include "bin/providers.hpp"

#include "adapter/file/private_file.hpp"

namespace bin {
namespace {

using base::ErrorKind;
using base::fail;

adapter::local::Template template_of(const Image& image) {
  return {.name = image.name,
          .geometry = image.geometry,
          .session = image.session,
          .environment = image.environment,
          .network = image.network == "on",
          .limits = {.memory_bytes = image.memory, .processes = image.processes},
          .home_bytes = image.home};
}

adapter::local::Config desktops_of(const Config& config, const StateFolder& state,
                                   const std::string& store) {
  adapter::local::Config desktops;
  desktops.folder = state.desktops();
  desktops.store = store;
  const auto listen = split_listen(config.server.listen);
  desktops.address = reachable_address(listen ? listen->first : "127.0.0.1");
  desktops.templates.clear();
  for (const auto& image : config.images) desktops.templates.push_back(template_of(image));
  desktops.limits_required = config.desktops.limits == "enforce";
  desktops.cgroup_parent = config.desktops.cgroup_parent;
  desktops.uid_base = config.desktops.uid_base;
  desktops.uid_count = config.desktops.uid_count;
  return desktops;
}

}  // namespace

std::string reachable_address(const std::string& listen_address) {
  if (listen_address == "0.0.0.0") return "127.0.0.1";
  if (listen_address == "::") return "::1";
  return listen_address;
}

void LateProber::set(std::unique_ptr<port::Prober> prober) {
  const std::lock_guard lock(mutex_);
  prober_ = std::move(prober);
}

base::Result<domain::Probe> LateProber::probe(const port::ProbeTarget& target) {
  std::shared_ptr<port::Prober> prober;
  {
    const std::lock_guard lock(mutex_);
    prober = prober_;
  }
  if (!prober) return fail(ErrorKind::unavailable, "the server does not listen yet");
  return prober->probe(target);
}

base::Result<std::unique_ptr<Providers>> Providers::open(const Config& config,
                                                         const StateFolder& state) {
  auto made = std::make_unique<Providers>();
  made->lock.emplace(TRY(adapter::sqlite::StateLock::take(state.path, made->clock.now())));
  made->store = TRY(adapter::sqlite::SqliteStore::open(state.database(), made->entropy.bytes(32)));
  TRY(adapter::file::make_private_folder(state.secrets()));
  made->secrets = std::make_unique<adapter::file::Secrets>(
      state.secrets(), std::set<std::string>{"link_key", "session_key"}, made->entropy,
      made->clock);
  made->desktops = TRY(adapter::local::LocalDesktops::open(
      desktops_of(config, state, made->store->identity()), made->clock));
  made->zone = TRY(adapter::localhost::LocalhostZone::open({.folder = state.names(),
                                                            .parent = config.server.desktop_domain,
                                                            .store = made->store->identity()}));
  return made;
}

}  // namespace bin
