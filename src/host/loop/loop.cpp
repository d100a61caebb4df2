#include "host/loop/loop.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <limits>
#include <mutex>
#include <set>
#include <thread>

#include "base/log.hpp"
#include "domain/phase.hpp"
#include "host/loop/clock_watch.hpp"
#include "host/loop/queue.hpp"

namespace host::loop {
namespace {

using base::Duration;
using base::Result;
using base::Timestamp;
using SteadyTime = std::chrono::steady_clock::time_point;

constexpr std::size_t kBatch = 1024;
constexpr std::size_t kAll = std::numeric_limits<std::int32_t>::max();
// A clock that is set right while nobody watches, at most: one that was taken for local time is
// wrong by up to 14 hours.
constexpr Duration kMayBeBehind = std::chrono::hours(15);
constexpr Duration kLookSpacing{5};    // between two looks, however many hints come
constexpr Duration kCrowdedTick{100};  // while what is due can't all be started yet
constexpr std::chrono::seconds kSilentMax{10};

std::vector<double> pass_bounds() {
  return {0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30};
}

struct Numbers {
  explicit Numbers(base::Metrics& metrics)
      : ok(metrics.counter("howdah_passes_total", "Passes over a meeting.", {{"result", "ok"}})),
        lateness(metrics.histogram("howdah_wake_lateness_seconds",
                                   "From the time a meeting wanted its pass to its start.",
                                   {0.01, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 30, 300})),
        pass_time(metrics.histogram("howdah_pass_seconds", "How long passes take.", pass_bounds())),
        actions(metrics.counter("howdah_actions_total", "Actions that passes executed.")),
        suspects(metrics.gauge("howdah_leak_suspects",
                               "Owned outside without a row, or beyond the row's needs.")),
        parked(metrics.gauge("howdah_parked_rows", "Rows that cannot be read.")),
        last_look(metrics.gauge("howdah_last_look_seconds",
                                "Unix time at which the store last said what is due.")),
        sweep_ended(metrics.counter("howdah_sweep_ended_total", "Things that a sweep ended.")),
        purged(metrics.counter("howdah_purged_total", "Meetings removed after retention.")) {}

  base::Counter& ok;
  base::Histogram& lateness;
  base::Histogram& pass_time;
  base::Counter& actions;
  base::Gauge& suspects;
  base::Gauge& parked;
  base::Gauge& last_look;
  base::Counter& sweep_ended;
  base::Counter& purged;
};

}  // namespace

struct Loop::Impl {
  Impl(const LoopConfig& config_given, const LoopDependencies& use_given)
      : config(config_given),
        use(use_given),
        numbers(use.metrics),
        queue(config.backoff_min, config.backoff_max, config.jitter_seed),
        watch(config.clock_jump, config.clock_settle),
        alarms(config.alarm, use.clock.since_boot()) {}

  void start();
  void stop();
  void dispatch();
  Duration look();
  bool take_due(Timestamp now);
  bool take_all(Timestamp now);
  bool goes_first(const domain::MeetingId& meeting, Timestamp now);
  void note_look(Timestamp now, std::optional<Timestamp> next);
  void watch_clock();
  void work();
  void pass(const domain::MeetingId& meeting);
  Queue::Result count(const Result<app::PassReport>& report, Timestamp now);
  void do_chores();
  Duration sweep();  // how long to wait for the next one
  void purge();
  void alert(std::string_view name, std::string_view detail);
  void watch_alarms();
  void tell_alarms();
  std::vector<app::Alarm> raised() const;
  template <class Note>
  void note(Note add) {
    const auto now = use.clock.since_boot();
    const std::lock_guard lock(alarm_mutex);
    add(alarms, now);
  }
  // Waits, at most this long; false when stopping.
  bool pause(std::unique_lock<std::mutex>& lock, Duration time);

