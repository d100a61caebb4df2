// The checks of liveness: what has to become true once the faults have stopped, and what has to be
// left when all is over.

#include <algorithm>

#include "checks.hpp"
#include "domain/phase.hpp"
#include "process.hpp"
#include "timeline.hpp"
#include "world.hpp"

namespace sim {

using domain::Meeting;
using domain::Seat;

namespace {
constexpr Duration kTeardown = 5min;  // B
constexpr int kShownOften = 5;        // a pass may die before it stores what it has seen
constexpr Duration kOrphan = 10min;   // L5, idle
constexpr Duration kSeen =
    kOrphan - kTeardown;              // old enough for the sweep, and missed often enough
constexpr Duration kSweepLate = 20s;  // a period counts from its last call, and sweeps are spread
constexpr Duration kDecide = 2min;    // for a decision that the clock alone makes
constexpr Duration kWarmUp = 2min + 30s;  // a process that has just started looks, then sweeps
constexpr Duration kSeenGone = 2min;
constexpr std::uint32_t kManyDesktops = 10;
constexpr Duration kBelieved = 10min;  // a time from further ahead was noted by a wrong clock
}  // namespace

void Checks::healed() {
  healed_at_ = world_.now();
}

// From when on what was decided before the healing has to be carried out. A bridge that has just
// started does not know for a while who is there.
Timestamp Checks::calm_since(const domain::MeetingId& id) const {
  const auto blind = world_.swarm().bridged ? world_.swarm().policy.leave_grace : Duration{0};
  const auto unreadable = unreadable_until_.find(id);
  const auto since = unreadable == unreadable_until_.end()
                         ? *healed_at_
                         : std::max(*healed_at_, unreadable->second);
  return since + kWarmUp + blind;
}

std::optional<Timestamp> Checks::no_show_since(const Meeting& meeting, const Seat& seat) const {
  const auto& policy = world_.swarm().policy;
  if (seats_entered_.contains(seat.id)) return std::nullopt;
  if (seat.desktop && seat.desktop->closing)
    return std::nullopt;  // its turn has come: see `closed`
  const auto until = unused_until(meeting, seat, policy) + world_.clock_error() + kDecide;
  // Let in, and never come: as who has left, from the first look that finds nobody.
  const bool let_in = seat.desktop && seat.desktop->entered_at;
  return let_in ? std::max(until, calm_since(meeting.id) + policy.leave_grace) : until;
}

// Since when nobody needs this machine; nothing when somebody does.
std::optional<Timestamp> Checks::unneeded_since(const Machine& machine) const {
  const auto& owner = machine.spec.owner;
  const Meeting* meeting = row(*domain::meeting_of(owner.seat));
  const Seat* seat = meeting == nullptr ? nullptr : domain::find_seat(*meeting, owner.seat);
  if (seat == nullptr) return machine.launched_at + kSeen;
  const auto& times = times_.at(meeting->id);
  std::optional<Timestamp> since;
  const auto from = [&](Timestamp at) { since = std::min(since.value_or(at), at); };
  const bool current = seat->desktop && seat->desktop->attempt == owner.attempt &&
                       (!seat->desktop->instance || seat->desktop->instance->value == machine.id);
  if (!current) from(machine.launched_at + kSeen);
  if (meeting->end) from(std::max(times.ended, machine.launched_at));
  const auto closed = times.closed.find(machine.spec.desktop);
  if (closed != times.closed.end() && seat->desktop && seat->desktop->fenced) {
    from(std::max(closed->second, machine.launched_at));
  }
  from(cap_of(*meeting, world_.swarm().policy) + world_.clock_error() + kDecide);
  if (const auto no_show = no_show_since(*meeting, *seat); no_show && machine.sessions == 0) {
    from(std::max(*no_show, machine.counts_from));  // unknown is live
  }
  if (since && meeting->over_at) since = *since + kOrphan;  // what comes after is the sweep's
  return since;
}

// Whether this is left to the sweep, which ends few things in a period.
bool Checks::is_for_sweep(const domain::Owner& owner) const {
  if (owner.store != world_.store_identity()) return false;
  const auto id = domain::meeting_of(owner.seat);
  const Meeting* meeting = id ? row(*id) : nullptr;
  return is_orphan(owner) || (meeting != nullptr && meeting->over_at);
}

// How long the sweep may take for as many as there were at once since the healing; and it counts
// their age by its own clock.
Duration Checks::sweeping() {
  std::uint32_t count = 0;
  for (const auto& [id, machine] : world_.cloud().machines()) {
    if (machine.alive() && is_for_sweep(machine.spec.owner)) ++count;
  }
  for (const auto& record : world_.zone().truth()) {
    if (is_for_sweep(record.owner)) ++count;
  }
  orphans_most_ = std::max(orphans_most_, count);
  const auto& sweep = world_.swarm().sweep;
  return orphans_most_ / sweep.kills_max * (sweep.period + kSweepLate) + world_.clock_error();
}

std::optional<Timestamp> Checks::surely_unneeded_since(const Machine& machine) const {
  const auto id = *domain::meeting_of(machine.spec.owner.seat);
  const Meeting* meeting = row(id);
  if (meeting == nullptr) return machine.launched_at;
  if (unreadable_until_.contains(id) || world_.versions().may_hide(id)) return std::nullopt;
  const Seat* seat = domain::find_seat(*meeting, machine.spec.owner.seat);
  const auto& times = times_.at(id);
  if (meeting->over_at) return std::max(times.ended, machine.launched_at);
  if (!seat->desktop || seat->desktop->attempt != machine.spec.owner.attempt) return std::nullopt;
  const auto closed = times.closed.find(seat->desktop->id);
  if (closed == times.closed.end() || !seat->desktop->closing) return std::nullopt;
  return std::max(closed->second, machine.launched_at);
}

std::optional<Timestamp> Checks::first_wake() const {
  std::optional<Timestamp> first;
  for (const auto& [id, meeting] : rows_) {
    if (!meeting.wake_at || (first && *first <= *meeting.wake_at)) continue;
    if (readable(id) && !world_.versions().may_hide(id)) first = meeting.wake_at;
  }
  return first;
}

// Where calls are few, each waits for its turn; late lists show for a while what was told already,
// and some of it is told once more.
Duration Checks::ends_take() {
  std::uint32_t alive = 0;
  for (const auto& [id, machine] : world_.cloud().machines()) {
    if (machine.alive() && machine.spec.owner.store == world_.store_identity()) ++alive;
  }
  alive_most_ = std::max(alive_most_, alive);
  const auto rate = world_.swarm().compute_pace.terminate.per_second;
  if (rate <= 0 || alive_most_ < 4) return Duration{0};
  const auto calls = std::chrono::duration<double>(alive_most_ / rate);
  return std::chrono::duration_cast<Duration>(calls) + world_.swarm().list_lag;
}

void Checks::check_machines() {
  const auto sweep_takes = sweeping();
  const auto others_take = ends_take();
  for (const auto& [id, machine] : world_.cloud().machines()) {
    if (!machine.alive() || machine.spec.owner.store != world_.store_identity()) continue;
    const auto since = unneeded_since(machine);
    if (!since) continue;
    const auto meeting = *domain::meeting_of(machine.spec.owner.seat);
    const auto from = std::max({*since, calm_since(meeting), asked_until(meeting)});
    const auto pace = others_take + (is_for_sweep(machine.spec.owner) ? sweep_takes : Duration{0});
    if (world_.now() > from + kTeardown + pace) {
      fail("L2", id.text() + " of " + machine.spec.desktop.text() + " is not needed since " +
                     base::to_text(world_.now() - *since) + " and is still there");
      return;
    }
  }
}

void Checks::check_records() {
  std::map<std::string, Timestamp> strays;
  for (const auto& record : world_.zone().truth()) {
    if (record.owner.store != world_.store_identity()) continue;
    const Machine* machine = world_.cloud().holder(record.address);
    const bool held = machine != nullptr && machine->spec.owner == record.owner;
    if (held) continue;
    const auto before = stray_records_.find(record.name);
    const auto since = before == stray_records_.end() ? world_.now() : before->second;
    strays.emplace(record.name, since);
    const auto id = *domain::meeting_of(record.owner.seat);
    const bool known = row(id) != nullptr && !is_for_sweep(record.owner);
    const auto from = std::max({since, calm_since(id), asked_until(id)});
    if (world_.now() > from + (known ? kTeardown : kOrphan)) {
      fail("L3", record.name + " points at an address that its desktop does not hold");
      return;
    }
  }
  stray_records_ = std::move(strays);
}

// Where a meeting cannot be read, a name falls with the deadline of its machine, which sweeps have
// seen while lists still showed it.
void Checks::check_unread_names() {
  const auto sweep_takes = sweeping();
  for (const auto& record : world_.zone().truth()) {
    const auto id = *domain::meeting_of(record.owner.seat);
    if (record.owner.store != world_.store_identity() || readable(id)) continue;
    const auto ended = world_.cloud().ended(record.owner);
    if (!ended || ended->at < *healed_at_) continue;
    const auto due = std::max(ended->at, ended->deadline) + kWarmUp + kOrphan + sweep_takes;
    if (world_.now() <= due) continue;
    fail("L3", record.name + " is left of a machine whose time is over, and nobody can read why");
    return;
  }
}

// A desktop nobody seems to be in is put away, or opened again for who is in it.
void Checks::check_closing(const Meeting& meeting, const Seat& seat) {
  if (meeting.end || !seat.desktop || !seat.desktop->closing || seat.desktop->fenced) return;
  const auto& closed = times_.at(meeting.id).closed;
  const auto found = closed.find(seat.desktop->id);
  if (found == closed.end()) return;
  const auto asked = asked_until(meeting.id);
  if (world_.now() <= std::max({found->second, calm_since(meeting.id), asked}) + kTeardown) return;
  fail("L10", seat.desktop->id.text() + " is neither put away nor opened again");
}

// Who has asked for a desktop gets one as soon as the former one is gone, unless it may have to
// wait for its turn; asking again and again is no new wish.
void Checks::check_wish(const Meeting& meeting, const Seat& seat) {
  const auto& swarm = world_.swarm();
  const auto skew = world_.clock_error();
  const auto lapses =
      std::min(unused_until(meeting, seat, swarm.policy), cap_of(meeting, swarm.policy)) - skew;
  const bool waits = !meeting.end && !meeting.ending && !seat.failed && seat.wanted_at &&
                     seat.desktop && seat.desktop->gone && world_.now() < lapses &&
                     world_.now() >= calm_since(meeting.id) &&
                     swarm.limits.desktops_max >= kManyDesktops;
  if (!waits) {
    wished_.erase(seat.id);
    return;
  }
  const auto since = wished_.try_emplace(seat.id, world_.now()).first->second;
  if (world_.now() <= since + skew + kDecide) return;
  fail("L8", seat.id.text() + " has asked for a desktop and gets none");
}

// Whoever was in it has gone for good, and that must have been seen before it fell silent: it could
// count then.
bool Checks::had_gone(const Machine& machine, const domain::Desktop& desktop) const {
  if (!machine.session_ended_at || machine.session_lost) return false;
  const auto countable = std::max(*machine.session_ended_at, machine.counts_from);
  const auto seen = countable + kSeenGone + world_.clock_error();
  return machine.history.back().at > std::max(seen, calm_since(*domain::meeting_of(desktop.id))) &&
         *machine.session_ended_at > *desktop.entered_at + world_.clock_error() &&
         world_.swarm().policy.presence_period <= 30s;
}

// Until when desktops that do not answer any more may be asked who is in them; an end waits for
// that.
Timestamp Checks::asked_until(const domain::MeetingId& id) const {
  Timestamp until;
  for (const auto& [instance, machine] : world_.cloud().machines()) {
    if (!domain::belongs_to(machine.spec.owner.seat, id)) continue;
    const auto last = std::find_if(machine.history.rbegin(), machine.history.rend(),
                                   [](const Machine::View& view) {
                                     return view.state == domain::InstanceState::running ||
                                            view.state == domain::InstanceState::stopped;
                                   });
    if (last == machine.history.rend()) continue;
    if (!machine.mute && last->state != domain::InstanceState::stopped) continue;
    until = std::max(until, last->at + world_.swarm().policy.ready_within +
                                std::min(world_.clock_error(), kBelieved));
  }
  return until;
}

// An end that has to be settled is, or is withdrawn.
void Checks::check_ending(const Meeting& meeting) {
  if (!meeting.ending) return;
  const auto by = std::max(
      {meeting.ending->at + world_.clock_error(), calm_since(meeting.id), asked_until(meeting.id)});
  if (world_.now() <= by + kTeardown) return;
  fail("L10", meeting.id.text() + " is about to end for long");
}

// A desktop that worked and does not answer is given up, unless somebody may be in it.
void Checks::check_silent(const Meeting& meeting, const domain::Desktop& desktop) {
  if (meeting.end || !desktop.first_ready || !desktop.instance) return;
  const auto* machine = world_.cloud().find(desktop.instance->value);
  if (machine == nullptr || machine->state != domain::InstanceState::running) return;
  if (!machine->mute || (desktop.entered_at && !had_gone(*machine, desktop))) return;
  const auto since = std::max(machine->history.back().at, calm_since(meeting.id));
  const auto given = world_.swarm().policy.ready_within + std::min(world_.clock_error(), kBelieved);
  if (world_.now() <= since + given + kDecide) return;
  fail("L10", desktop.id.text() + " does not answer for long and is not given up");
}

void Checks::check_meetings() {
  const auto& policy = world_.swarm().policy;
  const auto skew = world_.clock_error();
  const auto others_take = ends_take();
  for (const auto& [id, meeting] : rows_) {
    const auto cap = cap_of(meeting, policy) + skew + kDecide;
    if (!meeting.end && world_.now() > std::max(cap, calm_since(id))) {
      fail("L10", id.text() + " goes on after its hard cap");
      return;
    }
    const auto gave_up = meeting.start.at - policy.give_up_before + skew + kDecide;
    const bool failed =
        std::any_of(meeting.seats.begin(), meeting.seats.end(), [&](const Seat& seat) {
          return seat.failed && world_.now() > seat.failed->seen.at + skew + kDecide;
        });
    const bool entered =
        std::any_of(meeting.seats.begin(), meeting.seats.end(), [&](const Seat& seat) {
          return seats_entered_.contains(seat.id) || seat.used_at ||
                 (seat.desktop && seat.desktop->entered_at);
        });
    const bool decided = meeting.end || meeting.ending;  // how long the latter takes is L10's
    if (failed && !entered && !decided && world_.now() > std::max(gave_up, calm_since(id))) {
      fail("L7", id.text() + " goes on though a seat of it has failed");
      return;
    }
    for (const auto& seat : meeting.seats) {
      check_closing(meeting, seat);
      check_wish(meeting, seat);
      const auto* desktop = domain::open_desktop(seat);
      if (desktop != nullptr) check_silent(meeting, *desktop);
      if (desktop == nullptr || !desktop->instance || desktop->first_ready) continue;
      // From when there was a machine: it may have waited long for room.
      const auto* machine = world_.cloud().find(desktop->instance->value);
      const auto since = machine == nullptr ? desktop->intent_at
                                            : std::max(desktop->intent_at, machine->launched_at);
      // ... and may be known only since somebody could look.
      const auto given = std::max(since, calm_since(id)) + policy.ready_within +
                         std::min(skew, kBelieved) + kDecide;
      if (meeting.end || world_.now() <= given) continue;
      fail("L10", desktop->id.text() + " has not come up and is not given up");
      return;
    }
    check_ending(meeting);
    if (!meeting.end || meeting.over_at) continue;
    const auto from = std::max(times_.at(id).ended, calm_since(id));
    // A launch that a wrong clock has dated is awaited by that time: nothing of it is known.
    const bool awaited =
        std::any_of(meeting.seats.begin(), meeting.seats.end(), [](const Seat& seat) {
          return seat.desktop && seat.desktop->launch_called_at && !seat.desktop->instance;
        });
    const auto launch_late =
        policy.launch_late + (awaited ? std::min(skew, kBelieved) : Duration{0});
    if (world_.now() > from + kTeardown + kDecide + launch_late + others_take) {
      fail("L10", id.text() + " has ended and is not over");
      return;
    }
  }
}

// A machine ends itself when its meeting's plan wants it to, not before and not much later.
void Checks::check_deadlines() {
  for (const auto& [id, machine] : world_.cloud().machines()) {
    if (!machine.alive()) continue;
    const Meeting* meeting = row(*domain::meeting_of(machine.spec.owner.seat));
    if (meeting == nullptr || meeting->end || meeting->ending) continue;
    const Seat* seat = domain::find_seat(*meeting, machine.spec.owner.seat);
    const domain::Desktop* desktop = seat == nullptr ? nullptr : domain::open_desktop(*seat);
    if (desktop == nullptr || !desktop->instance || desktop->instance->value != id) continue;
    const auto& policy = world_.swarm().policy;
    const auto wanted = domain::hard_cap(*meeting, policy) + policy.deadline_margin;
    auto& wrong = deadline_wrong_[id];
    if (machine.spec.deadline == wanted || wrong.second != wanted) wrong = {world_.now(), wanted};
    if (world_.now() <= std::max(wrong.first, calm_since(meeting->id)) + kTeardown) continue;
    fail("L14", id.text() + " would end itself at another time than its meeting wants");
  }
}

void Checks::listed(const std::vector<domain::Instance>& instances, Timestamp asked_at) {
  for (const auto& instance : instances) {
    auto& shown = shown_deadlines_[instance.id];
    shown.deadline = instance.deadline;
    shown.asked_at = asked_at;
    shown.by = world_.scheduler().current();
  }
}

// A call that came late has moved it: what lists show of it again and again is to be believed.
void Checks::check_shown_deadlines(const Meeting& after) {
  if (world_.clock_error() > 1s) return;  // what is from before the last call is told by clocks
  for (const auto& seat : after.seats) {
    const auto* desktop = domain::open_desktop(seat);
    if (desktop == nullptr || !desktop->instance || !desktop->deadline_set) continue;
    const auto found = shown_deadlines_.find(desktop->instance->value);
    if (found == shown_deadlines_.end() || !found->second.deadline) continue;
    auto& shown = found->second;
    if (shown.by != world_.scheduler().current()) continue;  // a command knows nothing of it
    const auto told_at = desktop->deadline_told_at.value_or(desktop->instance->seen.at);
    const bool is_news = *shown.deadline != *desktop->deadline_set &&
                         shown.asked_at > told_at + world_.swarm().policy.list_lag + 2s;
    shown.deadline.reset();
    shown.ignored = is_news ? shown.ignored + 1 : 0;
    if (shown.ignored < kShownOften) continue;
    fail("L14", "lists show another deadline of " + desktop->id.text() + " than its row");
  }
}

void Checks::after_healing() {
  if (!healed_at_) return;
  check_deadlines();
  check_machines();
  check_records();
  check_unread_names();
  check_meetings();
}

void Checks::at_rest() {
  for (const auto& [id, machine] : world_.cloud().machines()) {
    if (machine.alive() && machine.spec.owner.store == world_.store_identity()) {
      fail("L2", id.text() + " is left");
    }
  }
  for (const auto& record : world_.zone().truth()) {
    if (record.owner.store == world_.store_identity()) fail("L3", record.name + " is left");
  }
  for (const auto& [id, meeting] : rows_) {
    if (!meeting.over_at) fail("L10", id.text() + " is not over");
    if (world_.swarm().calm) check_audit(id);
    if (meeting.wake_at) fail("L12", id.text() + " still has a timer");
    for (const auto& seat : meeting.seats) {
      if (!seat.tokens.empty()) fail("L12", seat.id.text() + " still has door tokens");
    }
  }
  for (const auto& process : world_.processes()) {
    for (const auto& alarm : process->alarms().raised()) {
      fail("L15", process->name() + " goes on to raise an alarm: " + alarm.detail);
    }
  }
  if (!waiting_.empty()) fail("L8", *waiting_.begin() + " still waits");
}

}  // namespace sim
