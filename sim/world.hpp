#pragma once
// World: everything outside the product, in virtual time, with the control planes and people that
// a seed has drawn. Holds the ground truth; what is done here without a fault is done at once.

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "canary.hpp"
#include "checks.hpp"
#include "cloud.hpp"
#include "faults.hpp"
#include "listener.hpp"
#include "pass_checks.hpp"
#include "rate_checks.hpp"
#include "scheduler.hpp"
#include "store.hpp"
#include "swarm.hpp"
#include "throttle.hpp"
#include "trace.hpp"
#include "versions.hpp"
#include "zone.hpp"

namespace sim {

class Process;

// A screen that somebody has open.
struct Session {
  domain::DesktopId desktop;
  domain::SeatId seat;
  domain::InstanceId machine;
  std::uint32_t epoch = 0;
  bool open = true;
  Timestamp opened_at;
};

// Whom a call of a port is about, as far as it says.
struct About {
  const domain::MeetingId* meeting = nullptr;
  const domain::SeatId* seat = nullptr;
};

// A fault, and the step of the seat that it struck; kNoSeat: of nobody in particular.
struct Covered {
  Site site = Site::store_read;
  Fate fate = Fate::normal;
  std::uint8_t step = 0;
  auto operator<=>(const Covered&) const = default;
};
constexpr std::uint8_t kNoSeat = 255;

struct Violation {
  std::string invariant;
  std::string message;
};

class World {
 public:
  explicit World(const Swarm& swarm);
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  const Swarm& swarm() const { return swarm_; }
  Scheduler& scheduler() { return scheduler_; }
  Faults& faults() { return faults_; }
  Cloud& cloud() { return cloud_; }
  Zone& zone() { return zone_; }
  Checks& checks() { return checks_; }
  Throttle& throttle() { return throttle_; }
  RateChecks& rates() { return rates_; }
  PassChecks& passes() { return passes_; }
  Trace& log() { return trace_; }
  Canary& canary() { return canary_; }
  Versions& versions() { return versions_; }
  Store& store() { return store_; }
  std::string store_identity() const { return "store1"; }
  Timestamp now() const { return scheduler_.now(); }
  Timestamp start() const { return start_; }

  // Runs the whole thing: faults, healing, rest, checks. False when something was violated.
  // `people` brings organisers and guests onto their fibers.
  bool run(const std::function<void(World&)>& people);
  void listen(Listener* listener) { listener_ = listener; }
  const std::optional<Violation>& violated() const { return violated_; }
  const std::set<std::string_view>& probes() const { return probes_; }

  void trace(std::string_view actor, std::string_view verb, std::string_view subject,
             std::string_view detail = {}) {
    trace_.line(now() - start_, actor, verb, subject, detail);
    if (listener_ != nullptr) listener_->traced(actor, verb, subject, detail);
  }
  void violation(std::string invariant, std::string message);
  void probe(std::string_view name);                           // one of kProbes
  void mutated(const char* what, const std::string& subject);  // something outside was changed

  // Notes in which step a fault has found those whom it struck.
  void cover(Site site, Fate fate, const About& about);
  const std::map<Covered, std::uint32_t>& covered() const { return covered_; }

  // A change outside; in some worlds it is made again, at once and later, with the same arguments.
  template <class Act>
  auto change_outside(Act act) -> decltype(act()) {
    auto result = act();
    if (swarm_.repeat_later > 0ms) {
      repeated_ += 2;
      base::ignore(act(), "made again at once");
      scheduler_.at(now() + swarm_.repeat_later, [act] { base::ignore(act(), "and later"); });
    }
    return result;
  }
  std::uint64_t repeated() const { return repeated_; }

  // Control planes.
  // Of everything that was stored, in a fixed order.
  std::uint64_t store_hash() const;
  std::vector<std::shared_ptr<Process>>& processes() { return processes_; }
  void start_process(std::size_t index);
  void kill_process(std::size_t index, Duration down_for);
  void hide_row(const domain::MeetingId& id, Timestamp until);  // it cannot be read until then
  void forget(const Process& process);                          // it has ended by itself
  Process* any_process(std::uint32_t dice);

