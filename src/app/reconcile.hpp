#pragma once
// The pass: load, observe, plan, save, act, and look again, for one meeting, bounded in rounds.
// Takes no input but which meeting to look at; never retries inside (the next wake is the retry).
// Any number of passes over one meeting may run at once, on one host or many: compare-and-set
// decides.

#include <set>
#include <string>

#include "app/ports.hpp"
#include "domain/plan.hpp"

namespace app {

struct PassReport {
  domain::MeetingId meeting;
  std::uint32_t rounds = 0;
  std::vector<std::pair<domain::Action, base::ErrorKind>> failed;
  std::uint32_t actions = 0;
  std::string refused;  // a call that our credentials do not allow (F24), if there was one
  std::optional<base::Timestamp> wake_at;
};

class Reconcile {
 public:
  Reconcile(const Ports& ports, const Settings& settings, std::set<domain::Capability> capabilities)
      : ports_(ports), settings_(settings), capabilities_(std::move(capabilities)) {}

  // conflict: another pass was faster each time; it will be woken again. denied: it failed, and
  // before that our credentials did not allow the call that the message names. Other errors: the
  // store's. hold_kills: the clock jumped (S18); set by the host while it settles. A
  // pass that sees it jump holds ends, too.
  base::Result<PassReport> pass(const domain::MeetingId& id, bool hold_kills);

 private:
  const Ports& ports_;
  const Settings& settings_;
  std::set<domain::Capability> capabilities_;
};

}  // namespace app
