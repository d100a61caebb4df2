#pragma once
// Loop: runs passes when they are due, the sweep and the purge on their periods, and watches the
// clock (S18). Passes of different meetings run in parallel, never two of one meeting at once in
// this process. Truth is Meeting::wake_at in the store; hints only make it quicker. Passes that
// fail come again with backoff and jitter. Owns threads; start() picks up everything that is due,
// stop() waits for what runs.

#include <functional>
#include <memory>

#include "app/alarm.hpp"
#include "app/reconcile.hpp"
#include "app/sweep.hpp"
#include "base/metrics.hpp"
#include "host/loop/hints.hpp"

namespace host::loop {

struct LoopConfig {
  std::size_t workers = 16;   // they mostly wait, for the store and the outside
  base::Duration tick{1000};  // longest wait between looks at the store's next wake and the clock
  base::Duration backoff_min{250};
  base::Duration backoff_max{30'000};
  base::Duration sweep_period{60'000};
  base::Duration purge_period{3'600'000};
  base::Duration retention{90LL * 24 * 3'600'000};
  std::size_t purge_batch = 200;
  base::Duration clock_jump{30'000};
  base::Duration clock_settle{120'000};
  base::Duration alarm_period{5'000};  // between looks at what is wrong
  app::AlarmPolicy alarm;
  std::uint64_t jitter_seed = 1;
};

struct LoopDependencies {
  // What a pass is (app::Reconcile::pass); thread-safe.
  std::function<base::Result<app::PassReport>(const domain::MeetingId&, bool hold_kills)> pass;
  // What a sweep is; called by one thread at a time.
  std::function<base::Result<app::SweepReport>()> sweep;
  std::function<base::Result<app::SweepReport>()> sweep_dry_run;
  port::MeetingStore& store;
  port::Clock& clock;
  Hints& hints;
  base::Metrics& metrics;
  // After each pass, with the meeting as it is stored then; may be empty.
  std::function<void(const domain::Meeting&)> looked_at;
  // Every alarm_period while nothing is wrong (L15): who watches from outside the process must hear
  // when it stops. May be empty.
  std::function<void()> alive;
};

class Loop {
 public:
  Loop(const LoopConfig& config, const LoopDependencies& dependencies);
  ~Loop();  // stops
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  void start();
  void stop();

  // The sweep's judgement now, never at the same time as a sweep.
  base::Result<app::SweepReport> sweep_dry_run();
  // Good when the store answered and passes run: the dispatcher looked within the last 10 s, and
  // what was due has not been silent or waiting for longer than the alarms allow.
  base::Result<> healthy() const;
  bool holds_kills() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace host::loop