  // Writes of the control planes, looked at by the checks.
  base::Result<std::uint64_t> save(std::size_t process, const port::Commit& commit);
  base::Result<port::Created> create(std::size_t process, const port::Commit& commit,
                                     const std::optional<port::IdempotencyKey>& key);
  // The meeting as it is stored, whatever reads say.
  const domain::Meeting* row(const domain::MeetingId& id) const { return checks_.row(id); }

  // Sessions.
  std::shared_ptr<Session> open_session(const domain::DesktopId& desktop, std::uint32_t epoch,
                                        Machine& machine);
  void close_session(const std::shared_ptr<Session>& session, bool by_person);
  void machine_stopped(Machine& machine);
  const std::vector<std::shared_ptr<Session>>& sessions() const { return sessions_; }

  // From now on no event is delivered.
  void lose_hints() { swarm_.hints_delivered = 0; }

  // Keys of launches whose answer was lost, and that will come about later.
  std::multiset<std::string>& late_keys() { return late_keys_; }
  std::set<std::string>& late_records() { return late_records_; }
  // How wrong a process's clock has been at most.
  Duration clock_error() const { return clock_error_; }
  void clock_is_wrong(Duration by) { clock_error_ = std::max(clock_error_, by < 0ms ? -by : by); }
  bool store_down() const { return now() < store_down_until_; }
  void set_store_down(Timestamp until) { store_down_until_ = until; }
  Timestamp store_full_until() const { return std::max(store_down_until_, store_full_until_); }
  void fill_store(Timestamp until);  // it takes no writes until then
  bool store_full() const { return store_down() || now() < store_full_until_; }  // for writes
  // The credentials for this call are expired, revoked or too narrow (F24).
  bool denied(Site site) const { return now() < denied_until_.at(static_cast<std::size_t>(site)); }

 private:
  void weather();  // providers
  void gremlin();  // control planes
  void meddler();  // an operator
  void meddle(std::uint32_t dice);
  void trouble_process(std::uint32_t dice);
  // Worlds on a disk (power.cpp).
  void power();
  std::optional<std::uint32_t> power_fails(const domain::MeetingId& id);
  base::Result<std::uint64_t> save_without_power(const port::Commit& commit, std::uint32_t dice);
  base::Result<port::Created> create_without_power(const port::Commit& commit,
                                                   const std::optional<port::IdempotencyKey>& key,
                                                   std::uint32_t dice);
  void after_power_loss(const port::Commit& commit, std::uint32_t dice);
  void kill_all(std::uint32_t dice);
  void check_store();
  void outage();
  void clerk();  // credentials
  void heal();
  void watch();
  bool finish();

  Swarm swarm_;
  Timestamp start_;
  Trace trace_;
  Listener* listener_ = nullptr;
  Faults faults_;
  std::optional<Violation> violated_;
  std::set<std::string_view> probes_;
  std::map<Covered, std::uint32_t> covered_;
  std::uint64_t repeated_ = 0;
  Store store_;
  Checks checks_;
  Canary canary_;
  Versions versions_;
  Cloud cloud_;
  Zone zone_;
  Throttle throttle_;
  RateChecks rates_;
  PassChecks passes_;
  std::vector<std::shared_ptr<Session>> sessions_;
  std::multiset<std::string> late_keys_;
  std::set<std::string> late_records_;
  Timestamp store_down_until_;
  Timestamp store_full_until_;
  std::array<Timestamp, kSites> denied_until_{};
  Duration clock_error_{0};
  std::vector<std::shared_ptr<Process>> processes_;
  std::vector<std::uint32_t> incarnations_;
  Scheduler scheduler_;  // last: its fibers use the rest
};

}  // namespace sim
