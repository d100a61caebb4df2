#include "checks.hpp"

#include <algorithm>

#include "domain/phase.hpp"
#include "domain/plan.hpp"
#include "timeline.hpp"
#include "world.hpp"

namespace sim {

using domain::CloseReason;
using domain::EndReason;
using domain::Meeting;
using domain::Seat;

namespace {
// How long after a commit its outside call may still start: a slow or paused caller looks again.
constexpr Duration kStaleIntent = 60s;
// A machine that went bad is not noticed before the next probe; calls and commits take their time.
constexpr Duration kCallSlack = 35s;
}  // namespace

void Checks::fail(const char* invariant, const std::string& message) {
  world_.violation(invariant, message);
}

const Meeting* Checks::row(const domain::MeetingId& id) const {
  const auto found = rows_.find(id);
  return found == rows_.end() ? nullptr : &found->second;
}

// ---- The store.

void Checks::committed(const Meeting* before, const Meeting& after,
                       const std::vector<port::AuditEntry>& audit) {
  for (const auto& entry : audit) {
    if (entry.kind == port::AuditEntry::Kind::intent) {
      intents_[after.id].insert(entry.action + " " + entry.target);
    }
  }
  check_shown_deadlines(after);
  auto& times = times_[after.id];
  times.committed = world_.now();
  if (after.end && (before == nullptr || !before->end)) times.ended = world_.now();
  for (const auto& seat : after.seats) {
    if (!seat.desktop) continue;
    const auto& desktop = *seat.desktop;
    if (desktop.launch_called_at) {
      launch_keys_.insert(domain::launch_key(desktop));
    }
    if (!desktop.closing) {
      times.closed.erase(desktop.id);
    } else {
      times.closed.emplace(desktop.id, world_.now());
    }
    const Seat* old = before == nullptr ? nullptr : domain::find_seat(*before, seat.id);
    const bool again = old == nullptr || !old->desktop ||
                       old->desktop->launch_called_at < desktop.launch_called_at;
    if (desktop.launch_called_at && again) check_noted_launch(desktop.id, audit);
  }
  if (before != nullptr) {
    check_monotonic(*before, after);
    check_admissions(*before, after);
    check_grace(*before, after);
    check_counted(*before, after);
  }
  check_rules(before, after);
  if (before == nullptr && world_.swarm().calm) {
    world_.scheduler().at(after.start.at - 2min,
                          [this, id = after.id] { check_calm_ready(rows_.at(id)); });
  }
  rows_.insert_or_assign(after.id, after);
  check_sessions(after);
}

void Checks::check_monotonic(const Meeting& before, const Meeting& after) {
  if (after.version != before.version + 1) fail("S14", "a version was skipped");
  if (before.end && after.end != before.end) fail("S14", "the end of a meeting was changed");
  if (after.over_at && !before.over_at) check_over(after);
  if (before.over_at && after != [&] {
        Meeting same = before;
        same.version = after.version;
        same.wake_at = after.wake_at;
        return same;
      }()) {
    world_.probe("store: written after it was over");  // links may still be rotated
    const bool reopened =
        std::any_of(after.seats.begin(), after.seats.end(), domain::owns_anything);
    if (reopened || !after.over_at) fail("S14", "a meeting that was over goes on");
  }
  for (const auto& seat : after.seats) {
    const Seat* old = domain::find_seat(before, seat.id);
    if (old == nullptr) {
      fail("S14", "a seat appeared");
      return;
    }
    check_seat(after, *old, seat);
  }
  if (after.end && !before.end && world_.swarm().calm) check_calm(after);
}

void Checks::check_seat(const Meeting& meeting, const Seat& before, const Seat& after) {
  const auto& id = after.id.text();
  if (after.attempts < before.attempts || after.generation < before.generation ||
      after.epoch < before.epoch) {
    fail("S14", "a counter of " + id + " went back");
  }
  if (before.used_at && !after.used_at) fail("S14", id + " was used and is not any more");
  if (after.attempts > before.attempts) check_former(before);
  check_new_launch(before, after);
  if (!before.desktop || !after.desktop || before.desktop->id != after.desktop->id) return;
  const auto& was = *before.desktop;
  const auto& is = *after.desktop;
  if (was.gone && was.gone != is.gone) fail("S14", is.id.text() + " was gone and is not any more");
  if (was.closing && !is.closing && after.generation == before.generation) {
    fail("S14", "the gate of " + is.id.text() + " was opened in the same generation");
  }
  if (is.gone && !is.closing) fail("S14", is.id.text() + " is gone and still open");
  if (was.kill_at && !is.closing) fail("S14", is.id.text() + " is opened after its kill began");
  if (was.instance && (!is.instance || is.instance->value != was.instance->value)) {
    fail("S31", is.id.text() + " changed its machine");
  }
  if (is.closing && !was.closing && is.closing->reason == CloseReason::meeting_ended &&
      !meeting.end && !meeting.ending) {
    fail("S26", is.id.text() + " was closed for an end that was not decided");
  }
  check_regress(was, is);
  check_facts(meeting, before, after);
}

// What was once observed of a desktop stays observed.
void Checks::check_regress(const domain::Desktop& was, const domain::Desktop& is) {
  const bool lost = (was.running && !is.running) || (was.first_ready && !is.first_ready) ||
                    (was.entered_at && !is.entered_at) || (was.used_at && !is.used_at) ||
                    (was.address && !is.address) || (was.kill_at && !is.kill_at);
  if (lost) fail("S14", "a fact on " + is.id.text() + " was lost");
}

// A seat gets a new desktop: nothing of the former ones may be left.
void Checks::check_former(const Seat& before) {
  for (const auto& [id, machine] : world_.cloud().machines()) {
    const auto& owner = machine.spec.owner;
    const bool former = owner.seat == before.id && owner.attempt <= before.attempts &&
                        owner.store == world_.store_identity();
    const bool planted = machine.planted();
    if (former && machine.alive() && !planted) {
      fail("S1", before.id.text() + " gets a new desktop while " + id.text() + " is there");
    }
  }
  if (!before.desktop) return;
  const auto name = Zone::name_of(before.desktop->id);
  const bool late = world_.late_records().contains(name) || was_just_set(name);
  if (world_.zone().truth_of(name) && !late) {
    fail("S15", before.id.text() + " gets a new desktop while " + name + " stands there");
  }
}

void Checks::check_new_launch(const Seat& before, const Seat& after) {
  if (!after.desktop || !after.desktop->launch_called_at) return;
  const auto key = domain::launch_key(*after.desktop);
  if (!before.desktop) return;
  const auto old_key = domain::launch_key(*before.desktop);
  if (old_key == key) return;
  // A new key while the old one may still start something (S3).
  // One that has had its machine starts no other.
  const bool had = std::any_of(world_.cloud().machines().begin(), world_.cloud().machines().end(),
                               [&](const auto& one) { return one.second.spec.key == old_key; });
  if (!had && world_.late_keys().contains(old_key)) {
    fail("S3", key + " is used while a call of " + old_key + " may still take effect");
  }
  for (const auto& [id, machine] : world_.cloud().machines()) {
    if (machine.spec.key == old_key && machine.alive()) {
      fail("S3", key + " is used while " + id.text() + " of " + old_key + " is there");
    }
  }
}

void Checks::check_facts(const Meeting& meeting, const Seat& before, const Seat& after) {
  const auto& was = *before.desktop;
  const auto& is = *after.desktop;
  if (is.instance && !was.instance) {
    const Machine* machine = world_.cloud().find(is.instance->value);
    if (machine == nullptr || machine->spec.owner.seat != after.id ||
        machine->spec.owner.attempt != is.attempt || machine->planted()) {
      fail("S28", is.id.text() + " took " + is.instance->value.text() + ", which is not its own");
    }
  }
  if (is.gone && !was.gone) {
    for (const auto& [id, machine] : world_.cloud().machines()) {
      const bool own = machine.spec.owner.seat == after.id &&
                       machine.spec.owner.attempt == is.attempt && machine.alive();
      // A call may come about so late that by a clock that was set meanwhile it cannot any more.
      const bool too_late = machine.launched_at + world_.clock_error() >=
                            machine.called_at + world_.swarm().policy.launch_late;
      const bool missed = !machine.planted() && !(too_late && world_.clock_error() > 2s);
      if (own && (is.instance ? is.instance->value == id : missed)) {
        fail("S15", is.id.text() + " is said to be gone (" + is.gone->value + ") and " + id.text() +
                        " is there");
      }
    }
  }
  if (is.deadline_set && is.deadline_set != was.deadline_set && is.instance && was.instance) {
    const Machine* machine = world_.cloud().find(is.instance->value);
    if (machine != nullptr && !machine->ever_had(*is.deadline_set)) {  // it may have moved since
      fail("S15", "the deadline of " + is.id.text() + " is said to be set and never was");
    }
  }
  if (is.unnamed && !was.unnamed) {
    const auto record = world_.zone().truth_of(Zone::name_of(is.id));
    const auto since = world_.zone().since(Zone::name_of(is.id));
    if (record && *since < world_.now() - kCallSlack) {
      fail("S15", "the record of " + is.id.text() + " is said to be gone and stands there");
    }
  }
  if (is.record && (!was.record || was.record->value != is.record->value) &&
      !world_.zone().ever_had(Zone::name_of(is.id), is.record->value)) {
    fail("S15", "the record of " + is.id.text() + " is said to be there and never was");
  }
  if (after.used_at && !before.used_at && !seats_entered_.contains(after.id)) {
    fail("S15", after.id.text() + " is said to be used and nobody was ever in");
  }
  if (is.running && !was.running && is.instance) {
    const Machine* machine = world_.cloud().find(is.instance->value);
    if (machine != nullptr && machine->state == domain::InstanceState::pending) {
      fail("S15", is.id.text() + " is said to run and does not");
    }
  }
  static_cast<void>(meeting);
}

bool Checks::may_end_sessions(const Meeting& meeting) const {
  if (!meeting.end) return false;
  const auto skew = world_.clock_error();
  switch (meeting.end->reason) {
    case EndReason::cancelled:
    case EndReason::ended_by_organiser:
      return ordered_.contains(meeting.id);
    case EndReason::ended_by_everyone:
      return all_inside_asked(meeting);
    case EndReason::overran:
    case EndReason::no_show:
    case EndReason::completed:
    case EndReason::partial_no_show:
    case EndReason::failed:
      return world_.now() + skew >= cap_of(meeting, world_.swarm().policy);
  }
  return false;
}

// By a clock that is ahead: where no row can be read, nothing else holds a machine (S21).
bool Checks::is_past_deadline(const Machine& machine) const {
  return world_.now() + world_.clock_error() >= machine.spec.deadline;
}

void Checks::check_sessions(const Meeting& after) {
  if (may_end_sessions(after)) return;
  for (const auto& session : world_.sessions()) {
    if (!session->open || !domain::belongs_to(session->seat, after.id)) continue;
    const Seat* seat = domain::find_seat(after, session->seat);
    if (seat->epoch != session->epoch) continue;  // the link was rotated: theirs is void
    if (domain::session_may_stay(after, session->desktop, session->epoch)) continue;
    const Machine* machine = world_.cloud().find(session->machine);
    if (machine->broken) continue;
    if (may_be_unseen(*session) || is_past_deadline(*machine)) continue;
    fail("S7", "a live session on " + session->desktop.text() + " is ended by automation (" +
                   (after.end ? std::string(to_string(after.end->reason))
                              : std::string(to_string(seat->desktop->closing->reason))) +
                   ")");
  }
}

// S8: who passed the door and is on the way in counts as there.
void Checks::check_admissions(const Meeting& before, const Meeting& after) {
  if (may_end_sessions(after) || way_in_is_unsure()) return;
  for (const auto& seat : after.seats) {
    if (!seat.desktop || !seat.desktop->fenced) continue;
    const Seat* old = domain::find_seat(before, seat.id);
    if (old->desktop && old->desktop->id == seat.desktop->id && old->desktop->fenced) continue;
    const auto found = in_flight_.find(seat.desktop->id);
    if (found == in_flight_.end() || found->second == 0) continue;
    const auto* instance = seat.desktop->instance ? &seat.desktop->instance->value : nullptr;
    const Machine* machine = instance == nullptr ? nullptr : world_.cloud().find(*instance);
    if (machine == nullptr || machine->broken || !machine->alive()) continue;
    fail("S8", seat.desktop->id.text() + " is fenced while somebody is on the way in");
  }
}

// Who left a moment ago may come back: nobody is taken for gone before the grace is over.
void Checks::check_grace(const Meeting& before, const Meeting& after) {
  const bool ends = (after.end && !before.end) || (after.ending && !before.ending);
  if (!ends || may_end_sessions(after)) return;
  const auto slack = 60s + 2 * world_.clock_error();
  for (const auto& [id, machine] : world_.cloud().machines()) {
    const auto& owner = machine.spec.owner;
    if (machine.broken || !domain::belongs_to(owner.seat, after.id)) continue;
    if (!machine.session_ended_at) continue;
    const Seat* seat = domain::find_seat(after, owner.seat);
    if (seat == nullptr || seat->failed) continue;  // nothing is left that they could come back to
    if (world_.now() + slack < *machine.session_ended_at + world_.swarm().policy.leave_grace) {
      fail("S7",
           after.id.text() + " ends while somebody has just left " + machine.spec.desktop.text());
    }
  }
  for (const auto& seat : before.seats) {
    if (!replaced_just_now(seat)) continue;
    fail("S7", seat.desktop->id.text() + ", for a session that was lost, is given no time");
  }
}

// Without faults every desktop works two minutes before the start (L1).
void Checks::check_calm_ready(const Meeting& meeting) {
  if (meeting.end || world_.now() > meeting.start.at) return;
  for (const auto& seat : meeting.seats) {
    if (!seat.desktop || !seat.desktop->ready) {
      fail("L1", seat.id.text() + " is not ready two minutes before the start");
    }
  }
}

// Without faults and with people who come: nothing may end early.
void Checks::check_calm(const Meeting& meeting) {
  const auto reason = meeting.end->reason;
  if (reason == EndReason::failed || reason == EndReason::no_show) {
    fail("L1", "a meeting without faults ended as " + std::string(to_string(reason)));
  }
}

// ---- The cloud and the zone.

// Its row cannot be read; or it could not a moment ago, and a sweep's call is still on its way.
bool Checks::is_intended(const domain::MeetingId& id, const std::string& what) const {
  const auto found = intents_.find(id);
  return found != intents_.end() && found->second.contains(what);
}

void Checks::mutation_called(const char* action, const domain::DesktopId& desktop) {
  const auto id = domain::meeting_of(desktop);
  if (!id || row(*id) == nullptr) return;  // the sweep's: no meeting, no audit
  if (row(*id)->over_at) return;
  if (was_unreadable(*id)) return;
  const Seat* seat = domain::find_seat(*row(*id), *domain::seat_of(desktop));
  if (seat == nullptr) return;
  const auto attempt = std::stoul(desktop.text().substr(seat->id.text().size() + 1));
  if (attempt > seat->attempts) return;  // forged: the sweep's
  if (!is_intended(*id, std::string(action) + " " + desktop.text())) {
    fail("S25", std::string(action) + " of " + desktop.text() + " without an audit row before it");
  }
}

void Checks::launch_called(const port::LaunchSpec& spec) {
  const auto id = domain::meeting_of(spec.desktop);
  const Meeting* meeting = id ? row(*id) : nullptr;
  if (meeting == nullptr || !launch_keys_.contains(spec.key)) {
    fail("S2", "launch of " + spec.key + " without a stored intent");
    return;
  }
  mutation_called("launch", spec.desktop);
  const auto place = key_places_.emplace(spec.key, spec.place).first->second;
  if (place != spec.place) fail("S3", "key " + spec.key + " is used at two places");
  if (spec.owner.store != world_.store_identity() ||
      domain::desktop_id(spec.owner.seat, spec.owner.attempt) != spec.desktop) {
    fail("S5", "launch of " + spec.desktop.text() + " with the mark of another");
  }
  const auto& policy = world_.swarm().policy;
  const auto deadline = key_deadlines_.emplace(spec.key, spec.deadline).first->second;
  if (deadline != spec.deadline) fail("S3", "key " + spec.key + " has two deadlines");
  if (spec.place >= policy.places) fail("L7", "launch at a place that is not in the list");
  const auto slack = world_.clock_error() + kStaleIntent;
  const auto now = world_.now();
  // The start may have been moved since the intent: then it was in the former window.
  if (now < window_from(*meeting, policy) - slack || now > cap_of(*meeting, policy) + slack) {
    fail("S4", "launch of " + spec.desktop.text() + " outside its window");
  }
  if (meeting->end && now > times_[*id].ended + kStaleIntent) {
    fail("S4", "launch of " + spec.desktop.text() + " for a meeting that has ended");
  }
}

void Checks::launched(const Machine& machine) {
  world_.mutated("launch", machine.id.text());
  const auto& owner = machine.spec.owner;
  std::uint32_t alive = 0;
  std::uint32_t all = 0;
  for (const auto& [id, other] : world_.cloud().machines()) {
    if (!other.alive() || other.planted()) continue;
    ++all;
    if (other.spec.owner.seat == owner.seat) ++alive;
  }
  if (alive > 1) fail("S1", owner.seat.text() + " has " + std::to_string(alive) + " machines");
  if (all > world_.swarm().limits.desktops_max) {
    fail("S20", std::to_string(all) + " machines at once");
  }
  check_comes_about(machine.spec.desktop);
}

void Checks::terminating(const Machine& machine) {
  world_.mutated("terminate", machine.id.text());
  const auto meeting_id = domain::meeting_of(machine.spec.owner.seat);
  const Meeting* meeting = row(*meeting_id);
  if (meeting == nullptr) {
    const auto age = world_.now() - machine.launched_at + world_.clock_error();
    if (age < 2min) fail("S16", "an orphan is killed too young");
    return;
  }
  const auto name = Zone::name_of(machine.spec.desktop);
  // By who cannot, or could not just now, read what is wanted.
  if (machine.end_unread) return;
  const bool unread = was_unreadable(*meeting_id) || world_.versions().may_hide(*meeting_id);
  if (unread && is_past_deadline(machine)) return;
  if (!readable(*meeting_id)) return;  // judged when it was called for
  const Seat* seat = domain::find_seat(*meeting, machine.spec.owner.seat);
  const bool known = seat != nullptr && seat->desktop && seat->desktop->instance &&
                     seat->desktop->instance->value == machine.id;
  if (known) {
    const auto& desktop = *seat->desktop;
    if (!desktop.closing || !desktop.fenced) fail("S8", name + " is ended before its gate closed");
    // Once it was proved gone, a call that comes late shows it again, or a list that lags.
    const auto record = world_.zone().truth_of(name);
    const bool late = world_.late_records().contains(name);
    const bool was_proved = desktop.unnamed || (desktop.kill_at && (late || !record));
    if (!was_proved && !desktop.name_given_up_at) {
      fail("S8", name + " is ended before its record is gone");
    }
    if (record && record->address == machine.address && !machine.address.empty() && !late &&
        !was_just_set(name) && !desktop.name_given_up_at) {
      fail("S11", name + " still points at the machine that is ended");
    }
  }
  const auto counts = [&](const auto& session) {
    return session->open && session->machine == machine.id && !may_be_unseen(*session);
  };
  const auto& sessions = world_.sessions();
  if (std::any_of(sessions.begin(), sessions.end(), counts) && !may_end_sessions(*meeting) &&
      !machine.broken) {
    fail("S7", "the machine of a live session is ended");
  }
}

void Checks::address_released(const Machine& machine) {
  const auto record = world_.zone().truth_of(Zone::name_of(machine.spec.desktop));
  if (record && record->address == machine.address) world_.probe("dns: a name dangles for a while");
}

void Checks::deadline_passed(const Machine& machine) {
  const auto meeting_id = domain::meeting_of(machine.spec.owner.seat);
  const Meeting* meeting = meeting_id ? row(*meeting_id) : nullptr;
  if (meeting == nullptr || meeting->end || machine.broken) return;
  const Seat* seat = domain::find_seat(*meeting, machine.spec.owner.seat);
  const bool put_away = seat != nullptr && seat->desktop && seat->desktop->fenced &&
                        seat->desktop->id == machine.spec.desktop;
  if (put_away) return;  // nobody is in it, and it waits to be ended
  // An extension that cannot be told to the machine while its provider is down loses to the timer.
  if (!healed_at_ || world_.now() < calm_since(*meeting_id)) return;
  if (world_.now() + world_.clock_error() < cap_of(*meeting, world_.swarm().policy)) {
    fail("S7", machine.id.text() + " ends itself before the meeting's hard cap");
  }
}

void Checks::putting(const domain::Record& record) {
  world_.mutated("put", record.name);
  if (record.generation <= record.owner.attempt) {  // each attempt begins a new one
    fail("S13", record.name + " carries a generation from before its desktop");
  }
  check_unnamed(record);
  const bool held = std::any_of(
      world_.cloud().machines().begin(), world_.cloud().machines().end(), [&](const auto& entry) {
        return entry.second.spec.owner == record.owner &&
               std::any_of(
                   entry.second.history.begin(), entry.second.history.end(),
                   [&](const Machine::View& view) { return view.address == record.address; });
      });
  if (!held) fail("S27", record.name + " is given an address that its machine never had");
}

void Checks::dropping(const domain::Record& record) {
  world_.mutated("drop", record.name);
  for (const auto& session : world_.sessions()) {
    if (!session->open || Zone::name_of(session->desktop) != record.name) continue;
    const Meeting* meeting = row(*domain::meeting_of(session->seat));
    const Machine* machine = world_.cloud().find(session->machine);
    if (!may_end_sessions(*meeting) && !machine->broken && !may_be_unseen(*session) &&
        !is_past_deadline(*machine)) {
      fail("S7", "the name of a live session is removed: " + record.name);
    }
  }
}

}  // namespace sim
