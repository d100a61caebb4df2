#pragma once
// Checks: the S and L lists of the reliability contract, asked of the ground truth after every
// event that could break them. Each failing check ends the run and names its invariant. The table
// in docs/SIMULATION.md says which invariant is watched where.

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "cloud.hpp"
#include "domain/meeting.hpp"
#include "domain/outside.hpp"
#include "port/meeting_store.hpp"

namespace sim {

struct Session;

class Checks {
 public:
  explicit Checks(World& world) : world_(world) {}

  // The store: after each commit, before anybody else runs.
  void committed(const domain::Meeting* before, const domain::Meeting& after,
                 const std::vector<port::AuditEntry>& audit);
  const domain::Meeting* row(const domain::MeetingId& id) const;
  bool is_orphan(const domain::Owner& owner) const;

  // The cloud and the zone: when a call arrives, and when something takes effect.
  void launch_called(const port::LaunchSpec& spec);
  void mutation_called(const char* action, const domain::DesktopId& desktop);
  void launched(const Machine& machine);
  void end_called(Machine& machine);
  void terminating(const Machine& machine);
  void address_released(const Machine& machine);
  // A list of one meeting's machines is on its way to the product.
  void listed(const std::vector<domain::Instance>& instances, Timestamp asked_at);
  void deadline_passed(const Machine& machine);
  void putting(const domain::Record& record);
  void dropping(const domain::Record& record);
  void mutated() { ++mutations_; }
  // A call that ends something, by this process; and a write of a pass that holds ends.
  void orphan_called(Duration uptime, const domain::Owner& owner);
  void orphan_answered(const std::string& process, const std::string& what,
                       const domain::Owner& owner, const base::Result<>& ended);
  void held_save(const domain::Meeting& after);

  // People.
  void booked(const domain::MeetingId& id);  // a booking was acknowledged
  void ended(const domain::MeetingId& id);   // an order to end was acknowledged
  void entered(const domain::SeatId& seat, const domain::DesktopId& desktop);
  void passed_door(const domain::SeatId& seat, const domain::DesktopId& desktop);
  void connecting(const domain::DesktopId& desktop, int by) { in_flight_[desktop] += by; }
  void refused_session(const domain::DesktopId& desktop, std::uint32_t epoch);
  void waiting(const std::string& who, bool waits);
  void shown_as_open(const domain::Meeting& meeting);
  void link_taken(const domain::SeatId& seat, const std::string& link, Timestamp asked_at);
  // A rotation was acknowledged; the links that there were when it was asked for.
  void rotated(const std::map<std::string, std::uint32_t>& former);
  void wishes_again(const domain::SeatId& seat) { ++wishes_[seat]; }
  const std::map<std::string, std::uint32_t>& links_of(const domain::SeatId& seat) {
    return links_[seat];
  }
  void link_made(const domain::Seat& seat, const std::string& link, Timestamp asked_at);
  void link_refused(const domain::SeatId& seat, const std::string& link);
  void orders_end(const domain::MeetingId& id) { ordered_.insert(id); }
  void asks_end(const domain::SeatId& seat, const std::string& link);
  void was_there(const domain::SeatId& seat) { seats_entered_.insert(seat); }
  bool is_void(const std::string& link, Timestamp asked_at) const;
  bool readable(const domain::MeetingId& id) const;
  void unreadable(const domain::MeetingId& id, Timestamp until);
  Timestamp unreadable_until(const domain::MeetingId& id) const;  // the last time, if ever

  // For the alarms: since when nobody needs this machine beyond doubt; the first wake of all rows
  // that can be read.
  std::optional<Timestamp> surely_unneeded_since(const Machine& machine) const;
  std::optional<Timestamp> first_wake() const;

  // From time to time, and when everything is to be at rest.
  void after_healing();
  void at_rest();
  std::uint64_t mutations() const { return mutations_; }
  void healed();
  const std::map<domain::MeetingId, domain::Meeting>& rows() const { return rows_; }

