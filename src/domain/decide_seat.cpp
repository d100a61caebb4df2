// decide_seat(): what one seat needs now. Without a desktop: perhaps launch one. With an open one:
// bring it up a step, or give it up. With a closing one: the next step of the kill order
// (INVARIANTS section 6): gate closed, presence read again, record gone, machine asked to end, seen
// gone.

#include <algorithm>

#include "domain/backoff.hpp"
#include "domain/note.hpp"
#include "domain/phase.hpp"
#include "domain/plan.hpp"

namespace domain {
namespace {

constexpr Duration kAskAgain{2'000};  // between calls whose effect is not seen yet

struct Scene {
  Meeting& meeting;
  Seat& seat;
  const Observed& observed;
  Timestamp now;
  const Policy& policy;
  std::vector<Action>& actions;
};

bool can(const Scene& scene, Capability capability) {
  return scene.observed.capabilities.contains(capability);
}

// A pass makes a call once; what has not shown by then is for the next wake, and must not be noted
// as if it were made again.
bool has_asked(const Scene& scene, const Action& action) {
  return scene.observed.asked.contains(identity_of(action));
}

// Whether a call that was made at `last` may be made again; wanted since `since`.
bool is_due(const Scene& scene, const std::optional<Timestamp>& last, Timestamp since,
            Duration pause) {
  if (!last) return true;
  return scene.now >=
         *last + backoff(scene.seat.desktop->id, *last - since, pause, scene.policy.retry_max);
}

void begin_attempt(Scene& scene) {
  Seat& seat = scene.seat;
  if (!can(scene, Capability::launch)) return;
  if (scene.observed.hold_kills) return;  // by a clock that is wrong it may be days too early
  if (!scene.observed.may_launch) {
    seat.trouble = "the limit on desktops is reached; trying again";
    return;
  }
  if (seat.desktop) {
    seat.past.push_back(
        {seat.desktop->attempt, seat.desktop->closing->reason, seat.desktop->gone->seen.at});
  }
  ++seat.attempts;
  ++seat.generation;
  if (seat.wanted_at) seat.wanted_at = scene.now;  // it may have waited long for its turn
  seat.trouble.clear();
  Desktop desktop{
      .id = desktop_id(seat.id, seat.attempts),
      .attempt = seat.attempts,
      .intent_at = scene.now,
      .ends_itself_at = hard_cap(scene.meeting, scene.policy) + scene.policy.deadline_margin,
      .launch_next_at = scene.now};
  seat.desktop = std::move(desktop);
}

void give_up_seat(Scene& scene, const std::string& why) {
  scene.seat.failed = Fact<std::string>{why, {scene.now, Source::launch}};
}

// By when the machine of this attempt must be known to the provider.
Timestamp launch_deadline(const Scene& scene) {
  const auto latest = scene.meeting.start.at - scene.policy.give_up_before;
  return std::max(latest, scene.seat.desktop->intent_at + scene.policy.launch_timeout);
}

void launch(Scene& scene) {
  Desktop& desktop = *scene.seat.desktop;
  if (scene.now >= launch_deadline(scene)) {
    if (scene.observed.hold_kills) return;  // it may be another time than the clock says
    const auto& trouble = scene.seat.trouble;
    give_up_seat(scene, trouble.empty() ? "no desktop could be started" : trouble);
    close_desktop(scene.seat, CloseReason::never_ready, scene.now);
    return;
  }
  if (scene.now < desktop.launch_next_at || !can(scene, Capability::launch)) return;
  const Launch call{.seat = scene.seat.id,
                    .desktop = desktop.id,
                    .attempt = desktop.attempt,
                    .place = desktop.place,
                    .key = launch_key(desktop),
                    .deadline = desktop.ends_itself_at};
  if (has_asked(scene, call)) return;
  if (desktop.launch_called_at) desktop.launch_unknown = true;
  desktop.launch_called_at = scene.now;
  desktop.misses = 0;  // lists from before say nothing of this call
  desktop.launch_next_at = scene.now + backoff(desktop.id, scene.now - desktop.intent_at,
                                               scene.policy.launch_retry, scene.policy.retry_max);
  scene.actions.emplace_back(call);
}

// A new deadline is told at once, one that was told in vain after a pause.
void keep_deadline(Scene& scene) {
  Desktop& desktop = *scene.seat.desktop;
  const auto wanted = hard_cap(scene.meeting, scene.policy) + scene.policy.deadline_margin;
  if (desktop.deadline_set == wanted || !can(scene, Capability::deadline)) return;
  const bool again = desktop.deadline_told == wanted;
  if (again && !is_due(scene, desktop.deadline_told_at, desktop.instance->seen.at, kAskAgain)) {
    return;
  }
  const SetDeadline call{desktop.id, desktop.instance->value, wanted, scene.now};
  if (has_asked(scene, call)) return;
  desktop.deadline_told = wanted;
  desktop.deadline_told_at = scene.now;
  scene.actions.emplace_back(call);
}

void name(Scene& scene) {
  Desktop& desktop = *scene.seat.desktop;
  if (desktop.record && desktop.record->value == desktop.address->value) return;
  if (desktop.record_asked_at && scene.now < record_made_by(desktop)) return;  // never two at once
  if (!is_due(scene, desktop.record_asked_at, desktop.address->seen.at, kAskAgain) ||
      !can(scene, Capability::name)) {
    return;
  }
  const PutRecord call{desktop.id, desktop.address->value, scene.seat.generation, scene.now};
  if (has_asked(scene, call)) return;
  desktop.record_asked_at = scene.now;
  scene.actions.emplace_back(call);
}

// It has not answered for long, and nobody can be in it. By the clock, so not while that is
// doubted.
bool is_silent(const Scene& scene) {
  const Desktop& desktop = *scene.seat.desktop;
  return !scene.observed.hold_kills && desktop.silent_since &&
         (!desktop.entered_at || had_left(desktop)) &&
         scene.now >= *desktop.silent_since + scene.policy.ready_within;
}

// A desktop that cannot be used and where nobody can be: taken down, and perhaps replaced.
std::optional<CloseReason> is_broken(const Scene& scene) {
  const Desktop& desktop = *scene.seat.desktop;
  // From when there was a machine: it may have waited long for its turn or for room.
  const auto ready_by = desktop.instance->seen.at + scene.policy.ready_within;
  if (!desktop.first_ready && scene.now >= ready_by && !scene.observed.hold_kills) {
    return CloseReason::never_ready;
  }
  if (is_silent(scene)) return CloseReason::died;
  return std::nullopt;
}

void bring_up(Scene& scene) {
  Desktop& desktop = *scene.seat.desktop;
  if (!desktop.instance) {
    launch(scene);
    return;
  }
  if (const auto reason = is_broken(scene)) {
    close_desktop(scene.seat, *reason, scene.now);
    return;
  }
  keep_deadline(scene);
  if (desktop.address) name(scene);
}

// Nobody can be inside, or it does not matter any more who is.
bool fence_is_free(const Scene& scene) {
  const Desktop& desktop = *scene.seat.desktop;
  return scene.meeting.end || desktop.gone || !desktop.first_ready ||
         desktop.closing->reason == CloseReason::died ||
         desktop.closing->reason == CloseReason::never_ready ||
         (is_silent(scene) && !came_back(desktop));
}

void fence(Scene& scene) {
  Desktop& desktop = *scene.seat.desktop;
  if (fence_is_free(scene)) {
    desktop.fenced = Seen{scene.now, Source::list};
    return;
  }
  const bool unsure = desktop.presence && desktop.presence->connections != 0U;
  if (desktop.closing->reason == CloseReason::unused && (unsure || came_back(desktop))) {
    desktop.closing.reset();
    ++scene.seat.generation;
  }
}

void unname(Scene& scene) {
  Desktop& desktop = *scene.seat.desktop;
  if (!desktop.record && !desktop.record_asked_at) {
    desktop.unnamed = Seen{scene.now, Source::zone};
    return;
  }
  const bool waited =
      scene.now >= desktop.fenced->at + scene.policy.name_wait_max && !scene.observed.hold_kills;
  if (waited && !desktop.name_given_up_at &&
      (scene.policy.kill_despite_name || !desktop.first_ready)) {
    desktop.name_given_up_at = scene.now;
  }
  if (!is_due(scene, desktop.drop_asked_at, desktop.fenced->at, kAskAgain) ||
      !can(scene, Capability::name)) {
    return;
  }
  const DropRecord call{desktop.id, scene.seat.generation};
  if (has_asked(scene, call)) return;
  desktop.drop_asked_at = scene.now;
  scene.actions.emplace_back(call);
}

// It was seen to be on its way: to tell it again costs a call, of which there are few.
bool is_stopping(const Scene& scene, const InstanceId& id) {
  if (!scene.observed.instances) return false;
  return std::any_of(scene.observed.instances->begin(), scene.observed.instances->end(),
                     [&](const Instance& instance) {
                       return instance.id == id && instance.state == InstanceState::stopping;
                     });
}

void kill(Scene& scene) {
  Desktop& desktop = *scene.seat.desktop;
  if (desktop.gone) return;
  if (!desktop.instance) {
    if (!desktop.launch_called_at) {
      desktop.gone = Fact<std::string>{"never launched", {scene.now, Source::launch}};
    }
    return;  // else absorb() counts the lists in which it does not appear
  }
  if (!is_due(scene, desktop.kill_at, desktop.fenced->at, scene.policy.terminate_retry) ||
      is_stopping(scene, desktop.instance->value) || !can(scene, Capability::terminate)) {
    return;
  }
  const Terminate call{desktop.id, desktop.instance->value};
  if (has_asked(scene, call)) return;
  desktop.kill_at = scene.now;
  scene.actions.emplace_back(call);
}

void take_down(Scene& scene) {
  Desktop& desktop = *scene.seat.desktop;
  if (!desktop.fenced) fence(scene);
  if (!desktop.fenced) {
    if (desktop.address) name(scene);  // who is in it is asked by its name, also after it moved
    return;
  }
  if (may_open_again(scene.meeting, desktop)) return;
  if (!desktop.unnamed) unname(scene);
  if (desktop.unnamed || desktop.name_given_up_at) kill(scene);
}

void add_stray_ends(const Scene& scene, std::vector<Action>& ends) {
  if (!scene.observed.instances || !can(scene, Capability::terminate)) return;
  for (const auto& instance : *scene.observed.instances) {
    if (!is_stray(scene.seat, instance) || instance.state == InstanceState::stopping) continue;
    ends.emplace_back(Terminate{desktop_id(scene.seat.id, instance.owner.attempt), instance.id});
  }
}

void add_stray_drops(const Scene& scene, std::vector<Action>& ends) {
  if (!scene.observed.records || !can(scene, Capability::name)) return;
  for (const auto& record : *scene.observed.records) {
    if (!is_stray(scene.seat, record)) continue;
    ends.emplace_back(
        DropRecord{desktop_id(scene.seat.id, record.owner.attempt), scene.seat.generation});
  }
}

// A list may show for a while what has long gone: so there is a pause between calls here, too, and
// after the last ones for a desktop that is gone.
bool may_end_strays(const Scene& scene) {
  if (!scene.seat.desktop) return false;
  const Desktop& desktop = *scene.seat.desktop;
  const auto pause = std::max(scene.policy.terminate_retry, kAskAgain);
  return is_due(scene, scene.seat.stray_called_at, desktop.intent_at, pause) &&
         (!desktop.gone || is_due(scene, desktop.drop_asked_at, desktop.intent_at, pause));
}

}  // namespace

// Few calls may be allowed: the one after who was told last comes first.
void end_strays(Meeting& meeting, Seat& seat, const Observed& observed, Timestamp now,
                const Policy& policy, std::vector<Action>& actions) {
  Scene scene{meeting, seat, observed, now, policy, actions};
  if (!may_end_strays(scene)) return;
  std::vector<Action> ends;
  add_stray_ends(scene, ends);
  add_stray_drops(scene, ends);
  std::erase_if(ends, [&](const Action& action) { return has_asked(scene, action); });
  std::sort(ends.begin(), ends.end(), [&](const Action& one, const Action& other) {
    const auto turn = [&](const Action& action) {
      const auto thing = thing_of(action);
      return std::pair(seat.stray_told && thing <= *seat.stray_told, thing);
    };
    return turn(one) < turn(other);
  });
  scene.actions.insert(scene.actions.end(), ends.begin(), ends.end());
}

namespace {

// It carries the mark of an attempt of this seat that is not, or no more, its desktop.
bool is_former(const Seat& seat, const Owner& owner) {
  if (!seat.desktop || owner.seat != seat.id) return false;
  if (owner.attempt == 0 || owner.attempt > seat.attempts) return false;
  return seat.desktop->attempt != owner.attempt || seat.desktop->gone;
}

}  // namespace

bool is_stray(const Seat& seat, const Instance& instance) {
  if (instance.state == InstanceState::gone) return false;
  if (is_former(seat, instance.owner)) return true;
  if (!seat.desktop || instance.owner.seat != seat.id) return false;
  const Desktop& desktop = *seat.desktop;
  if (desktop.attempt != instance.owner.attempt) return false;
  return desktop.instance ? desktop.instance->value != instance.id
                          : instance.launch_key != launch_key(desktop);
}

bool is_stray(const Seat& seat, const Record& record) {
  return is_former(seat, record.owner);
}

bool awaits_desktop(const Meeting& meeting, const Seat& seat, Timestamp now, const Policy& policy) {
  if (!window_open(meeting, now, policy) || seat.failed || open_desktop(seat) != nullptr) {
    return false;
  }
  if (!seat.desktop) return now < release_at(meeting, seat, policy);
  if (seat.desktop->closing && seat.desktop->closing->reason == CloseReason::unused) {
    return wants_desktop(meeting, seat, now, policy);
  }
  return now < release_at(meeting, seat, policy);
}

void decide_seat(Meeting& meeting, Seat& seat, const Observed& observed, Timestamp now,
                 const Policy& policy, std::vector<Action>& actions) {
  Scene scene{meeting, seat, observed, now, policy, actions};
  if (!owns_anything(seat)) {
    if (!seat.failed && seat.failures >= policy.attempts_max) {
      give_up_seat(scene,
                   "this desktop stopped working " + std::to_string(seat.failures) + " times");
    }
    if (awaits_desktop(meeting, seat, now, policy)) begin_attempt(scene);
    if (!owns_anything(seat)) return;
  }
  if ((meeting.end || meeting.ending) && open_desktop(seat) != nullptr) {
    close_desktop(seat, CloseReason::meeting_ended, now);
  }
  if (!seat.desktop->closing) bring_up(scene);
  if (seat.desktop->closing) take_down(scene);
}

}  // namespace domain
