#pragma once
// Compute: a cloud in memory, good enough to run the product on and stricter than real ones. By
// default it is quick and well-behaved; ComputeManners switches on how EC2 really behaves
// (INVARIANTS W1-W3, W9). Time is the given clock's alone, chance is drawn from the seed: the same
// calls give the same answers. Thread-safe. Machines are values here; nothing runs.
//
// Mapping of EC2's answers: capacity and limit codes are exhausted, throttling is unavailable, a
// key that comes with other parameters is internal (our own mistake, which must not pass for a
// "no").

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "adapter/memory/fate.hpp"
#include "base/random.hpp"
#include "port/clock.hpp"
#include "port/compute.hpp"

namespace adapter::memory {

using base::Duration;
using base::Timestamp;
using namespace std::chrono_literals;  // NOLINT: 10min reads better than any alternative

// What a launch answers whose key's machine is gone. EC2 was seen doing both (W1); only `refused`
// keeps the port's promise, the others are for callers that must survive them.
enum class DeadKey { refused, shown, either };

struct ComputeManners {
  std::string store = "store";  // identity of the store that we list for
  std::uint64_t seed = 1;
  std::uint32_t places = 1;
  Duration boot{0};           // from launch to running
  Duration address_after{0};  // from running to an address (W9: none at `running`)
  Duration ready_after{0};    // from running to a screen that answers
  Duration end_takes{0};      // from the order to gone
  Duration list_lag{0};  // lists and look-ups show each machine as it was up to this long ago (W2)
  bool zonal_keys = false;  // the same key at another place starts another machine (W1)
  DeadKey dead_key = DeadKey::refused;
  Duration gone_shown_for = 1h;  // W3
  Duration keys_kept_for = 24h;  // after the machine is gone
  std::optional<Rate> launches;
  std::optional<Rate> terminates;
  std::optional<Rate> lists;
};

class Compute : public port::Compute {
 public:
  Compute(port::Clock& clock, ComputeManners manners);

  base::Result<std::vector<domain::Instance>> list(const domain::MeetingId& meeting) override;
  base::Result<std::vector<domain::Instance>> list_all() override;
  base::Result<domain::Instance> launch(const port::LaunchSpec& spec) override;
  base::Result<> terminate(const domain::InstanceId& instance, const domain::Owner& owner) override;
  base::Result<> set_deadline(const domain::InstanceId& instance, const domain::Owner& owner,
                              Timestamp deadline) override;

  // ---- What the world does.
  void die(const domain::InstanceId& instance, std::string why = "died");
  void stop(const domain::InstanceId& instance);  // shut down by its person; its address is lost
  void hang(const domain::InstanceId& instance, bool hung = true);  // runs, but its screen is mute
  void change_address(const domain::InstanceId& instance);
  // Puts a machine there without a launch: a stranger's, another store's, a forgotten one.
  domain::InstanceId plant(const domain::Owner& owner, const std::string& launch_key);
  // `code` is what the provider calls it ("InsufficientInstanceCapacity", "Unsupported", ...).
  void set_capacity(std::uint32_t place, bool available,
                    std::string code = "InsufficientInstanceCapacity");
  void next_launch(Fate fate);
  void next_terminate(Fate fate);
  void fail_lists(std::uint32_t count);  // the next `count` lists
  // Called with each launch before anything else, outside our lock (is the intent durable? S2).
  void on_launch(std::function<void(const port::LaunchSpec&)> hook);

  // ---- What is really there now, whatever lists say.
  std::vector<domain::Instance> truth();  // of all owners, gone ones as long as they are shown
  std::optional<domain::Instance> truth_of(const domain::InstanceId& instance);
  struct Screen {
    domain::InstanceId instance;
    domain::DesktopId desktop;
    std::uint32_t attempt = 0;
    bool answers = false;
  };
  // The machine that holds `address` now.
  std::optional<Screen> screen_at(const std::string& address);
  std::optional<Screen> screen_of(const domain::InstanceId& instance);
  std::uint64_t launched_ever();

 private:
  struct Machine {
    domain::InstanceId id;
    port::LaunchSpec spec;
    Timestamp launched_at;
    std::uint32_t address = 0;
    bool holds_address = false;
    bool hung = false;
    std::optional<Timestamp> stopped_at;
    std::optional<Timestamp> ending_at;
    std::optional<Timestamp> gone_at;
    std::string why;
  };
  struct LateLaunch {
    Timestamp at;
    port::LaunchSpec spec;
  };
  struct LateEnd {
    Timestamp at;
    domain::InstanceId instance;
  };

  // The private functions want the lock held.
  void settle(Timestamp now);  // lets time have its effects
  std::string key_of(const port::LaunchSpec& spec) const;
  base::Result<domain::Instance> start(const port::LaunchSpec& spec, Timestamp now);
  base::Result<domain::Instance> answer_known(const Machine& machine, const port::LaunchSpec& spec,
                                              Timestamp now);
  Machine& add(const port::LaunchSpec& spec, Timestamp now);
  void end(Machine& machine, Timestamp at, const std::string& why);
  void take_address(Machine& machine);
  void free_address(Machine& machine);
  bool is_shown(const Machine& machine, Timestamp now) const;
  Timestamp seen_as_of(Timestamp now);
  std::optional<domain::Instance> view(const Machine& machine, Timestamp as_of) const;
  bool answers(const Machine& machine, Timestamp now) const;
  base::Result<std::vector<domain::Instance>> list_if(
      const std::function<bool(const domain::Owner&)>& wanted);
  // not_found or denied, else the machine.
  base::Result<Machine*> find_own(const domain::InstanceId& instance, const domain::Owner& owner,
                                  Timestamp now);

  port::Clock& clock_;
  const ComputeManners manners_;
  std::mutex mutex_;
  base::Rng rng_;
  std::map<domain::InstanceId, Machine> machines_;
  std::map<std::string, domain::InstanceId> keys_;
  std::vector<LateLaunch> late_launches_;
  std::vector<LateEnd> late_ends_;
  std::set<std::uint32_t> addresses_;  // held now
  std::map<std::uint32_t, std::string> full_places_;
  Fates launch_fates_;
  Fates terminate_fates_;
  std::uint32_t failing_lists_ = 0;
  Bucket launch_bucket_;
  Bucket terminate_bucket_;
  Bucket list_bucket_;
  std::uint64_t launched_ever_ = 0;
  std::function<void(const port::LaunchSpec&)> on_launch_;
};

}  // namespace adapter::memory
