#include "app/reconcile.hpp"

#include <algorithm>

#include "app/change.hpp"
#include "app/moment.hpp"
#include "base/check.hpp"
#include "base/log.hpp"
#include "domain/phase.hpp"

namespace app {
namespace {

using base::ErrorKind;
using base::LogLevel;
using base::Result;
using domain::Action;
using domain::Meeting;
using port::AuditEntry;

constexpr std::uint32_t kRoundsMax = 8;
constexpr base::Duration kLookLife{120'000};  // all its calls together, each bounded by its adapter

template <class... Ts>
struct Overloaded : Ts... {
  using Ts::operator()...;
};

domain::Owner owner_of(const Ports& ports, const domain::DesktopId& desktop) {
  const auto seat = domain::seat_of(desktop);
  CHECK(seat.has_value());
  const auto number = desktop.text().substr(seat->text().size() + 1);
  return {ports.store.identity(), *seat, static_cast<std::uint32_t>(std::stoul(number))};
}

AuditEntry audit_entry(AuditEntry::Kind kind, const Action& action, base::Timestamp now) {
  std::string detail = std::visit(
      Overloaded{[](const domain::Launch& one) { return one.key; },
                 [](const domain::PutRecord& one) { return one.address; },
                 [](const domain::DropRecord&) { return std::string(); },
                 [](const domain::Terminate& one) { return one.instance.text(); },
                 [](const domain::SetDeadline& one) { return base::to_rfc3339(one.deadline); }},
      action);
  return {.at = now,
          .kind = kind,
          .actor = "howdah",
          .action = std::string(domain::name_of(action)),
          .target = domain::desktop_of(action).text(),
          .detail = std::move(detail)};
}

AuditEntry decision(std::string action, std::string target, std::string_view why,
                    base::Timestamp now) {
  return {.at = now,
          .kind = AuditEntry::Kind::command,
          .actor = "howdah",
          .action = std::move(action),
          .target = std::move(target),
          .detail = std::string(why)};
}

// What plan() decided about the meeting itself, for the audit.
void add_decisions(const Meeting& before, const Meeting& after, base::Timestamp now,
                   std::vector<AuditEntry>& audit) {
  if (after.end && !before.end) {
    audit.push_back(decision("end", after.id.text(), to_string(after.end->reason), now));
  }
  for (std::size_t i = 0; i < after.seats.size(); ++i) {
    const auto& was = before.seats[i].desktop;
    const auto& is = after.seats[i].desktop;
    const bool same = was && is && was->id == is->id;
    if (is && is->closing && (!same || !was->closing)) {
      audit.push_back(decision("close", is->id.text(), to_string(is->closing->reason), now));
    }
    if (is && is->gone && (!same || !was->gone)) {
      audit.push_back(decision("gone", is->id.text(), is->gone->value, now));
    }
  }
  if (after.over_at && !before.over_at) audit.push_back(decision("over", after.id.text(), "", now));
}

std::uint32_t launches_begun(const Meeting& before, const Meeting& after) {
  std::uint32_t count = 0;
  for (std::size_t i = 0; i < after.seats.size(); ++i) {
    count += after.seats[i].attempts - before.seats[i].attempts;
  }
  return count;
}

// Not when it was merely saved, or seen once more as it was: looks cost calls.
bool is_worth_another_look(Meeting before, const Meeting& after) {
  before.wake_at = after.wake_at;
  before.version = after.version;
  for (std::size_t i = 0; i < after.seats.size(); ++i) {
    auto& was = before.seats[i].desktop;
    const auto& is = after.seats[i].desktop;
    if (!was || !is) continue;
    if (was->ready && is->ready) was->ready = is->ready;
    const bool same =
        was->presence && is->presence && was->presence->connections == is->presence->connections;
    if (same) was->presence = is->presence;
  }
  return before != after;
}

class Pass {
 public:
  Pass(const Ports& ports, const Settings& settings, const std::set<domain::Capability>& may,
       const domain::MeetingId& id, bool hold_kills)
      : ports_(ports),
        settings_(settings),
        may_(may),
        hold_kills_(hold_kills),
        started_(moment_of(ports.clock)),
        report_{.meeting = id} {}

  Result<PassReport> run() {
    while (report_.rounds < kRoundsMax) {
      ++report_.rounds;
      const auto again = round();
      if (!again) return failed(again.error());
      if (!*again) break;
    }
    return report_;
  }

 private:
  // What our credentials did not allow is not lost when the pass fails for another reason (F24).
  tl::unexpected<base::Error> failed(const base::Error& error) const {
    if (report_.refused.empty()) return tl::unexpected(error);
    return base::fail(ErrorKind::denied, report_.refused);
  }

  // One round; true when it is worth looking again at once.
  Result<bool> round() {
    const Meeting before = TRY(ports_.store.load(report_.meeting));
    report_.wake_at = before.wake_at;
    if (before.over_at && !before.wake_at) return false;
    const auto began = moment_of(ports_.clock);
    auto observed = observe(before);
    if (!is_within(observed_, began, kLookLife)) return true;  // held up: what was seen is past
    auto plan = make_plan(before, observed);
    auto saved = save(before, plan);
    if (!saved && saved.error().kind == ErrorKind::exhausted && observed.may_launch) {
      base::log_error(LogLevel::warn, "launch held back by a budget", saved.error(),
                      {{"meeting", report_.meeting.text()}});
      may_launch_ = observed.may_launch = false;
      plan = make_plan(before, observed);  // what was seen counts all the same
      saved = save(before, plan);
    }
    if (!TRY(std::move(saved))) return true;  // plan again, from what is stored now
    if (plan.meeting == before && plan.actions.empty()) return false;
    bool made = false;
    for (auto action = plan.actions.begin(); action != plan.actions.end(); ++action) {
      if (is_stale()) {  // held up since: look again before anything is done
        TRY(skip({action, plan.actions.end()}));
        return true;
      }
      asked_.insert(identity_of(*action));
      made |= TRY(execute(plan.meeting, *action));
    }
    alert_held_names(plan.meeting);
    report_.wake_at = plan.meeting.wake_at;
    if (report_.wake_at) ports_.wakeups.wake(report_.meeting, *report_.wake_at);
    return made || is_worth_another_look(before, plan.meeting);
  }

  // A pass that was suspended between its decision and the call acts on what is long past.
  bool is_stale() const {
    return !is_within(moment_of(ports_.clock), observed_, domain::kDecisionLife);
  }

  domain::Observed observe(const Meeting& meeting) {
    const auto wanted = domain::look(meeting, ports_.clock.now(), settings_.policy);
    domain::Observed observed;
    observed.capabilities = may_;
    observed.may_launch = may_launch_;
    observed.asked = asked_;
    if (wanted.instances) {
      observed.instances_asked_at = ports_.clock.now();
      observed.instances = seen("list machines", ports_.compute.list(meeting.id));
      observed.instances_answered_at = ports_.clock.now();
    }
    if (wanted.records) {
      observed.records_asked_at = ports_.clock.now();
      observed.records = seen("list records", ports_.zone.list(meeting.id));
    }
    for (const auto& desktop : wanted.probes) probe(meeting, desktop, observed);
    observed_ = moment_of(ports_.clock);
    // The host's own watch may not have seen yet that the clock was set meanwhile.
    observed.hold_kills = hold_kills_ || was_set(observed_, started_);
    return observed;
  }

  // A record that cannot be removed holds its machine, which costs: somebody has to know.
  void alert_held_names(const Meeting& meeting) const {
    for (const auto& seat : meeting.seats) {
      if (!seat.desktop || !seat.desktop->fenced || seat.desktop->unnamed) continue;
      if (observed_.at < seat.desktop->fenced->at + settings_.policy.name_wait_max) continue;
      base::log(LogLevel::warn, "a record that cannot be removed holds its desktop",
                {{"meeting", meeting.id.text()}, {"desktop", seat.desktop->id.text()}});
    }
  }

  template <class T>
  std::optional<T> seen(std::string_view what, Result<T> result) {
    if (result) return *std::move(result);
    if (result.error().kind == ErrorKind::denied) report_.refused = what;
    base::log_error(LogLevel::warn, "look failed", result.error(),
                    {{"meeting", report_.meeting.text()}, {"action", what}});
    return std::nullopt;
  }

  void probe(const Meeting& meeting, const domain::DesktopId& id, domain::Observed& observed) {
    const auto& desktop = *domain::find_seat(meeting, *domain::seat_of(id))->desktop;
    const auto at = ports_.clock.now();  // before: it says nothing of what comes after
    auto probe = seen("probe", ports_.prober.probe({.desktop = id,
                                                    .attempt = desktop.attempt,
                                                    .name = ports_.zone.name_of(id),
                                                    .address = desktop.address->value,
                                                    .instance = desktop.instance->value}));
    if (!probe) return;
    probe->at = at;
    observed.probes.emplace(id, *std::move(probe));
  }

  domain::Plan make_plan(const Meeting& before, const domain::Observed& observed) const {
    return domain::plan(before, observed, observed_.at, settings_.policy);
  }

  // False: somebody else has stored something meanwhile.
  Result<bool> save(const Meeting& before, domain::Plan& plan) {
    if (plan.meeting == before && plan.actions.empty()) return true;
    port::Commit commit{.meeting = plan.meeting,
                        .audit = {},
                        .launches = launches_begun(before, plan.meeting),
                        .limits = settings_.limits};
    add_decisions(before, plan.meeting, observed_.at, commit.audit);
    for (const auto& action : plan.actions) {
      commit.audit.push_back(audit_entry(AuditEntry::Kind::intent, action, observed_.at));
    }
    auto version = ports_.store.save(commit);
    const bool overtaken = !version && version.error().kind == ErrorKind::conflict;
    if (overtaken && plan.actions.empty() && !is_worth_another_look(before, plan.meeting)) {
      return true;  // somebody else has just looked; what they stored has its own wake
    }
    if (overtaken && report_.rounds < kRoundsMax) return false;  // a report came in: look again
    plan.meeting.version = TRY(std::move(version));
    return true;
  }

  domain::Outcome call(const Meeting& meeting, const Action& action) {
    const auto& desktop = domain::desktop_of(action);
    const auto owner = owner_of(ports_, desktop);
    const auto plain = [](Result<> result) -> domain::Outcome {
      if (!result) return tl::unexpected<base::Error>(result.error());
      return std::optional<domain::Instance>();
    };
    return std::visit(
        Overloaded{[&](const domain::Launch& one) -> domain::Outcome {
                     const auto* seat = domain::find_seat(meeting, one.seat);
                     return std::optional(
                         TRY(ports_.compute.launch({.key = one.key,
                                                    .owner = owner,
                                                    .desktop = one.desktop,
                                                    .place = one.place,
                                                    .deadline = one.deadline,
                                                    .title = meeting.title,
                                                    .role = seat->role,
                                                    .person = seat->person,
                                                    .call_url = meeting.call_url})));
                   },
                   [&](const domain::PutRecord& one) {
                     return plain(ports_.zone.put(
                         {ports_.zone.name_of(desktop), one.address, owner, one.generation}));
                   },
                   [&](const domain::DropRecord&) {
                     return plain(ports_.zone.drop(ports_.zone.name_of(desktop), owner));
                   },
                   [&](const domain::Terminate& one) {
                     return plain(ports_.compute.terminate(one.instance, owner));
                   },
                   [&](const domain::SetDeadline& one) {
                     return plain(ports_.compute.set_deadline(one.instance, owner, one.deadline));
                   }},
        action);
  }

  // Calls outside, then writes down what came of it: the facts with the audit row in one write.
  // False: the call was not taken, as the provider is down or takes no more of them.
  Result<bool> execute(const Meeting& meeting, const Action& action) {
    const auto outcome = call(meeting, action);
    ++report_.actions;
    TRY(note_outcome(action, outcome));
    return outcome || !base::was_not_taken(outcome.error().kind);
  }

  // What was noted and is not made, as the pass was held up: by the row it would be on its way.
  Result<> skip(const std::vector<Action>& actions) {
    for (const auto& action : actions) {
      TRY(note_outcome(action, base::fail(ErrorKind::held_back, "the pass was held up")));
    }
    return {};
  }

  Result<> note_outcome(const Action& action, const domain::Outcome& outcome) {
    const auto now = ports_.clock.now();
    auto entry = audit_entry(AuditEntry::Kind::outcome, action, now);
    entry.result = outcome ? "ok" : std::string(to_string(outcome.error().kind));
    if (!outcome) {
      entry.detail += entry.detail.empty() ? "" : ": ";
      entry.detail += outcome.error().message;
      report_.failed.emplace_back(action, outcome.error().kind);
      if (outcome.error().kind == ErrorKind::denied) report_.refused = domain::name_of(action);
      base::log_error(LogLevel::warn, "action failed", outcome.error(),
                      {{"meeting", report_.meeting.text()},
                       {"desktop", domain::desktop_of(action).text()},
                       {"action", domain::name_of(action)}});
    }
    bool changed = false;
    TRY(change_meeting(ports_, report_.meeting, {entry}, [&](const Meeting& now_stored) {
      auto next = domain::apply_outcome(now_stored, action, outcome, now, settings_.policy);
      changed = next != now_stored;
      return Result<Meeting>(std::move(next));
    }));
    if (!changed) TRY(ports_.store.append_audit(report_.meeting, {entry}));
    return {};
  }

  const Ports& ports_;
  const Settings& settings_;
  const std::set<domain::Capability>& may_;
  bool hold_kills_;
  bool may_launch_ = true;
  Moment started_;
  Moment observed_;
  std::set<std::string> asked_;
  PassReport report_;
};

}  // namespace

Result<PassReport> Reconcile::pass(const domain::MeetingId& id, bool hold_kills) {
  return Pass(ports_, settings_, capabilities_, id, hold_kills).run();
}

}  // namespace app
