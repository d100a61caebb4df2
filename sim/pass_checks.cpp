#include "pass_checks.hpp"

#include <algorithm>
#include <utility>

#include "domain/phase.hpp"
#include "process.hpp"
#include "world.hpp"

namespace sim {

namespace {

constexpr Duration kLongOverdue = 1min;  // for so long the former processes could have done it
constexpr std::uint32_t kIdleLooks = 3;  // held up, or overtaken, it looks again
constexpr std::uint32_t kWastedMax = 4;  // calls for one that is on its way, while others wait

// Something of it is being closed, or soon. Not asked of the product, whose answer is what is
// checked.
bool goes_first(const domain::Meeting& meeting, Timestamp now) {
  if (meeting.end || meeting.ending) return !meeting.over_at;
  const bool late = now >= domain::planned_end(meeting);
  return std::any_of(meeting.seats.begin(), meeting.seats.end(), [&](const domain::Seat& seat) {
    return domain::owns_anything(seat) && (late || seat.desktop->closing);
  });
}

std::string call_of(const port::AuditEntry& entry) {
  return entry.action + " " + entry.target + " " + entry.detail;
}

}  // namespace

// ---- Passes.

void PassChecks::begins(const Process& process, const domain::MeetingId& id) {
  begun_[process.name()].insert(id);
  refused_.erase({process.name(), id});
  const auto* row = world_.row(id);
  if (row != nullptr && goes_first(*row, world_.now())) took_down_.insert({process.name(), id});
  looks_[id] = 0;
  calls_[{process.name(), id}] = {};
}

void PassChecks::wrote(const Process& process, const domain::MeetingId& id,
                       const std::vector<port::AuditEntry>& audit) {
  if (!process.is_passing(id)) return;
  auto& calls = calls_[{process.name(), id}];
  for (const auto& entry : audit) {
    const auto call = call_of(entry);
    if (entry.kind == port::AuditEntry::Kind::outcome) {  // what went wrong follows the detail
      const auto is_it = [&](const std::string& one) { return call.starts_with(one); };
      std::erase_if(calls.open, is_it);
      if (call.ends_with("the pass was held up")) std::erase_if(calls.noted, is_it);
    }
    if (entry.kind != port::AuditEntry::Kind::intent) continue;
    if (!calls.noted.insert(call).second) {
      world_.violation("L6", process.name() + " notes in one pass again: " + call);
    }
    calls.open.insert(call);
  }
}

void PassChecks::rests(const Process& process, const domain::MeetingId& id) {
  const auto& open = calls_[{process.name(), id}].open;
  if (open.empty()) return;
  world_.violation("S25",
                   process.name() + " has noted and neither done nor taken back: " + *open.begin());
}

void PassChecks::asks(const Process& process, const domain::MeetingId& id) {
  if (refused_.erase({process.name(), id}) > 0) {
    world_.violation("L6", process.name() + " looks at " + id.text() +
                               " again since a budget said no: what it saw is lost");
  }
  ending_[process.name()].erase(id);
  named_[process.name()].erase(id);
}

// Looks cost calls: a pass looks again when there is something new.
void PassChecks::looks(const Process& process, const domain::MeetingId& id) {
  auto& strays_called = strays_called_[{process.name(), id}];
  strays_called.clear();
  if (const auto* row = world_.row(id)) {
    for (const auto& seat : row->seats) {
      if (seat.stray_called_at) strays_called.emplace(seat.id, *seat.stray_called_at);
    }
  }
  if (++looks_[id] <= kIdleLooks || world_.swarm().processes > 1) return;
  world_.violation("L6", process.name() + " looks at " + id.text() + " " +
                             std::to_string(looks_[id]) + " times though nothing has changed");
}

void PassChecks::refused(const Process& process, const domain::MeetingId& id) {
  if (!process.is_sweeping()) refused_.insert({process.name(), id});
}

void PassChecks::stored(const Process& process, const domain::MeetingId& id) {
  refused_.erase({process.name(), id});
}

void PassChecks::committed(const domain::Meeting& before, domain::Meeting after) {
  after.version = before.version;
  after.wake_at = before.wake_at;
  if (after != before) looks_[after.id] = 0;
}

// What was overdue when the process started must have had its turn before anything is launched.
void PassChecks::launches(const Process& process, const domain::MeetingId& id) {
  if (!healed_ || process.started_at_heal() == false) return;
  if (took_down_.contains({process.name(), id})) return;  // its own went first, and is replaced
  const auto limit = process.born() - world_.clock_error() - kLongOverdue;
  for (const auto& [other, meeting] : world_.checks().rows()) {
    const bool owns =
        std::any_of(meeting.seats.begin(), meeting.seats.end(), domain::owns_anything);
    const bool owed = meeting.end ? meeting.end->at <= limit && !meeting.over_at
                                  : owns && domain::planned_end(meeting) <= limit;
    const bool due = meeting.wake_at && *meeting.wake_at <= limit;
    if (other == id || !owed || !due || !world_.checks().readable(other)) continue;
    world_.probe("start: something overdue ends first");
    if (!begun_[process.name()].contains(other)) {
      world_.violation("L13", process.name() + " launches for " + id.text() + " before it ends " +
                                  other.text() + ", which is overdue");
    }
  }
}

void PassChecks::listed(const Process& process, const domain::MeetingId& id,
                        const base::Result<std::vector<domain::Instance>>& instances) {
  auto& ending = ending_[process.name()][id];
  ending.clear();
  if (!instances) return;
  for (const auto& instance : *instances) {
    if (instance.state == domain::InstanceState::stopping) ending.insert(instance.id);
  }
}

void PassChecks::ends(const Process& process, const domain::InstanceId& instance,
                      const domain::MeetingId& id) {
  if (!ending_[process.name()][id].contains(instance)) return;
  world_.violation(
      "L6", process.name() + " tells " + instance.text() + " to end, which it has seen on its way");
}

void PassChecks::names_listed(const Process& process, const domain::MeetingId& id,
                              const base::Result<std::vector<domain::Record>>& records) {
  auto& named = named_[process.name()][id];
  named.clear();
  if (!records) return;
  for (const auto& record : *records) named.insert(record.name);
}

void PassChecks::ends_named(const Process& process, const domain::DesktopId& desktop) {
  const auto& named = named_[process.name()][*domain::meeting_of(desktop)];
  const auto name = Zone::name_of(desktop);
  if (!named.contains(name)) return;
  if (!world_.zone().truth_of(name)) return;  // another has removed it since
  world_.violation("S11", process.name() + " ends " + desktop.text() + ", whose name it has seen");
}

// As the row said when the pass looked: what is too many is told in one go, and then given time.
void PassChecks::check_stray_pause(const Process& process, const domain::Owner& owner) {
  const auto looked = strays_called_.find({process.name(), *domain::meeting_of(owner.seat)});
  if (process.is_sweeping() || looked == strays_called_.end()) return;
  if (world_.clock_error() > 1s) return;
  const auto last = looked->second.find(owner.seat);
  if (last == looked->second.end()) return;
  const auto pause = world_.now() - last->second;
  if (pause < Duration{0} || pause + 2s >= world_.swarm().policy.terminate_retry) return;
  world_.violation("L6", "what is too many of " + owner.seat.text() +
                             " is told to end again after " + base::to_text(pause));
}

void PassChecks::ends_stray(const Process& process, const domain::InstanceId& instance,
                            const domain::Owner& owner) {
  check_stray_pause(process, owner);
  auto& [by, wasted] = told_[instance];
  // What it has told is noted after the call: who dies in between leaves no word of it.
  if (std::exchange(by, process.name()) != process.name()) wasted = 0;
  const auto* told = world_.cloud().find(instance);
  if (told == nullptr || told->state != domain::InstanceState::stopping) return;
  if (++wasted < kWastedMax) return;
  const auto shown = world_.now() - world_.swarm().list_lag;
  const auto& machines = world_.cloud().machines();
  const auto waiting = std::count_if(machines.begin(), machines.end(), [&](const auto& one) {
    const auto& machine = one.second;
    return machine.spec.owner == owner && machine.alive() && machine.planted() &&
           machine.launched_at < shown && !told_.contains(one.first);
  });
  if (waiting < 3) return;
  world_.violation("L2", instance.text() + " is told to end again and again while " +
                             std::to_string(waiting) + " of its kind wait");
}

// ---- Sweeps.

// However often a sweep in between could not see everything.
void PassChecks::swept(const Process& process, const app::SweepReport& report) {
  const auto& sweep = world_.swarm().sweep;
  const auto first = first_swept_.emplace(process.name(), world_.now()).first->second;
  if (world_.now() < first + sweep.warm_up + 2 * sweep.period) return;
  const auto before = std::exchange(watched_[process.name()], {});
  auto& now_watched = watched_[process.name()];
  for (const auto& item : report.items) {
    if (item.verdict != "watched" && item.verdict != "unread") continue;
    const auto key = item.kind + " " + item.id;
    const auto known = before.find(key);
    auto& watched = now_watched[key] = known == before.end() ? Watched{} : known->second;
    const bool counts = item.verdict == "watched" && item.unneeded;
    if (!counts || world_.now() < watched.at + sweep.period) continue;
    watched.at = world_.now();
    if (++watched.times <= sweep.misses_min) continue;
    world_.violation("L2", process.name() + " goes on to watch " + item.id + ", which has no row");
    return;
  }
}

}  // namespace sim
