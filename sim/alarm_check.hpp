#pragma once
// AlarmCheck (L15): one control plane's alarms, fed as host::loop feeds them, and held against the
// truth each time: what has been wrong for long must be said, and on calm seeds nothing may be.

#include "app/alarm.hpp"
#include "app/reconcile.hpp"
#include "domain/meeting.hpp"

namespace sim {

using base::Duration;
using base::Timestamp;

class Process;

class AlarmCheck {
 public:
  explicit AlarmCheck(Process& process);

  void looked(std::optional<Timestamp> next_wake, bool clock_settles);
  void passed(const app::PassReport& report);
  void failed(const base::Error& error);  // a pass
  void swept(const base::Result<app::SweepReport>& report);
  void denied();  // a provider's call was, and this process has heard it
  // Asks what is raised and whether that is right; called at each turn of the loop.
  void check();
  const std::vector<app::Alarm>& raised() const { return raised_; }

 private:
  Duration boot_time() const;
  bool says(app::AlarmKind kind) const;
  Duration gap_max() const;  // between sweeps that see everything, in a process that is well
  void note_gap();
  void trace_news(const std::vector<app::Alarm>& before) const;
  void check_leaks();
  void check_silence(std::optional<Timestamp> first_wake);
  void check_backlog(std::optional<Timestamp> first_wake);
  void check_credentials();
  // Since when nobody needs one of the machines that are there, the longest.
  std::optional<Timestamp> leak_since() const;

  Process& process_;
  app::Alarms alarms_;
  std::vector<app::Alarm> raised_;
  Timestamp swept_at_;
  Timestamp sweeps_well_since_;
  Timestamp passed_at_;
  Timestamp next_check_;
  std::optional<Timestamp> due_since_;     // without a break
  std::optional<Timestamp> late_since_;    // the same
  std::optional<Timestamp> denied_since_;  // with a denial in each kDenials
  Timestamp denied_at_;
};

}  // namespace sim
