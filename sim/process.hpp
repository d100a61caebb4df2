#pragma once
// Process: one control plane. The real use cases on ports whose every call is a switch point and
// may fail, lie about its outcome, take effect late, be slow, or end the process. Has a clock of
// its own. Its loop does what host::loop does, on fibers.

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "alarm_check.hpp"
#include "app/join.hpp"
#include "app/reconcile.hpp"
#include "app/schedule.hpp"
#include "app/sweep.hpp"
#include "faults.hpp"
#include "world.hpp"

namespace sim {

// Thrown through the product out of a port call of a process that has died.
struct ProcessDied {};

class Process : public std::enable_shared_from_this<Process> {
 public:
  Process(World& world, std::size_t index, std::uint32_t incarnation);
  ~Process();

  void start();  // its loop and sweeps
  void die();    // at the next switch of whatever it does
  bool dead() const { return dead_; }
  void pause(Timestamp until) { paused_until_ = until; }
  bool paused() const { return world_.now() < paused_until_; }
  void step_clock(Duration by) {
    offset_ += by;
    world_.clock_is_wrong(offset_);
  }
  void hint(const domain::MeetingId& meeting, Timestamp at);

  World& world() { return world_; }
  std::size_t index() const { return index_; }
  bool is_newer() const { return newer_; }
  const std::string& name() const { return name_; }
  Timestamp wall() const { return world_.now() + offset_; }
  Duration uptime() const { return world_.now() - born_; }
  Timestamp born() const { return born_; }
  bool started_at_heal() const { return born_healed_; }  // or later: no fault has touched it
  bool holds_kills() const { return world_.now() < hold_until_; }
  Timestamp awake_since() const { return std::max(born_, paused_until_); }

  // What runs now is its sweep, not a pass.
  bool is_sweeping() const { return sweeper_ == world_.scheduler().current(); }
  // The pass that runs over this meeting was told to hold ends.
  bool pass_holds(const domain::MeetingId& id) const { return held_.contains(id); }
  bool is_passing(const domain::MeetingId& id) const;  // ... what runs now
  // A pass has looked outside; it sees that the clock was set since it began.
  void has_looked(const domain::MeetingId& id);

  // Waits as this process: longer while it is paused; throws when it has died.
  void sleep(Duration duration);

  // Whose the next call is, for the coverage.
  void about(const domain::MeetingId& meeting) { about_ = {&meeting, nullptr}; }
  void about(const domain::SeatId& seat) { about_ = {nullptr, &seat}; }

  // One call of a port: see Fate. `act` is the effect; it may run after the caller has gone on.
  template <class Act>
  auto call(Site site, Duration latency, Act act, const std::string& key = {}) -> decltype(act());

  app::Schedule& schedule() { return *schedule_; }
  app::Join& join() { return *join_; }
  app::Reconcile& reconcile() { return *reconcile_; }
  app::Sweep& sweep() { return *sweep_; }
  const app::Settings& settings() const { return settings_; }
  const AlarmCheck& alarms() const { return alarms_; }

 private:
  struct PortSet;
  void loop();
  std::optional<Timestamp> tick();
  void look_now();
  void sweep_loop();
  void watch_clock();
  void run_pass(const domain::MeetingId& id);
  void add_parked(std::set<domain::MeetingId>& due) const;
  std::vector<domain::MeetingId> in_order(const std::set<domain::MeetingId>& due) const;

