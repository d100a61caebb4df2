#pragma once
// PassChecks: what passes and sweeps do with what they have seen. They look again only at what has
// changed, do not tell again what is on its way (L6), end no machine before its name (S11), give
// each of many its turn (L2), and end what is overdue before they begin anything new (L13).

#include <map>
#include <set>
#include <string>
#include <vector>

#include "app/sweep.hpp"
#include "base/result.hpp"
#include "domain/meeting.hpp"
#include "domain/outside.hpp"
#include "port/meeting_store.hpp"
#include "scheduler.hpp"

namespace sim {

class Process;
class World;

class PassChecks {
 public:
  explicit PassChecks(World& world) : world_(world) {}

  void begins(const Process& process, const domain::MeetingId& id);
  // It has written these rows of the audit: it notes a call once (L6), and before it rests what it
  // has noted is done or taken back (S25).
  void wrote(const Process& process, const domain::MeetingId& id,
             const std::vector<port::AuditEntry>& audit);
  void rests(const Process& process, const domain::MeetingId& id);
  // It is about to look: what a round saw that it could not store is forgotten, and its next look
  // may be held back.
  void asks(const Process& process, const domain::MeetingId& id);
  // It looks at this meeting's machines; something of it was changed outside; it is stored anew.
  void looks(const Process& process, const domain::MeetingId& id);
  void changes(const domain::MeetingId& id) { looks_[id] = 0; }
  // A budget has refused a launch: what was seen is stored without it, before the next look.
  void refused(const Process& process, const domain::MeetingId& id);
  void stored(const Process& process, const domain::MeetingId& id);
  void committed(const domain::Meeting& before, domain::Meeting after);
  void launches(const Process& process, const domain::MeetingId& id);
  // What the lists have shown as ending is not told again.
  void listed(const Process& process, const domain::MeetingId& id,
              const base::Result<std::vector<domain::Instance>>& instances);
  void ends(const Process& process, const domain::InstanceId& instance,
            const domain::MeetingId& id);
  // ... nor is the machine of a desktop told to end whose name they have shown.
  void names_listed(const Process& process, const domain::MeetingId& id,
                    const base::Result<std::vector<domain::Record>>& records);
  void ends_named(const Process& process, const domain::DesktopId& desktop);
  // A machine too many is told to end, by a pass or a sweep: of many each gets its turn, and time.
  void ends_stray(const Process& process, const domain::InstanceId& instance,
                  const domain::Owner& owner);

  // A sweep has seen everything: what it only watches it must end some time.
  void swept(const Process& process, const app::SweepReport& report);
  void healed() { healed_ = true; }

 private:
  void check_stray_pause(const Process& process, const domain::Owner& owner);

  World& world_;
  bool healed_ = false;
  std::map<std::string, std::set<domain::MeetingId>> begun_;  // by process
  std::set<std::pair<std::string, domain::MeetingId>> took_down_;
  std::set<std::pair<std::string, domain::MeetingId>> refused_;
  struct Calls {
    std::set<std::string> noted;
    std::set<std::string> open;  // of these, without an outcome
  };
  std::map<std::pair<std::string, domain::MeetingId>, Calls> calls_;  // of the pass that runs
  std::map<domain::MeetingId, std::uint32_t> looks_;  // of one pass, since anything has changed
  // What the pass of each process has seen, by meeting.
  std::map<std::string, std::map<domain::MeetingId, std::set<domain::InstanceId>>> ending_;
  std::map<std::string, std::map<domain::MeetingId, std::set<std::string>>> named_;
  // Who was told to end by whom, and how often again, on its way.
  std::map<domain::InstanceId, std::pair<std::string, std::uint32_t>> told_;
  std::map<std::pair<std::string, domain::MeetingId>, std::map<domain::SeatId, Timestamp>>
      strays_called_;  // as the row said when the pass looked
  struct Watched {
    std::uint32_t times = 0;  // a period apart, since the process is warm
    Timestamp at;
  };
  std::map<std::string, Timestamp> first_swept_;                   // by process
  std::map<std::string, std::map<std::string, Watched>> watched_;  // by process and thing
};

}  // namespace sim
