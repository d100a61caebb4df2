#pragma once
// RateChecks: how often the control planes call the providers (L6), that they keep the pace they
// were given and end what is overdue before they begin anything new (L13). Counts calls as they
// leave a process, whatever becomes of them. And what the lists of a pass have shown it must heed.

#include <deque>
#include <map>
#include <set>
#include <string>

#include "adapter/paced/paced.hpp"
#include "app/sweep.hpp"
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
  // A machine too many is told to end: of many each gets its turn.
  void tells(const Process& process, const domain::InstanceId& instance,
             const domain::Owner& owner);
  // ... and what the lists of the meeting have shown to the process as ending is not told again.
  void listed(const Process& process, const domain::MeetingId& id,
              const base::Result<std::vector<domain::Instance>>& instances);
  void ends(const Process& process, const domain::InstanceId& instance,
            const domain::MeetingId& id);
  // ... nor is the machine of a desktop told to end whose name they have shown (S11).
  void names_listed(const Process& process, const domain::MeetingId& id,
                    const base::Result<std::vector<domain::Record>>& records);
  void ends_named(const Process& process, const domain::DesktopId& desktop);
  void sweep_looks(const Process& process);  // it may end what a meeting's pass would not
  // A sweep has seen everything: what it only watches it must end some time.
  void swept(const Process& process, const app::SweepReport& report);
  // Its machine has another address: pauses between puts begin anew.
  void moved(const domain::DesktopId& desktop) { calls_.erase({Site::put, desktop}); }
  // A call of teardown was held back by the process itself.
  void held_back(const Process& process, Site site);
  void pass_begins(const Process& process, const domain::MeetingId& id);
  // A pass looks at this meeting's machines; the meeting is stored anew.
  void looks(const Process& process, const domain::MeetingId& id);
  void committed(const domain::Meeting& before, domain::Meeting after);
  void launch_called(const Process& process, const domain::MeetingId& id);
  void healed() { healed_ = true; }

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
  void check_stray_pause(const Process& process, const domain::Owner& owner);

  World& world_;
  std::map<std::string, Allowance> allowances_;  // by process
  std::map<std::pair<Site, domain::DesktopId>, std::deque<Timestamp>> calls_;
  std::map<domain::InstanceId, std::uint32_t> told_;          // and how often again, on its way
  std::map<std::string, std::set<domain::MeetingId>> begun_;  // by process
  // What the pass of each process has seen, by meeting.
  std::map<std::string, std::map<domain::MeetingId, std::set<domain::InstanceId>>> ending_;
  std::map<std::string, std::map<domain::MeetingId, std::set<std::string>>> named_;
  std::map<std::pair<std::string, domain::MeetingId>, std::map<domain::SeatId, Timestamp>>
      strays_called_;  // as the row said when the pass looked
  struct Watched {
    std::uint32_t times = 0;  // a period apart, since the process is warm
    Timestamp at;
  };
  std::map<std::string, Timestamp> first_swept_;                   // by process
  std::map<std::string, std::map<std::string, Watched>> watched_;  // by process and thing
  std::set<std::pair<std::string, domain::MeetingId>> took_down_;
  std::map<domain::MeetingId, std::uint32_t> looks_;  // of one pass, since anything has changed
  bool healed_ = false;
};

}  // namespace sim