  World& world_;
  std::size_t index_;
  bool newer_;  // of the newer of two versions
  std::string name_;
  Timestamp born_;
  bool born_healed_ = false;
  Duration offset_{0};
  std::optional<Duration> known_offset_;
  Timestamp paused_until_;
  Timestamp hold_until_;
  bool look_at_all_ = false;
  bool started_ = false;
  bool dead_ = false;
  bool store_answers_ = false;
  std::unique_ptr<PortSet> ports_;
  app::Settings settings_;
  std::unique_ptr<app::Schedule> schedule_;
  std::unique_ptr<app::Join> join_;
  std::unique_ptr<app::Reconcile> reconcile_;
  std::unique_ptr<app::Sweep> sweep_;
  std::map<domain::MeetingId, Timestamp> hints_;
  std::map<domain::MeetingId, Timestamp> backoff_;
  std::map<domain::MeetingId, Duration> backoff_step_;
  std::set<domain::MeetingId> busy_;
  std::set<domain::MeetingId> held_;  // of those: with ends held
  struct Began {
    Scheduler::Task by;
    Duration offset;  // the clock's error then
  };
  std::map<domain::MeetingId, Began> began_;
  std::uint64_t dispatcher_ = 0;
  std::optional<std::uint64_t> sweeper_;
  About about_;
  bool resting_ = false;  // the dispatcher waits for its next look
  AlarmCheck alarms_;
};

namespace detail {
// Reads cannot have an unknown outcome.
inline bool is_mutation(Site site) {
  switch (site) {
    case Site::store_write:
    case Site::launch:
    case Site::terminate:
    case Site::set_deadline:
    case Site::put:
    case Site::drop:
      return true;
    default:
      return false;
  }
}

// It takes effect when its caller has given up.
template <class Attempt>
void come_late(World& world, Attempt attempt, const std::string& key, Duration delay) {
  world.late_keys().insert(key);
  world.scheduler().at(world.now() + delay, [&world, attempt, key] {
    world.late_keys().erase(world.late_keys().find(key));
    base::ignore(attempt(), "nobody waits for it");
  });
}

}  // namespace detail

template <class Act>
auto Process::call(Site site, Duration latency, Act act, const std::string& key)
    -> decltype(act()) {
  const bool mutation = detail::is_mutation(site);
  auto dice = world_.faults().dice(site);
  const auto drawn = world_.faults().draw(site);
  // What credentials allow is asked where the call arrives, and is a definite no.
  const auto attempt = [&world = world_, site, act = std::move(act)]() -> decltype(act()) {
    if (!world.denied(site)) return act();
    world.probe("credentials: a call is denied");
    return base::fail(base::ErrorKind::denied, "these credentials do not allow that (drawn)");
  };
  const auto fault = [&] {
    world_.trace(name_, name_of(site), name_of(drawn.fate),
                 "#" + std::to_string(world_.faults().passed().at(static_cast<std::size_t>(site))));
  };
  const auto about = std::exchange(about_, {});
  if (drawn.fate != Fate::normal) {
    fault();
    world_.cover(site, drawn.fate, about);
  }
  if (drawn.fate == Fate::crash_before) {
    world_.kill_process(index_, drawn.delay);
    sleep(Duration{0});
  }
  // Which half of the way it is that takes its time.
  const bool answers_late = drawn.fate == Fate::slow && drawn.dice % 2 == 1;
  const auto half_way = [&] {
    const auto drawn_time = Duration(dice.below(static_cast<std::uint32_t>(latency.count()) + 1));
    return world_.swarm().plain ? latency / 4 : drawn_time;
  };
  // What was sent arrives, whatever becomes of the sender meanwhile.
  world_.scheduler().sleep(half_way());
  switch (drawn.fate) {
    case Fate::slow:
      if (!answers_late) world_.scheduler().sleep(drawn.delay);
      break;
    case Fate::refused:
      return base::fail(base::ErrorKind::unavailable, "refused (drawn)");
    case Fate::lost:
      sleep(drawn.delay);
      return base::fail(mutation ? base::ErrorKind::unknown_outcome : base::ErrorKind::unavailable,
                        "lost (drawn)");
    case Fate::done_unknown: {
      base::ignore(attempt(), "the answer is lost");
      sleep(drawn.delay);
      return base::fail(mutation ? base::ErrorKind::unknown_outcome : base::ErrorKind::unavailable,
                        "answer lost (drawn)");
    }
    case Fate::late:
      if (!mutation) return base::fail(base::ErrorKind::unavailable, "timed out (drawn)");
      detail::come_late(world_, attempt, key, drawn.delay);
      return base::fail(base::ErrorKind::unknown_outcome, "timed out (drawn)");
    case Fate::crash_after:
      base::ignore(attempt(), "nobody is left to hear");
      world_.kill_process(index_, drawn.delay);
      sleep(Duration{0});
      break;
    case Fate::crash_before:
    case Fate::normal:
    case Fate::count_:
      break;
  }
  auto result = attempt();
  if (answers_late) sleep(drawn.delay);
  sleep(half_way());
  if (!result && result.error().kind == base::ErrorKind::denied) alarms_.denied();
  return result;
}

}  // namespace sim
