#pragma once
// Alarms (L15): what an operator must hear of from outside the process: something is owned that
// nobody needs, passes do not succeed though something is due, what is due has waited too long, or
// a provider does not take our credentials (F24). Pure: the host says what it saw and when, and
// asks what is wrong. Times are time since boot (port::Clock::since_boot), so a stepped wall clock
// raises nothing. Not thread-safe.

#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/sweep.hpp"

namespace app {

struct AlarmPolicy {
  base::Duration leak_after = std::chrono::minutes(5);          // owned without need
  base::Duration silent_after = std::chrono::seconds(90);       // three reconcile periods
  base::Duration sweep_silent_after = std::chrono::minutes(5);  // five periods of the sweep
  base::Duration backlog_after = std::chrono::minutes(5);
  // A refusal is said at once, and until none has come for this long: sweeps ask again.
  base::Duration refused_for = std::chrono::minutes(5);
};

enum class AlarmKind {
  leak_suspected,
  passes_silent,
  sweeps_silent,
  backlog,
  credentials_refused,
};
inline constexpr std::array kAlarmKinds{AlarmKind::leak_suspected, AlarmKind::passes_silent,
                                        AlarmKind::sweeps_silent, AlarmKind::backlog,
                                        AlarmKind::credentials_refused};
std::string_view to_string(AlarmKind kind);

struct Alarm {
  AlarmKind kind = AlarmKind::passes_silent;
  std::string detail;
};

class Alarms {
 public:
  // `now`: when the process began; nothing is late before.
  Alarms(const AlarmPolicy& policy, base::Duration now)
      : policy_(policy), good_at_(now), swept_at_(now) {}

  // The store said how late the earliest wake is; nothing: nothing is due. A look at which the
  // store did not answer is no look.
  void looked(base::Duration now, std::optional<base::Duration> late);
  void passed(base::Duration now);                            // a pass succeeded
  void swept(base::Duration now, const SweepReport& report);  // a sweep saw everything
  void refused(base::Duration now, std::string_view call);    // this call is not allowed to us
  // Everything that is wrong now, worst first.
  std::vector<Alarm> raised(base::Duration now) const;

 private:
  AlarmPolicy policy_;
  base::Duration good_at_;  // a pass succeeded, or nothing was due
  base::Duration swept_at_;
  base::Duration late_{0};
  std::optional<base::Duration> refused_at_;
  std::string refused_call_;
  std::map<std::string, base::Duration> unneeded_since_;  // by kind and id
};

}  // namespace app
