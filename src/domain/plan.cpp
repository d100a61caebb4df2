#include "domain/plan.hpp"

#include <algorithm>

#include "base/random.hpp"
#include "domain/note.hpp"
#include "domain/phase.hpp"

namespace domain {
namespace {

// Since when something is expected to change by itself at this seat; nothing when it is at rest.
std::optional<Timestamp> settling_since(const Meeting& meeting, const Seat& seat) {
  if (meeting.ending && !owns_anything(seat)) return meeting.ending->at;  // to be settled
  if (!owns_anything(seat)) return std::nullopt;
  const Desktop& desktop = *seat.desktop;
  if (desktop.closing) return desktop.closing->at;
  if (meeting.ending) return meeting.ending->at;
  // Told no, it waits for its next try (launch_next_at): nothing can appear before.
  if (!desktop.instance && !desktop.launch_called_at) return std::nullopt;
  if (!desktop.ready) return desktop.intent_at;
  return desktop.silent_since;
}

// The longer it takes, the longer the pause: quick machines are seen at once, slow ones cost few
// looks.
Duration poll_pause(Duration age, const Policy& policy) {
  return std::clamp(age / 16, policy.poll_starting, policy.poll_slow);
}

// Nothing of it is known to be there, and it is not over: its lists are missing. Not in step with
// others, or where calls are few the same meetings would find them taken each time.
Timestamp look_again(const Meeting& meeting, Timestamp now, const Policy& policy) {
  const auto seed = static_cast<std::uint64_t>(now.time_since_epoch().count());
  const auto spread = static_cast<std::uint32_t>(policy.reconcile_hot.count() / 2 + 1);
  return now + policy.reconcile_hot -
         Duration(base::Rng(seed).fork(meeting.id.text()).below(spread));
}

// Unused sightings are looked at again as soon as they can count as use.
Duration presence_pause(const Desktop& desktop, const Policy& policy) {
  const bool counting =
      desktop.presence && desktop.presence->connections.value_or(0) > 0 && !desktop.used_at;
  return counting ? std::min(policy.used_after, policy.presence_period) : policy.presence_period;
}

bool is_probed(const Seat& seat, Timestamp now, const Policy& policy) {
  const Desktop& desktop = *seat.desktop;
  if (desktop.gone || desktop.fenced || !desktop.running || !desktop.address) return false;
  if (!desktop.record || desktop.record->value != desktop.address->value) return false;
  if (desktop.closing) return desktop.first_ready.has_value();
  if (!desktop.ready || desktop.silent_since) return true;
  // A look from ahead is none.
  return std::chrono::abs(now - desktop.ready->at) >= presence_pause(desktop, policy);
}

// Earliest instant after `now` at which the clock alone changes something.
void add_clock_wakes(const Meeting& meeting, Timestamp now, const Policy& policy,
                     std::vector<Timestamp>& wakes) {
  const auto add = [&](Timestamp at) {
    if (at > now) wakes.push_back(at);
  };
  add(launch_at(meeting, policy));
  add(hard_cap(meeting, policy));
  if (now < launch_at(meeting, policy)) return;
  add(meeting.start.at - policy.give_up_before);
  add(meeting.start.at);
  add(meeting.start.at + policy.no_show_after);
  for (const auto& seat : meeting.seats) {
    add(release_at(meeting, seat, policy));
    const Desktop* desktop = open_desktop(seat);
    if (desktop == nullptr) continue;
    if (desktop->entered_at) add(*desktop->entered_at + policy.leave_grace);
    if (desktop->empty_since) add(*desktop->empty_since + policy.leave_grace);
    if (desktop->ready) add(desktop->ready->at + presence_pause(*desktop, policy));
    if (!desktop->instance) add(desktop->launch_next_at);
  }
}

template <class T>
bool has_strays(const Meeting& meeting, const std::optional<std::vector<T>>& observed) {
  if (!observed) return false;
  return std::any_of(meeting.seats.begin(), meeting.seats.end(), [&](const Seat& seat) {
    return std::any_of(observed->begin(), observed->end(),
                       [&](const T& one) { return is_stray(seat, one); });
  });
}

}  // namespace

std::string launch_key(const Desktop& desktop) {
  return desktop.id.text() + "-p" + std::to_string(desktop.place) + "-r" +
         std::to_string(desktop.round);
}

Look look(const Meeting& meeting, Timestamp now, const Policy& policy) {
  Look look;
  for (const auto& seat : meeting.seats) {
    // Also for what came about late.
    look.instances = look.instances || seat.attempts > 0;
    look.records = look.records || seat.attempts > 1 || (seat.attempts > 0 && !owns_anything(seat));
    if (!owns_anything(seat)) continue;
    const Desktop& desktop = *seat.desktop;
    look.records = look.records || desktop.record || desktop.record_asked_at || desktop.address;
    if (is_probed(seat, now, policy)) look.probes.push_back(desktop.id);
  }
  return look;
}

std::optional<Timestamp> next_wake(const Meeting& meeting, Timestamp now, const Policy& policy) {
  if (meeting.over_at) return std::nullopt;
  std::vector<Timestamp> wakes;
  bool owns = false;
  for (const auto& seat : meeting.seats) {
    owns = owns || owns_anything(seat);
    const auto since = settling_since(meeting, seat);
    if (since) wakes.push_back(now + poll_pause(now - *since, policy));
    if (awaits_desktop(meeting, seat, now, policy) && !owns_anything(seat)) {
      wakes.push_back(now + policy.launch_retry);  // a budget holds it
    }
  }
  if (owns) wakes.push_back(now + policy.reconcile_hot);
  // Seats are decided after the meeting: that the last of them has failed is for the next look.
  if (!meeting.end && has_failed(meeting, now, policy)) wakes.push_back(now + policy.poll_starting);
  // Nobody is kept and it has not ended: ends are held while the clock settles.
  const bool held = !meeting.end && now >= meeting.start.at + policy.no_show_after;
  if (held && wakes.empty()) wakes.push_back(now + policy.reconcile_hot);
  if (!meeting.end) add_clock_wakes(meeting, now, policy, wakes);
  if (wakes.empty()) return look_again(meeting, now, policy);  // or past its cap, ends are held
  return *std::min_element(wakes.begin(), wakes.end());
}

Plan plan(const Meeting& meeting, const Observed& observed, Timestamp now, const Policy& policy) {
  Plan result{meeting, {}};
  Meeting& next = result.meeting;
  if (next.over_at) {
    next.wake_at.reset();
    return result;
  }
  forget_the_future(next, now, policy);
  absorb(next, observed, now, policy);
  decide_end(next, observed, now, policy);
  for (auto& seat : next.seats) {
    decide_seat(next, seat, observed, now, policy, result.actions);
  }
  for (auto& seat : next.seats) {  // after all that is known: calls may be few
    end_strays(next, seat, observed, now, policy, result.actions);
  }
  const bool strays = has_strays(next, observed.instances) || has_strays(next, observed.records);
  const bool unseen = was_begun(next) && (!observed.instances || !observed.records);
  if (next.end && !strays && !unseen &&
      std::none_of(next.seats.begin(), next.seats.end(), owns_anything)) {
    next.over_at = now;
  }
  next.wake_at = next_wake(next, now, policy);
  if (observed.hold_kills && !next.end && has_failed(next, now, policy)) {  // its end is held
    next.wake_at = std::max(*next.wake_at, now + policy.poll_slow);
  }
  if (strays) next.wake_at = std::min(*next.wake_at, now + policy.terminate_retry);
  return result;
}

}  // namespace domain