 private:
  struct Times {  // true times of commits
    Timestamp committed;
    Timestamp ended;
    std::map<domain::DesktopId, Timestamp> closed;
  };
  void fail(const char* invariant, const std::string& message);
  void check_monotonic(const domain::Meeting& before, const domain::Meeting& after);
  void check_seat(const domain::Meeting& meeting, const domain::Seat& before,
                  const domain::Seat& after);
  void check_comes_about(const domain::DesktopId& desktop);
  void check_unnamed(const domain::Record& record);
  void check_former(const domain::Seat& before);
  void check_over(const domain::Meeting& meeting);
  void check_new_launch(const domain::Seat& before, const domain::Seat& after);
  void check_facts(const domain::Meeting& meeting, const domain::Seat& before,
                   const domain::Seat& after);
  bool way_in_is_unsure() const;
  bool may_be_unseen(const Session& session) const;
  bool is_past_deadline(const Machine& machine) const;
  bool was_just_set(const std::string& name) const;
  void check_sessions(const domain::Meeting& after);
  void check_admissions(const domain::Meeting& before, const domain::Meeting& after);
  void check_regress(const domain::Desktop& was, const domain::Desktop& is);
  void check_grace(const domain::Meeting& before, const domain::Meeting& after);
  bool replaced_just_now(const domain::Seat& seat) const;
  void check_calm(const domain::Meeting& meeting);
  void check_rules(const domain::Meeting* before, const domain::Meeting& after);
  void check_timer(const domain::Meeting& meeting);
  void check_extension(const domain::Meeting* before, const domain::Meeting& after);
  void check_reason(const domain::Meeting& meeting, domain::EndReason reason);
  void check_attempts(const domain::Seat& before, const domain::Seat& after);
  void check_release(const domain::Meeting& meeting, const domain::Seat& before,
                     const domain::Seat& after);
  void check_moved(const domain::Seat& before, const domain::Seat& after);
  void check_steps(const domain::Meeting& meeting, const domain::Desktop* was,
                   const domain::Desktop& is);
  void check_open_launch(const domain::Desktop& was, const domain::Desktop& is);
  void check_audit(const domain::MeetingId& id);
  void check_noted_launch(const domain::DesktopId& id, const std::vector<port::AuditEntry>& audit);
  void check_wish(const domain::Meeting& meeting, const domain::Seat& seat);
  bool had_gone(const Machine& machine, const domain::Desktop& desktop) const;
  void check_silent(const domain::Meeting& meeting, const domain::Desktop& desktop);
  Timestamp asked_until(const domain::MeetingId& id) const;
  void check_ending(const domain::Meeting& meeting);
  void check_counted(const domain::Meeting& before, const domain::Meeting& after);
  void check_calm_ready(const domain::Meeting& meeting);
  bool may_end_sessions(const domain::Meeting& meeting) const;
  bool all_inside_asked(const domain::Meeting& meeting) const;
  void check_door(const char* what, const domain::SeatId& seat, const domain::DesktopId& desktop);
  std::optional<Timestamp> unneeded_since(const Machine& machine) const;
  std::optional<Timestamp> no_show_since(const domain::Meeting& meeting,
                                         const domain::Seat& seat) const;
  Timestamp calm_since(const domain::MeetingId& id) const;
  void check_retold(const std::string& process, const std::string& what);
  bool is_for_sweep(const domain::Owner& owner) const;
  Duration sweeping();
  Duration ends_take();
  void check_machines();
  void check_deadlines();
  void check_shown_deadlines(const domain::Meeting& after);
  void check_records();
  void check_unread_names();
  void check_closing(const domain::Meeting& meeting, const domain::Seat& seat);
  void check_meetings();
  bool is_intended(const domain::MeetingId& id, const std::string& what) const;
  bool was_unreadable(const domain::MeetingId& id) const;

  World& world_;
  std::map<domain::MeetingId, domain::Meeting> rows_;
  std::map<domain::MeetingId, Times> times_;
  std::set<std::string> launch_keys_;                           // ever committed
  std::map<domain::MeetingId, std::set<std::string>> intents_;  // "action target"
  std::map<domain::DesktopId, int> in_flight_;
  std::set<domain::SeatId> seats_entered_;
  // By whoever has this link of the seat "end for everybody" was pressed.
  std::map<domain::SeatId, std::uint32_t> asked_;  // the link's epoch
  std::set<domain::MeetingId> ordered_;            // the organiser has ordered the end
  std::set<std::string> waiting_;
  std::map<std::string, Timestamp> stray_records_;
  std::map<domain::InstanceId, std::pair<Timestamp, Timestamp>> deadline_wrong_;  // since, which
  struct ShownDeadline {
    std::optional<Timestamp> deadline;  // of the last list, until its reader stores the row
    Timestamp asked_at;
    Scheduler::Task by = 0;
    int ignored = 0;  // lists in a row
  };
  std::map<domain::InstanceId, ShownDeadline> shown_deadlines_;
  std::map<domain::MeetingId, Timestamp> unreadable_from_;
  std::map<domain::MeetingId, Timestamp> unreadable_until_;
  std::map<domain::SeatId, std::map<std::string, std::uint32_t>> links_;  // their epochs
  std::map<std::string, Timestamp> void_links_;                           // since when
  std::map<domain::SeatId, std::set<domain::DesktopId>> used_up_;
  std::map<domain::SeatId, std::uint32_t> wishes_;  // requests to start it again
  std::map<domain::SeatId, Timestamp> wished_;      // ... that wait, since when
  std::map<domain::SeatId, std::uint32_t> started_again_;
  std::map<std::string, std::map<std::string, Timestamp>> orphans_told_;  // by process; first
  std::map<std::string, std::vector<Timestamp>> retold_;
  std::map<std::string, std::uint32_t> key_places_;
  std::map<std::string, Timestamp> key_deadlines_;
  std::uint32_t orphans_most_ = 0;  // at once, since the healing
  std::uint32_t alive_most_ = 0;    // of all that is ours
  std::uint64_t mutations_ = 0;
  std::optional<Timestamp> healed_at_;
};

}  // namespace sim
