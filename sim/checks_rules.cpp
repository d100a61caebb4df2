// The checks of decisions: what a commit decides, against the policy's timeline, against what was
// counted here, and against who was really there.

#include <algorithm>

#include "checks.hpp"
#include "domain/plan.hpp"
#include "timeline.hpp"
#include "world.hpp"

namespace sim {

using domain::CloseReason;
using domain::EndReason;
using domain::Meeting;
using domain::Seat;

namespace {

constexpr Duration kSlack{1000};
constexpr Duration kWishSlack = 60s;  // from a decision to a write that was slow, or late
constexpr Duration kNextLook = 90s;   // between looks at a meeting that owns anything, at most

bool is_used_up(const domain::Desktop& desktop) {
  return desktop.closing && (desktop.closing->reason == CloseReason::died ||
                             desktop.closing->reason == CloseReason::never_ready);
}

// What a pass has decided for no other reason than what its clock says; empty: nothing.
std::string decided_by_clock(const Seat& before, const Seat& after) {
  if (after.attempts > before.attempts) return after.id.text() + " is given a desktop";
  if (!after.desktop || !before.desktop) return "";
  const auto& was = *before.desktop;
  const auto& is = *after.desktop;
  const bool closes = is.closing && !was.closing;
  if (closes && is.closing->reason == CloseReason::never_ready)
    return is.id.text() + " is given up";
  if (closes && is.closing->reason == CloseReason::unused) return is.id.text() + " is released";
  if (is.name_given_up_at && !was.name_given_up_at)
    return "the name of " + is.id.text() + " is given up";
  return "";
}

bool all_failed(const Meeting& meeting) {
  return std::all_of(meeting.seats.begin(), meeting.seats.end(),
                     [](const Seat& seat) { return seat.failed.has_value(); });
}

// Ends that follow from who is there, not from an order or the hard cap.
bool is_by_absence(EndReason reason) {
  return reason == EndReason::no_show || reason == EndReason::completed ||
         reason == EndReason::partial_no_show;
}

}  // namespace

void Checks::check_rules(const Meeting* before, const Meeting& after) {
  check_timer(after);
  check_extension(before, after);
  if (before == nullptr) return;
  const auto& end = after.end ? after.end : after.ending;
  if (end && !before->end && (after.end || !before->ending)) check_reason(after, end->reason);
  for (const auto& seat : after.seats) {
    const Seat* old = domain::find_seat(*before, seat.id);
    if (old == nullptr) continue;
    check_attempts(*old, seat);
    check_release(after, *old, seat);
    check_moved(*old, seat);
    if (!seat.desktop) continue;
    const bool same = old->desktop && old->desktop->id == seat.desktop->id;
    check_steps(after, same ? &*old->desktop : nullptr, *seat.desktop);
    if (same) check_open_launch(*old->desktop, *seat.desktop);
    if (seat.tokens.size() > domain::kDoorTokensMax) fail("S20", "too many ways into " + seat.role);
  }
}

// The durable timer: nothing sleeps past the instant at which it is needed (L4).
void Checks::check_timer(const Meeting& meeting) {
  if (meeting.over_at) return;
  if (!meeting.wake_at) {
    fail("L4", meeting.id.text() + " is not over and has no timer");
    return;
  }
  const auto& policy = world_.swarm().policy;
  const bool hot = std::any_of(meeting.seats.begin(), meeting.seats.end(), domain::owns_anything);
  auto latest = world_.now();
  if (!meeting.end && !hot) latest = std::max(latest, cap_of(meeting, policy));
  const bool begun = std::any_of(meeting.seats.begin(), meeting.seats.end(),
                                 [](const Seat& seat) { return seat.attempts > 0; });
  if (!meeting.end && !begun) latest = std::max(world_.now(), window_from(meeting, policy));
  // One commit's clock may be behind and another's ahead.
  if (*meeting.wake_at > latest + kNextLook + 2 * world_.clock_error()) {
    fail("L4", meeting.id.text() + " sleeps past what it has to do");
  }
}

void Checks::check_extension(const Meeting* before, const Meeting& after) {
  const auto& policy = world_.swarm().policy;
  if (after.length < policy.length_min || after.length > policy.length_max) {
    fail("S18", after.id.text() + " lasts as long as no meeting may");
  }
  const bool longer = before != nullptr && before->extended != after.extended;
  if (longer && before->end) fail("S14", after.id.text() + " is extended after its end");
  if (longer && (after.extended > policy.extend_max || after.extended < before->extended ||
                 after.length + after.extended > policy.length_max)) {
    fail("S20", after.id.text() + " is extended beyond what may be");
  }
}

// A meeting ends, or is about to: the reason must be true, and it must be time.
void Checks::check_reason(const Meeting& meeting, EndReason reason) {
  const auto& policy = world_.swarm().policy;
  const auto now = world_.now() + world_.clock_error() + kSlack;
  const auto was_there = [&](const Seat& seat) { return seats_entered_.contains(seat.id); };
  const bool all = std::all_of(meeting.seats.begin(), meeting.seats.end(), was_there);
  const bool any = std::any_of(meeting.seats.begin(), meeting.seats.end(), was_there);
  if (is_by_absence(reason) && now < meeting.start.at + policy.no_show_after) {
    fail("S7", meeting.id.text() + " ends before anybody can have been missed");
  }
  if ((reason == EndReason::completed && !all) || (reason == EndReason::partial_no_show && !any)) {
    fail("S15", meeting.id.text() + " is said to have had people who never came");
  }
  if (reason == EndReason::partial_no_show &&
      std::all_of(meeting.seats.begin(), meeting.seats.end(),
                  [](const Seat& seat) { return seat.used_at.has_value(); })) {
    fail("S15", meeting.id.text() + " is said to have missed people who came");
  }
  if (reason == EndReason::failed && !all_failed(meeting) &&
      now < meeting.start.at - policy.give_up_before) {
    fail("L7", meeting.id.text() + " is given up while there is time");
  }
  if (reason == EndReason::ended_by_everyone && !may_end_sessions(meeting)) {
    fail("S26", meeting.id.text() + " ends for everybody, and not everybody has asked");
  }
}

// How often a seat is tried, and that nothing of the former tries is forgotten.
void Checks::check_attempts(const Seat& before, const Seat& after) {
  const auto& policy = world_.swarm().policy;
  auto& used_up = used_up_[after.id];
  const auto now = world_.now() + world_.clock_error() + kSlack;
  if (after.desktop && is_used_up(*after.desktop)) used_up.insert(after.desktop->id);
  if (after.failed && !before.failed && used_up.size() < policy.attempts_max && after.desktop) {
    const Meeting* meeting = row(*domain::meeting_of(after.id));
    const auto given = std::max(meeting->start.at - policy.give_up_before,
                                after.desktop->intent_at + policy.launch_timeout);
    if (now < given) fail("L7", after.id.text() + " is given up while there is time");
  }
  if (after.attempts <= before.attempts) return;
  if (after.generation <= before.generation) {
    fail("S13", after.id.text() + " has another machine in the same generation");
  }
  if (before.failed) fail("L7", after.id.text() + " was given up and is tried again");
  if (used_up.size() >= policy.attempts_max) {
    fail("S20", after.id.text() + " is tried more often than it may be");
  }
  if (!before.desktop) return;
  const auto attempt = before.desktop->attempt;
  if (std::none_of(after.past.begin(), after.past.end(),
                   [&](const auto& past) { return past.attempt == attempt; })) {
    fail("S28", before.desktop->id.text() + " is forgotten");
  }
  if (before.desktop->closing->reason != CloseReason::unused) return;
  const auto wished_until = unused_until(*row(*domain::meeting_of(after.id)), before, policy);
  if (world_.now() > wished_until + 2 * world_.clock_error() + kWishSlack) {
    fail("S20", after.id.text() + " is started again for a wish of long ago");
  }
  if (++started_again_[after.id] > wishes_[after.id]) {
    fail("S20", after.id.text() + " is started again and nobody has asked for it");
  }
}

// A desktop is taken from who never came, not before they had their time.
void Checks::check_release(const Meeting& meeting, const Seat& before, const Seat& after) {
  if (!after.desktop || !after.desktop->closing) return;
  if (after.desktop->closing->reason != CloseReason::unused) return;
  const bool same = before.desktop && before.desktop->id == after.desktop->id;
  if (same && before.desktop->closing) return;
  const auto until = unused_until(meeting, before, world_.swarm().policy);
  if (world_.now() + world_.clock_error() + kSlack < until) {
    fail("S7", after.desktop->id.text() + " is released before its time");
  }
}

// A machine that has moved: what was said about it is void (S27).
void Checks::check_moved(const Seat& before, const Seat& after) {
  if (!before.desktop || !after.desktop || before.desktop->id != after.desktop->id) return;
  const auto& was = *before.desktop;
  const auto& is = *after.desktop;
  if (!was.address || !is.address || was.address->value == is.address->value) return;
  world_.probe("machine: its address moved");
  if (after.generation == before.generation) {
    fail("S27", is.id.text() + " has moved in the same generation");
  }
  if (was.ready && is.ready == was.ready) {
    fail("S27", is.id.text() + " has moved and is taken for ready as before");
  }
}

// One step of the way down after the other, and each for a reason that holds.
void Checks::check_steps(const Meeting& meeting, const domain::Desktop* was,
                         const domain::Desktop& is) {
  const auto& id = is.id.text();
  const auto& policy = world_.swarm().policy;
  const bool silent = was != nullptr && is.silent_since && is.silent_since == was->silent_since;
  if (silent && is.ready && is.ready != was->ready) {
    fail("S15", id + " has answered and is said to be silent");
  }
  if (is.fenced && !is.closing) fail("S14", id + " is open and fenced");
  if (was == nullptr || !is.closing) return;
  const auto reason = is.closing->reason;
  const bool not_settled = meeting.ending && reason == CloseReason::meeting_ended;
  if (not_settled && is.gone && !was->gone && !is.instance && !is.launch_called_at) {
    fail("S8", id + " is given up for an end that may still be withdrawn");
  }
  if (is.gone) return;
  const bool by_absence =
      !meeting.end && (reason == CloseReason::unused || reason == CloseReason::meeting_ended);
  if (is.fenced && !was->fenced && by_absence && is.first_ready &&
      (!is.presence || is.presence->connections != 0U)) {
    fail("S7", id + " is fenced and nobody knows who is in it");
  }
  const bool begins = (is.drop_asked_at && !was->drop_asked_at) || (is.kill_at && !was->kill_at);
  if (begins && not_settled) {
    fail("S8", id + " is taken down for an end that may still be withdrawn");
  }
  if (!is.name_given_up_at || was->name_given_up_at) return;
  if (is.first_ready && !policy.kill_despite_name) {
    fail("S11", id + " is ended though its name was given out");
  }
  if (world_.now() + 2 * world_.clock_error() + kSlack < is.fenced->at + policy.name_wait_max) {
    fail("S11", "the name of " + id + " is given up before its time");
  }
}

// Whether a call for a name has come about, and whether it shows by now, is told by clocks.
bool Checks::was_just_set(const std::string& name) const {
  return world_.clock_error() > 1s && world_.zone().since(name) > world_.now() - 10s;
}

// What is said to have no name is not given one, but by a call of which nobody knew.
void Checks::check_unnamed(const domain::Record& record) {
  const auto* meeting = row(*domain::meeting_of(record.owner.seat));
  const auto* seat = meeting == nullptr ? nullptr : domain::find_seat(*meeting, record.owner.seat);
  if (seat == nullptr || !seat->desktop || seat->desktop->attempt != record.owner.attempt) return;
  if (world_.late_records().contains(record.name) || world_.clock_error() > 1s) return;
  if (seat->desktop->unnamed) fail("S11", record.name + " is set though it is said to be gone");
}

// What is said never to have come about does not.
void Checks::check_comes_about(const domain::DesktopId& id) {
  const auto* meeting = row(*domain::meeting_of(id));
  const auto* seat =
      meeting == nullptr ? nullptr : domain::find_seat(*meeting, *domain::seat_of(id));
  if (seat == nullptr || !seat->desktop || seat->desktop->id != id) return;
  if (seat->desktop->gone && world_.clock_error() <= 1s) {
    fail("S15", id.text() + " comes about though it is said to be gone");
  }
}

// A launch call that may have come about is not forgotten (S3).
void Checks::check_open_launch(const domain::Desktop& was, const domain::Desktop& is) {
  if (!was.launch_called_at || is.launch_called_at || is.instance) return;
  const auto key = domain::launch_key(was);
  const auto& machines = world_.cloud().machines();
  const bool there = std::any_of(machines.begin(), machines.end(), [&](const auto& one) {
    return one.second.spec.key == key && one.second.alive();
  });
  if (there || world_.late_keys().contains(key)) {
    fail("S3", "the launch of " + key + " is forgotten and may have come about");
  }
}

// A pass that was told to hold ends decides nothing by the clock (S18).
void Checks::held_save(const Meeting& after) {
  const Meeting* before = row(after.id);
  if (before == nullptr || before->end || before->version != after.version) return;
  for (const auto& seat : after.seats) {
    const auto decided = decided_by_clock(*domain::find_seat(*before, seat.id), seat);
    if (!decided.empty()) fail("S18", decided + " by a clock that has just jumped");
  }
  const auto& end = after.end ? after.end : after.ending;
  if (!end) return;
  // Begun before; only its time was pulled back from ahead.
  if (!after.end && before->ending && before->ending->reason == end->reason) return;
  if (is_by_absence(end->reason) || end->reason == EndReason::overran ||
      end->reason == EndReason::failed) {
    fail("S18", after.id.text() + " is ended by a clock that has just jumped");
  }
}

bool Checks::is_orphan(const domain::Owner& owner) const {
  const auto id = domain::meeting_of(owner.seat);
  const Meeting* meeting = id ? row(*id) : nullptr;
  const Seat* seat = meeting == nullptr ? nullptr : domain::find_seat(*meeting, owner.seat);
  return seat == nullptr || owner.attempt > seat->attempts;
}

// S30: what has no row is ended by a process that has been up for a while ...
void Checks::orphan_called(Duration uptime, const domain::Owner& owner) {
  if (uptime + world_.clock_error() >= world_.swarm().sweep.warm_up || !is_orphan(owner)) return;
  fail("S30", owner.seat.text() + " is ended by a sweep that has just begun to look");
}

// ... and slowly. What the provider did not take has ended nothing, and nothing ends twice.
void Checks::orphan_answered(const std::string& process, const std::string& what,
                             const domain::Owner& owner, const base::Result<>& ended) {
  if (!ended && ended.error().kind == base::ErrorKind::unavailable) return;
  if (!is_orphan(owner)) return;
  const auto& sweep = world_.swarm().sweep;
  auto& told = orphans_told_[process];
  told.emplace(what, world_.now());
  if (ended) check_retold(process, what);
  const auto since = world_.now() - sweep.period / 2;
  const auto recent =
      std::count_if(told.begin(), told.end(), [&](const auto& one) { return one.second > since; });
  const auto owned = world_.cloud().machines().size() + world_.zone().truth().size();
  // Some of these the sweep has seen and they are gone by now.
  const auto seen = owned + static_cast<std::size_t>(recent);
  if (static_cast<std::size_t>(recent) > std::max<std::size_t>(sweep.kills_max, seen / 10)) {
    fail("S30", "a sweep ends " + std::to_string(recent) + " things at once");
  }
}

// Lists may show for long what has been told to end: it is told again with growing pauses.
void Checks::check_retold(const std::string& process, const std::string& what) {
  const auto window = 4 * world_.swarm().sweep.period;
  auto& calls = retold_[process + " " + what];
  std::erase_if(calls, [&](Timestamp at) { return at + window <= world_.now(); });
  calls.push_back(world_.now());
  if (calls.size() > 3) fail("L6", process + " tells " + what + " to end again and again");
}

// S25: a launch that is noted is about to be made, which its intent says.
void Checks::check_noted_launch(const domain::DesktopId& id,
                                const std::vector<port::AuditEntry>& audit) {
  const bool is_intended = std::any_of(audit.begin(), audit.end(), [&](const auto& entry) {
    return entry.kind == port::AuditEntry::Kind::intent && entry.action == "launch" &&
           entry.target == id.text();
  });
  if (!is_intended) fail("S25", "a launch of " + id.text() + " is noted that nobody makes");
}

// S25: without faults each intent has its outcome.
void Checks::check_audit(const domain::MeetingId& id) {
  const auto rows = world_.store().audit(id);
  if (!rows) return;
  std::set<std::string> open;
  for (const auto& entry : *rows) {
    const auto what = entry.action + " " + entry.target;
    if (entry.kind == port::AuditEntry::Kind::intent) open.insert(what);
    if (entry.kind == port::AuditEntry::Kind::outcome) open.erase(what);
  }
  if (!open.empty()) fail("S25", *open.begin() + " of " + id.text() + " has no outcome");
}

// A session that is counted is seen within a few looks: then nobody takes the room for empty (S7).
void Checks::check_counted(const Meeting& before, const Meeting& after) {
  if (!after.ending || before.ending) return;
  for (const auto& session : world_.sessions()) {
    if (!session->open || domain::meeting_of(session->seat) != after.id) continue;
    const Seat* seat = domain::find_seat(after, session->seat);
    const Machine* machine = world_.cloud().find(session->machine);
    const bool own = seat->epoch == session->epoch && seat->desktop &&
                     seat->desktop->id == session->desktop && !machine->broken;
    if (own && session->opened_at + 3min + 2 * world_.clock_error() < world_.now()) {
      fail("S7", after.id.text() + " is about to end while somebody is there for long");
    }
  }
}

// Nothing that lists could show is left.
void Checks::check_over(const Meeting& meeting) {
  const auto seen = world_.now() - 2min - world_.swarm().list_lag;
  for (const auto& [id, machine] : world_.cloud().machines()) {
    const auto& owner = machine.spec.owner;
    const Seat* seat = domain::find_seat(meeting, owner.seat);
    const bool own = seat != nullptr && owner.attempt <= seat->attempts &&
                     owner.store == world_.store_identity();
    if (own && machine.alive() && machine.launched_at < seen && !world_.cloud().was_hidden(id)) {
      fail("S15", meeting.id.text() + " is said to be over and " + id.text() + " is there");
    }
  }
}

// Whose desktop died around them has the grace to come into the next one, too.
bool Checks::replaced_just_now(const Seat& seat) const {
  if (!seat.used_at || seat.failed || !seat.desktop || !seat.desktop->ready) return false;
  const auto& desktop = *seat.desktop;
  const auto slack = 60s + 2 * world_.clock_error();
  const auto since = desktop.first_ready->at;
  if (world_.now() + slack >= since + world_.swarm().policy.leave_grace) return false;
  const auto& machines = world_.cloud().machines();
  return std::any_of(machines.begin(), machines.end(), [&](const auto& entry) {
    const auto& owner = entry.second.spec.owner;
    return owner.seat == seat.id && owner.attempt + 1 == desktop.attempt &&
           entry.second.session_lost;
  });
}

}  // namespace sim
