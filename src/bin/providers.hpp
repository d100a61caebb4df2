#pragma once
// Providers: the one table of adapters. Opens them in the order in which they need each other and
// owns them; the rest of the program sees ports only.

#include <memory>
#include <mutex>
#include <optional>

#include "adapter/file/secrets.hpp"
#include "adapter/local/local_desktops.hpp"
#include "adapter/localhost/zone.hpp"
#include "adapter/localprobe/prober.hpp"
#include "adapter/sqlite/state_lock.hpp"
#include "adapter/sqlite/store.hpp"
#include "adapter/system/clock.hpp"
#include "adapter/system/entropy.hpp"
#include "bin/state.hpp"

namespace bin {

// A prober that is told later where we listen: with port 0 that is known only after listening
// began. Until then it can't look.
class LateProber final : public port::Prober {
 public:
  void set(std::unique_ptr<port::Prober> prober);
  base::Result<domain::Probe> probe(const port::ProbeTarget& target) override;

 private:
  std::mutex mutex_;
  std::shared_ptr<port::Prober> prober_;
};

struct Providers {
  // conflict: another server holds the folder; other errors say what to do.
  static base::Result<std::unique_ptr<Providers>> open(const Config& config,
                                                       const StateFolder& state);

  adapter::system::Clock clock;
  adapter::system::Entropy entropy;
  std::optional<adapter::sqlite::StateLock> lock;  // released last
  std::unique_ptr<adapter::sqlite::SqliteStore> store;
  std::unique_ptr<adapter::file::Secrets> secrets;
  std::unique_ptr<adapter::local::LocalDesktops> desktops;
  std::unique_ptr<adapter::localhost::LocalhostZone> zone;
  LateProber prober;
};

// What desktops' addresses and probes go to, from [server] listen.
std::string reachable_address(const std::string& listen_address);

}  // namespace bin
