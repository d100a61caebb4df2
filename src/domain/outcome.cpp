// apply_outcome(): what an executed action adds to the facts. Only a definite answer closes an
// intent.

#include "domain/action.hpp"
#include "domain/backoff.hpp"
#include "domain/note.hpp"
#include "domain/plan.hpp"

namespace domain {
namespace {

using base::ErrorKind;

template <class... Ts>
struct Overloaded : Ts... {
  using Ts::operator()...;
};

Desktop* current(Meeting& meeting, const DesktopId& id) {
  const auto seat_id = seat_of(id);
  Seat* seat = seat_id ? find_seat(meeting, *seat_id) : nullptr;
  return seat != nullptr && seat->desktop && seat->desktop->id == id ? &*seat->desktop : nullptr;
}

// A definite no at this place: the next place at once, after the last one the first again, later.
void next_place(Desktop& desktop, Timestamp now, const Policy& policy) {
  if (desktop.launch_unknown) return;  // an earlier call with this key may have started something
  desktop.launch_called_at.reset();
  ++desktop.place;
  desktop.launch_next_at = now;
  if (desktop.place >= policy.places) {
    desktop.place = 0;
    ++desktop.round;
    desktop.launch_next_at =
        now + backoff(desktop.id, now - desktop.intent_at, policy.launch_retry, policy.retry_max);
  }
}

void launch_failed(Seat& seat, Desktop& desktop, const base::Error& error, Timestamp now,
                   const Policy& policy) {
  seat.trouble = error.message.empty() ? "the desktop could not be started" : error.message;
  switch (error.kind) {
    case ErrorKind::unknown_outcome:
      desktop.launch_unknown = true;
      return;
    case ErrorKind::unavailable:
    case ErrorKind::held_back:
      if (!desktop.launch_unknown) desktop.launch_called_at.reset();
      return;
    case ErrorKind::conflict:  // the key's machine is gone: this attempt is used up
      desktop.gone = Fact<std::string>{"the machine of this launch is gone", {now, Source::launch}};
      if (!desktop.closing) close_desktop(seat, CloseReason::died, now);
      return;
    case ErrorKind::exhausted:
    case ErrorKind::invalid:
    case ErrorKind::denied:
    case ErrorKind::not_found:
    case ErrorKind::internal:
      next_place(desktop, now, policy);
      return;
  }
}

void launched(Seat& seat, Desktop& desktop, const Launch& action, const Outcome& outcome,
              Timestamp now, const Policy& policy) {
  if (desktop.instance || action.key != launch_key(desktop)) return;
  if (!outcome) {
    launch_failed(seat, desktop, outcome.error(), now, policy);
    return;
  }
  if (!*outcome) return;
  seat.trouble.clear();
  desktop.misses = 0;
  desktop.instance = Fact<InstanceId>{(*outcome)->id, {now, Source::launch}};
  desktop.deadline_set = (*outcome)->deadline ? *(*outcome)->deadline : action.deadline;
}

// Whether it is for what is not, or no more, the desktop of its seat.
bool is_for_stray(const Action& action, const Desktop& desktop) {
  if (desktop.gone || desktop_of(action) != desktop.id) return true;
  const auto* end = std::get_if<Terminate>(&action);
  return end != nullptr && (!desktop.instance || desktop.instance->value != end->instance);
}

// A machine too many was told to end, or its name to go. Where our own pace has held a call back,
// the next look tries again at once; a provider that refuses it is given time (L6).
void note_stray_call(Meeting& meeting, const Action& action, const Outcome& outcome,
                     Timestamp now) {
  const bool ends =
      std::holds_alternative<Terminate>(action) || std::holds_alternative<DropRecord>(action);
  if (!ends) return;
  const auto seat_id = seat_of(desktop_of(action));
  Seat* seat = seat_id ? find_seat(meeting, *seat_id) : nullptr;
  if (seat == nullptr || !seat->desktop || !is_for_stray(action, *seat->desktop)) return;
  const bool held_back = !outcome && outcome.error().kind == ErrorKind::held_back;
  seat->stray_called_at = held_back ? std::nullopt : std::optional(now);
  if (!held_back) seat->stray_told = std::string(thing_of(action));
}

// Held back by our own pace, it was not asked: the pauses between calls do not grow from that, or
// whoever asks most often would have all that is left.
void note_held_back(Desktop& desktop, const Action& action) {
  if (is_for_stray(action, desktop)) return;
  if (const auto* put = std::get_if<PutRecord>(&action)) {
    const bool is_last = desktop.record_asked_at == put->asked_at;  // it says nothing of another
    if (is_last && desktop.address) desktop.record_asked_at = desktop.address->seen.at;
  } else if (std::holds_alternative<DropRecord>(action)) {
    if (desktop.fenced) desktop.drop_asked_at = desktop.fenced->at;
  } else if (std::holds_alternative<Terminate>(action)) {
    if (desktop.fenced) desktop.kill_at = desktop.fenced->at;
  }
}

}  // namespace

Capability capability_of(const Action& action) {
  return std::visit(Overloaded{[](const Launch&) { return Capability::launch; },
                               [](const PutRecord&) { return Capability::name; },
                               [](const DropRecord&) { return Capability::name; },
                               [](const Terminate&) { return Capability::terminate; },
                               [](const SetDeadline&) { return Capability::deadline; }},
                    action);
}

std::string_view name_of(const Action& action) {
  return std::visit(Overloaded{[](const Launch&) { return "launch"; },
                               [](const PutRecord&) { return "put_record"; },
                               [](const DropRecord&) { return "drop_record"; },
                               [](const Terminate&) { return "terminate"; },
                               [](const SetDeadline&) { return "set_deadline"; }},
                    action);
}

const DesktopId& desktop_of(const Action& action) {
  return std::visit([](const auto& one) -> const DesktopId& { return one.desktop; }, action);
}

std::string_view thing_of(const Action& action) {
  const auto* end = std::get_if<Terminate>(&action);
  return end != nullptr ? end->instance.text() : desktop_of(action).text();
}

std::string identity_of(const Action& action) {
  const auto rest = std::visit(
      Overloaded{[](const Launch& one) { return one.key; },
                 [](const PutRecord& one) { return one.desktop.text() + " " + one.address; },
                 [](const DropRecord& one) { return one.desktop.text(); },
                 [](const Terminate& one) { return one.instance.text(); },
                 [](const SetDeadline& one) {
                   return one.instance.text() + " " + base::to_rfc3339(one.deadline);
                 }},
      action);
  return std::string(name_of(action)) + " " + rest;
}

Meeting apply_outcome(const Meeting& meeting, const Action& action, const Outcome& outcome,
                      Timestamp now, const Policy& policy) {
  Meeting next = meeting;
  note_stray_call(next, action, outcome, now);
  Desktop* desktop = current(next, desktop_of(action));
  if (desktop == nullptr || desktop->gone) return next;
  const auto* put = std::get_if<PutRecord>(&action);
  const bool is_last_put = put != nullptr && desktop->record_asked_at == put->asked_at;
  if (!outcome && outcome.error().kind == ErrorKind::held_back) note_held_back(*desktop, action);
  Seat& seat = *find_seat(next, *seat_of(desktop->id));
  if (const auto* launch = std::get_if<Launch>(&action)) {
    launched(seat, *desktop, *launch, outcome, now, policy);
  } else if (put != nullptr) {
    if (!outcome) seat.trouble = "the name of the desktop could not be set; trying again";
    if (is_last_put) desktop->record_answered_at = now;  // it says nothing of a later call
  } else if (const auto* deadline = std::get_if<SetDeadline>(&action)) {
    if (outcome && desktop->deadline_told_at == deadline->told_at) {  // no other call since
      desktop->deadline_set = deadline->deadline;
      desktop->deadline_told_at = now;
    }
  }
  return next;
}

}  // namespace domain
