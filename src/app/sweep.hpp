#pragma once
// The sweep: everything we own outside against everything we know. Kills only what has no row, and
// only after S16 and S30: the store's identity matches, both reads are complete, the object is old
// enough, it was seen without a row in three spaced sweeps, the warm-up is over, and the breaker
// has not tripped. For an object whose meeting is known it only wakes that meeting. What the store
// does not say now is not judged; whose row can be read again, after it could not, is looked at.
// One Sweep per process: it remembers what it saw. Not thread-safe.

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "app/ports.hpp"

namespace app {

struct SweepPolicy {
  base::Duration period = std::chrono::seconds(60);
  base::Duration age_min = std::chrono::minutes(2);
  base::Duration warm_up = std::chrono::minutes(2);
  std::uint32_t misses_min = 3;
  std::uint32_t kills_max = 2;  // in a period, or a tenth of what is owned if that is more
};

struct SweepItem {
  std::string kind;  // "instance" or "record"
  std::string id;
  // "known", "woken", "unread", "too_young", "watched", "stopping", "told", "end",
  // "held_by_breaker"
  std::string verdict;
  std::string why;
  // Not needed for long is an alarm (L15). Empty: nobody can say, its row cannot be read now.
  std::optional<bool> unneeded = false;
};

struct SweepReport {
  std::vector<SweepItem> items;
  std::uint32_t ended = 0;
  bool held_back = false;      // something was to be ended, but a limit on calls was reached
  bool refused = false;        // our credentials do not allow to end something (F24)
  std::uint32_t suspects = 0;  // owned outside without a row, or beyond the row's needs
};

// How long to wait for the next sweep after this one: less when it could not end what it wanted to.
base::Duration pause_after(const base::Result<SweepReport>& report, base::Duration period);

class Sweep {
 public:
  Sweep(const Ports& ports, const SweepPolicy& policy) : ports_(ports), policy_(policy) {}
  // One sweep. Errors: a read was not complete; nothing was done then.
  base::Result<SweepReport> run();
  // The same judgement, without acting and without remembering.
  base::Result<SweepReport> dry_run();

 private:
  // Times are since boot, as clocks may be set meanwhile.
  struct Suspect {
    std::uint32_t misses = 0;
    base::Duration missed_at{0};
    std::optional<base::Duration> told_at;  // to end; and when it has to be told again
    bool denied = false;                    // our credentials did not allow it
    base::Duration tell_again_at{0};
  };
  // `suspect`, missed once more; sweeps closer than half a period count as one.
  Suspect missed(Suspect suspect, base::Duration uptime) const;
  // Lists may show for long what has gone: the pauses between tellings grow.
  void told(Suspect& suspect, base::Duration uptime) const;
  struct Round;
  template <class End>
  void judge_suspect(SweepItem& item, bool too_young, bool stopping, const End& end,
                     Suspect& suspect, Round& round) const;
  base::Result<SweepReport> judge(std::map<std::string, Suspect>& suspects, bool act);
  using Deadlines = std::map<domain::Owner, base::Timestamp>;
  Deadlines deadlines_seen(const std::vector<domain::Instance>& instances,
                           const std::vector<domain::Record>& records) const;
  // Looks at meetings whose rows could not be read and can be now.
  void wake_repaired();

  const Ports& ports_;
  SweepPolicy policy_;
  std::map<std::string, Suspect> suspects_;
  std::set<domain::MeetingId> parked_;  // their rows could not be read
  // Of machines, as they were last seen, and of names whose machine has gone since.
  Deadlines deadlines_;
  std::optional<base::Duration> first_run_;  // since boot
  std::uint32_t kills_ = 0;                  // until `period` has gone by without any
  base::Duration killed_at_{0};              // the last one; since boot
};

}  // namespace app
