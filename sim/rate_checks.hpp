#pragma once
// RateChecks: how often the control planes call the providers (L6), and that they keep the pace
// they were given (L13). Counts calls as they leave a process, whatever becomes of them.

#include <deque>
#include <map>
#include <string>

#include "adapter/paced/paced.hpp"
#include "bucket.hpp"
#include "domain/meeting.hpp"
#include "faults.hpp"

namespace sim {

class Process;
class World;

class RateChecks {
 public:
  explicit RateChecks(World& world) : world_(world) {}

  // A process calls a provider.
  void called(const Process& process, Site site);
  // ... to change something for this desktop (S25's action names).
  void changes(Site site, const domain::DesktopId& desktop);
  // ... as which deadline: another one is told at once.
  void sets_deadline(const domain::DesktopId& desktop, Timestamp deadline);
  // Its machine has another address: pauses between puts begin anew.
  void moved(const domain::DesktopId& desktop) { calls_.erase({Site::put, desktop}); }
  // A call of teardown was held back by the process itself.
  void held_back(const Process& process, Site site);

 private:
  // What one process may call, as an allowance that it must never exceed, and what of teardown must
  // never be held back.
  struct Allowance {
    explicit Allowance(const adapter::paced::ComputePace& compute,
                       const adapter::paced::ZonePace& zone);
    Bucket launch;
    Bucket terminate;
    Bucket look;
    Bucket deadline;
    Bucket names;
    Bucket own_terminate;
    Bucket own_drop;
  };
  Allowance& allowance(const Process& process);
  std::uint32_t calls_max(Site site) const;

  World& world_;
  std::map<std::string, Allowance> allowances_;  // by process
  std::map<std::pair<Site, domain::DesktopId>, std::deque<Timestamp>> calls_;
  std::map<domain::DesktopId, Timestamp> deadlines_;  // last told
};

}  // namespace sim