  const LoopConfig config;
  const LoopDependencies use;
  Numbers numbers;
  Queue queue;
  ClockWatch watch;
  bool started = false;  // what may be due was asked for once
  std::mutex clock_mutex;
  std::atomic<bool> clock_stepped = false;   // and not all that lives was asked for since
  std::vector<domain::MeetingId> not_taken;  // of these, still to be queued
  std::mutex mutex;
  std::condition_variable changed;
  bool stopping = false;
  bool nudged = false;
  std::mutex sweep_mutex;
  mutable std::mutex alarm_mutex;
  app::Alarms alarms;
  std::set<app::AlarmKind> told;  // of these somebody was told already
  std::atomic<bool> hold_kills{false};
  std::atomic<bool> store_answers{false};
  std::atomic<std::int64_t> looked_at_ms{0};  // steady clock
  std::vector<std::thread> threads;
};

void Loop::Impl::alert(std::string_view name, std::string_view detail) {
  use.metrics.counter("howdah_alerts_total", "Alerts raised.", {{"alert", std::string(name)}})
      .add();
  base::log(base::LogLevel::warn, "alert", {{"reason", name}, {"detail", detail}});
}

void Loop::Impl::start() {
  use.hints.set_listener([this](Timestamp) {
    const std::lock_guard lock(mutex);
    nudged = true;
    changed.notify_all();
  });
  watch_clock();
  threads.emplace_back([this] { dispatch(); });
  for (std::size_t i = 0; i < config.workers; ++i) threads.emplace_back([this] { work(); });
  threads.emplace_back([this] { do_chores(); });
  threads.emplace_back([this] { watch_alarms(); });
}

void Loop::Impl::stop() {
  {
    const std::lock_guard lock(mutex);
    stopping = true;
    changed.notify_all();
  }
  use.hints.set_listener({});
  queue.stop();
  for (auto& thread : threads) thread.join();
  threads.clear();
}

bool Loop::Impl::pause(std::unique_lock<std::mutex>& lock, Duration time) {
  changed.wait_for(lock, time, [this] { return stopping; });
  return !stopping;
}

// Also by what is about to act by the clock: the dispatcher may rest for a while.
void Loop::Impl::watch_clock() {
  const std::lock_guard lock(clock_mutex);
  const auto now = use.clock.now();
  const auto since_boot = use.clock.since_boot();
  const auto step = watch.look(now, since_boot);
  if (step != Duration{0}) {
    alert("clock_jumped", base::to_text(std::chrono::abs(step)));
    clock_stepped = true;
  }
  hold_kills = watch.settling(since_boot);
}

void Loop::Impl::dispatch() {
  std::unique_lock lock(mutex);
  while (!stopping) {
    lock.unlock();
    const Duration rest = look();
    const Timestamp next = use.clock.now() + rest;
    lock.lock();
    if (!pause(lock, kLookSpacing)) return;
    if (rest <= kLookSpacing) continue;
    // Of the hints that came while looking those count that are for sooner.
    use.hints.set_next_look(next);
    nudged = use.hints.earliest().has_value();
    changed.wait_for(lock, rest - kLookSpacing, [this] { return stopping || nudged; });
    use.hints.set_next_look(std::nullopt);
  }
}

// Queues all that is due; how long nothing will be.
Duration Loop::Impl::look() {
  const Timestamp now = use.clock.now();
  watch_clock();
  for (const auto& meeting : use.hints.take(now)) {
    if (!queue.add(meeting, true, goes_first(meeting, now)))
      use.hints.wake(meeting, now + kCrowdedTick);
  }
  const auto steady = std::chrono::steady_clock::now();
  const auto rested = queue.wake(steady);
  const bool stepped = take_all(now);
  const bool crowded = take_due(now) || stepped;
  looked_at_ms = std::chrono::duration_cast<Duration>(steady.time_since_epoch()).count();
  Duration rest = crowded ? std::min(config.tick, kCrowdedTick) : config.tick;
  if (rested) {
    rest = std::min(rest, std::chrono::duration_cast<Duration>(*rested - steady) + Duration{1});
  }
  const auto hint = use.hints.earliest();
  if (hint) rest = std::min(rest, *hint - now);
  if (const auto next = use.store.next_wake(); next) {
    if (store_answers) note_look(now, *next);
    if (*next && **next > now) rest = std::min(rest, **next - now);
  }
  return std::max(rest, Duration{1});
}

void Loop::Impl::note_look(Timestamp now, std::optional<Timestamp> next) {
  numbers.last_look.set(base::to_unix_ms(now) / 1000);
  std::optional<Duration> late;
  if (next && *next <= now) late = now - *next;
  // After a jump of the clock lateness means nothing until it has settled.
  if (late && hold_kills) late = Duration{0};
  note([&](app::Alarms& all, Duration at) { all.looked(at, late); });
}

// True when something that is due runs, waits or rests: the store's next wake then says nothing
// about those behind it.
bool Loop::Impl::take_due(Timestamp now) {
  const std::size_t limit = queue.size() + kBatch;
  const auto due = use.store.due(now, limit);
  store_answers = due.has_value();
  if (!due) {
    base::log_error(base::LogLevel::warn, "the store does not say what is due", due.error());
    return true;
  }
  for (const auto& meeting : *due) {
    if (!queue.add(meeting, false, goes_first(meeting, now))) break;
  }
  return !due->empty();
}

// A clock that was wrong has left wakes that lie anywhere by the right one, a day ahead perhaps:
// after a step every meeting that lives is looked at once, whatever its wake says. While nobody
// watched it may have been set, too: at start all is looked at that is due within hours. True while
// some could not be queued yet.
bool Loop::Impl::take_all(Timestamp now) {
  if (clock_stepped || !started) {
    auto found = clock_stepped ? use.store.live() : use.store.due(now + kMayBeBehind, kAll);
    if (!found) return true;
    not_taken = *std::move(found);
    clock_stepped = false;
    started = true;
  }
  while (!not_taken.empty()) {
    const auto& next = not_taken.back();
    if (!queue.add(next, true, goes_first(next, now))) break;
    not_taken.pop_back();
  }
  return !not_taken.empty();
}

// After a long rest much is due at once: what costs money or points nowhere ends before more is
// begun.
bool Loop::Impl::goes_first(const domain::MeetingId& meeting, Timestamp now) {
  if (queue.knows(meeting)) return false;  // it has its place
  const auto row = use.store.load(meeting);
  return row && domain::takes_down(*row, now);
}

void Loop::Impl::work() {
  while (const auto meeting = queue.take()) {
    try {
      pass(*meeting);
    } catch (const std::exception& error) {
      base::log(base::LogLevel::error, "a pass threw",
                {{"meeting", meeting->text()}, {"detail", std::string(error.what())}});
      queue.done(*meeting, Queue::Result::failed);
    }
  }
}

void Loop::Impl::pass(const domain::MeetingId& id) {
  const Timestamp now = use.clock.now();
  if (const auto before = use.store.load(id);
      before && before->wake_at && *before->wake_at <= now) {
    numbers.lateness.observe(std::chrono::duration<double>(now - *before->wake_at).count());
  }
  const auto began = std::chrono::steady_clock::now();
  watch_clock();
  const auto report = use.pass(id, hold_kills);
  numbers.pass_time.observe(
      std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count());
  const auto result = count(report, use.clock.now());
  if (use.looked_at) {
    if (const auto after = use.store.load(id)) use.looked_at(*after);
  }
  queue.done(id, result);
}

Queue::Result Loop::Impl::count(const Result<app::PassReport>& report, Timestamp now) {
  if (!report) {
    use.metrics
        .counter("howdah_passes_total", "Passes over a meeting.",
                 {{"result", std::string(base::to_string(report.error().kind))}})
        .add();
    if (report.error().kind == base::ErrorKind::not_found) return Queue::Result::good;  // purged
    if (report.error().kind == base::ErrorKind::denied) {
      note([&](app::Alarms& all, Duration at) { all.refused(at, report.error().message); });
    }
    if (report.error().kind != base::ErrorKind::conflict) {
      base::log_error(base::LogLevel::warn, "a pass failed", report.error());
    }
    return Queue::Result::failed;
  }
  numbers.ok.add();
  note([&](app::Alarms& all, Duration at) {
    all.passed(at);
    if (!report->refused.empty()) all.refused(at, report->refused);
  });
  numbers.actions.add(report->actions);
  for (const auto& [action, kind] : report->failed) {
    use.metrics
        .counter("howdah_action_failures_total", "Actions that failed.",
                 {{"action", std::string(domain::name_of(action))},
                  {"kind", std::string(base::to_string(kind))}})
        .add();
  }
  return report->wake_at && *report->wake_at <= now ? Queue::Result::idle : Queue::Result::good;
}

void Loop::Impl::do_chores() {
  SteadyTime sweep_at = std::chrono::steady_clock::now();
  SteadyTime purge_at = sweep_at;
  std::unique_lock lock(mutex);
  while (!stopping) {
    lock.unlock();
    if (std::chrono::steady_clock::now() >= sweep_at) {
      const auto pause = sweep();
      sweep_at = std::chrono::steady_clock::now() + pause;
    }
    if (std::chrono::steady_clock::now() >= purge_at) {
      purge();
      purge_at = std::chrono::steady_clock::now() + config.purge_period;
    }
    lock.lock();
    const auto next = std::min(sweep_at, purge_at);
    if (!pause(lock, std::chrono::ceil<Duration>(next - std::chrono::steady_clock::now()))) return;
  }
}

Duration Loop::Impl::sweep() {
  const auto count_sweep = [&](std::string_view result) {
    use.metrics.counter("howdah_sweeps_total", "Sweeps.", {{"result", std::string(result)}}).add();
  };
  watch_clock();
  if (hold_kills) {  // ages and deadlines mean nothing until the clock has settled (S18)
    count_sweep("held");
    return config.sweep_period;
  }
  Result<app::SweepReport> report;
  {
    const std::lock_guard lock(sweep_mutex);
    report = use.sweep();
  }
  if (report) {
    count_sweep("ok");
    numbers.suspects.set(report->suspects);
    numbers.sweep_ended.add(report->ended);
    note([&](app::Alarms& all, Duration at) { all.swept(at, *report); });
  } else {
    count_sweep(base::to_string(report.error().kind));
    if (report.error().kind == base::ErrorKind::denied) {
      note([](app::Alarms& all, Duration at) { all.refused(at, "sweep"); });
    }
    base::log_error(base::LogLevel::warn, "the sweep saw only a part; nothing was done",
                    report.error());
  }
  if (const auto parked = use.store.parked()) {
    const auto before = numbers.parked.value();
    numbers.parked.set(static_cast<std::int64_t>(parked->size()));
    if (numbers.parked.value() > before) {
      for (const auto& [id, why] : *parked) alert("row_parked", id + ": " + why);
    }
  }
  return app::pause_after(report, config.sweep_period);
}

std::vector<app::Alarm> Loop::Impl::raised() const {
  const auto now = use.clock.since_boot();
  const std::lock_guard lock(alarm_mutex);
  return alarms.raised(now);
}

void Loop::Impl::watch_alarms() {
  std::unique_lock lock(mutex);
  do {
    lock.unlock();
    tell_alarms();
    lock.lock();
  } while (pause(lock, config.alarm_period));
}

void Loop::Impl::tell_alarms() {
  std::map<app::AlarmKind, std::string> now;
  for (const auto& alarm : raised()) now.emplace(alarm.kind, alarm.detail);
  for (const auto kind : app::kAlarmKinds) {
    const auto found = now.find(kind);
    const bool raised = found != now.end();
    use.metrics
        .gauge("howdah_alarm", "1 while this is wrong.",
               {{"alarm", std::string(app::to_string(kind))}})
        .set(raised ? 1 : 0);
    if (!raised) told.erase(kind);
    if (raised && told.insert(kind).second) alert(app::to_string(kind), found->second);
  }
  if (now.empty() && store_answers && use.alive) use.alive();
}

void Loop::Impl::purge() {
  for (;;) {
    watch_clock();
    if (hold_kills) return;  // by a clock that is wrong all of it may be old enough
    const auto removed = use.store.purge(use.clock.now() - config.retention, config.purge_batch);
    if (!removed) {
      base::log_error(base::LogLevel::warn, "the purge failed", removed.error());
      return;
    }
    numbers.purged.add(*removed);
    std::unique_lock lock(mutex);
    if (*removed < config.purge_batch || !pause(lock, kCrowdedTick)) return;
  }
}

Loop::Loop(const LoopConfig& config, const LoopDependencies& dependencies)
    : impl_(std::make_unique<Impl>(config, dependencies)) {}

Loop::~Loop() {
  stop();
}

void Loop::start() {
  impl_->start();
}

void Loop::stop() {
  impl_->stop();
}

Result<app::SweepReport> Loop::sweep_dry_run() {
  const std::lock_guard lock(impl_->sweep_mutex);
  return impl_->use.sweep_dry_run();
}

Result<> Loop::healthy() const {
  if (!impl_->store_answers) {
    return base::fail(base::ErrorKind::unavailable, "the store does not answer");
  }
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  if (now - Duration(impl_->looked_at_ms.load()) > kSilentMax) {
    return base::fail(base::ErrorKind::unavailable, "passes do not run");
  }
  for (const auto& alarm : impl_->raised()) {
    // What is owned without need, or not looked for, is no reason to send people elsewhere.
    if (alarm.kind != app::AlarmKind::passes_silent && alarm.kind != app::AlarmKind::backlog) {
      continue;
    }
    return base::fail(base::ErrorKind::unavailable, alarm.detail);
  }
  return {};
}

bool Loop::holds_kills() const {
  return impl_->hold_kills;
}

}  // namespace host::loop
