// absorb(): observations become facts. What was not looked at changes nothing; what is missing from
// a complete list is counted, and believed gone only after enough spaced misses (W2).

#include <algorithm>

#include "domain/note.hpp"
#include "domain/plan.hpp"

namespace domain {
namespace {

constexpr Duration kWatched{60'000};  // looks further apart say nothing of what was between them
constexpr Duration kMissesApart{120'000};  // and further apart than this they are not of one row
constexpr Duration kWayIn{10'000};         // from the door to an open screen, at most

void mark_gone(Desktop& desktop, std::string why, Timestamp now) {
  desktop.gone = Fact<std::string>{std::move(why), {now, Source::list}};
}

// The machine of this desktop among all machines of the meeting. Identity is id and attempt; before
// the id is known it is the attempt and the key of our launch, as any machine may bear our marks.
const Instance* machine_of(const Seat& seat, const Desktop& desktop,
                           const std::vector<Instance>& instances) {
  const auto found = std::find_if(instances.begin(), instances.end(), [&](const auto& instance) {
    if (instance.owner.seat != seat.id || instance.owner.attempt != desktop.attempt) return false;
    return desktop.instance ? instance.id == desktop.instance->value
                            : instance.launch_key == launch_key(desktop);
  });
  return found == instances.end() ? nullptr : &*found;
}

void note_address(Seat& seat, Desktop& desktop, const std::string& address, Timestamp now) {
  if (address.empty() || (desktop.address && desktop.address->value == address)) return;
  if (desktop.address) {  // it moved: every answer given about it is void (S27)
    ++seat.generation;
    seat.tokens.clear();
    desktop.ready.reset();
    if (desktop.first_ready && !desktop.silent_since) desktop.silent_since = now;
  }
  desktop.address = Fact<std::string>{address, {now, Source::list}};
}

// Of two calls at once nobody knows which came last, and a former one may arrive late: what a list
// says is believed, once it cannot be from before the last call.
void note_deadline(Desktop& desktop, const Instance& instance, Timestamp asked_at,
                   const Policy& policy) {
  if (!desktop.deadline_set || !instance.deadline) return;
  const auto since = desktop.deadline_told_at.value_or(desktop.instance->seen.at);
  if (asked_at >= since + policy.list_lag) desktop.deadline_set = instance.deadline;
}

void note_machine(Seat& seat, Desktop& desktop, const Instance& instance, const Observed& observed,
                  Timestamp now, const Policy& policy) {
  desktop.misses = 0;
  if (!desktop.instance) {
    desktop.instance = Fact<InstanceId>{instance.id, {now, Source::list}};
    desktop.deadline_set = instance.deadline;
  }
  note_deadline(desktop, instance, observed.instances_asked_at.value_or(now), policy);
  switch (instance.state) {
    case InstanceState::pending:
      return;
    case InstanceState::running:
      if (!desktop.running) desktop.running = Seen{now, Source::list};
      note_address(seat, desktop, instance.address, now);
      return;
    case InstanceState::stopping:
    case InstanceState::stopped:  // it still exists and still costs: close it, kill it
      if (!desktop.closing) close_desktop(seat, CloseReason::died, now);
      return;
    case InstanceState::gone:
      if (!desktop.closing) close_desktop(seat, CloseReason::died, now);
      mark_gone(desktop, instance.why.empty() ? "ended" : instance.why, now);
      return;
  }
}

void note_missing(Seat& seat, Desktop& desktop, const Observed& observed, Timestamp now,
                  const Policy& policy) {
  const auto since = desktop.instance
                         ? desktop.instance->seen.at
                         : *desktop.launch_called_at + kDecisionLife + policy.launch_late;
  // Misses are spaced by what the lists say, not by when a pass came to count them.
  const auto asked_at = observed.instances_asked_at.value_or(now);
  if (asked_at < since + policy.list_lag) return;
  if (desktop.misses > 0 && asked_at < desktop.missed_at + policy.miss_spacing) return;
  if (asked_at > desktop.missed_at + kMissesApart) desktop.misses = 0;  // perhaps seen since
  desktop.missed_at = observed.instances_answered_at.value_or(now);
  // The misses themselves span the lag of lists: `since` may be of another host's clock.
  const auto lag = static_cast<std::uint32_t>(policy.list_lag / policy.miss_spacing);
  if (++desktop.misses < policy.misses_min + lag) return;
  if (!desktop.instance && !desktop.closing) return;  // the same key may still be tried
  if (!desktop.closing) close_desktop(seat, CloseReason::died, now);
  mark_gone(desktop, desktop.instance ? "missing from every list" : "never appeared", now);
}

// Nobody has called for it yet: nothing can be there, and nothing needs to be looked for.
void note_unlaunched(const Meeting& meeting, Desktop& desktop, Timestamp now) {
  if (!desktop.closing || may_open_again(meeting, desktop)) return;
  mark_gone(desktop, "never launched", now);
}

// Whether a list that was asked for then surely shows what was set.
bool must_show(const Desktop& desktop, Timestamp asked_at, const Policy& policy) {
  return !desktop.record_asked_at || asked_at >= record_made_by(desktop) + policy.name_lag;
}

void note_record(Desktop& desktop, const Seat& seat, const Observed& observed, Timestamp now,
                 const Policy& policy) {
  const auto& records = *observed.records;
  const auto found = std::find_if(records.begin(), records.end(), [&](const Record& record) {
    return record.owner.seat == seat.id && record.owner.attempt == desktop.attempt;
  });
  if (found != records.end()) {
    if (!desktop.record || desktop.record->value != found->address) {
      desktop.record = Fact<std::string>{found->address, {now, Source::zone}};
    }
    desktop.unnamed.reset();  // a call for it came late
    return;
  }
  desktop.record.reset();
  const auto asked_at = observed.records_asked_at.value_or(now);
  if (desktop.fenced && !desktop.unnamed && must_show(desktop, asked_at, policy)) {
    desktop.unnamed = Seen{now, Source::zone};
  }
}

void note_probe(Seat& seat, Desktop& desktop, const Probe& probe, const Policy& policy) {
  if (probe.answers) {
    desktop.ready = Seen{probe.at, Source::probe};
    if (!desktop.first_ready) desktop.first_ready = desktop.ready;
    desktop.silent_since.reset();
    seat.trouble.clear();
  } else if (desktop.ready && !desktop.silent_since) {
    desktop.silent_since = probe.at;
  }
  if (probe.answers || probe.connections) {
    note_presence(seat, desktop, probe.connections, probe.at, policy);
  } else if (desktop.presence && !had_left(desktop)) {
    note_presence(seat, desktop, std::nullopt, probe.at, policy);
  }
  // The gate was closed before this look began: nobody can have come in since, but for who had
  // passed it by then and is not connected yet (S8).
  const bool drained = is_drained(desktop, probe.at);
  const bool empty = probe.connections == 0U && drained && !came_back(desktop);
  if (desktop.closing && !desktop.fenced && empty) {
    desktop.fenced = Seen{probe.at, Source::probe};
  }
}

}  // namespace

Timestamp record_made_by(const Desktop& desktop) {
  const bool answered = desktop.record_answered_at >= desktop.record_asked_at;
  return answered ? *desktop.record_answered_at : *desktop.record_asked_at + kDecisionLife;
}

bool is_drained(const Desktop& desktop, Timestamp at) {
  return !desktop.entered_at || at >= *desktop.entered_at + kWayIn;
}

bool may_open_again(const Meeting& meeting, const Desktop& desktop) {
  return meeting.ending && desktop.closing->reason == CloseReason::meeting_ended;
}

void close_desktop(Seat& seat, CloseReason reason, Timestamp now) {
  Desktop& desktop = *seat.desktop;
  desktop.closing = Closing{reason, now};
  seat.tokens.clear();
  if (reason == CloseReason::unused) seat.wanted_at.reset();  // a wish from now on is a new one
  if (reason != CloseReason::died && reason != CloseReason::never_ready) return;
  ++seat.failures;
  // Whoever was in it wants another one, until that wish lapses as others do.
  if (seat.used_at || desktop.entered_at) seat.wanted_at = now;
}

bool had_left(const Desktop& desktop) {
  return desktop.silent_since && desktop.presence && desktop.presence->connections == 0U &&
         is_watched(desktop, *desktop.silent_since) && is_drained(desktop, desktop.presence->at);
}

void note_presence(Seat& seat, Desktop& desktop, std::optional<std::uint32_t> connections,
                   Timestamp at, const Policy& policy) {
  const bool was_there = desktop.presence && desktop.presence->connections.value_or(0) > 0;
  const bool is_there = connections.value_or(0) > 0;
  if (was_there && is_there && !desktop.used_at && at - desktop.presence->at >= policy.used_after) {
    note_used(seat, desktop, at);
  }
  const bool was_watched = is_watched(desktop, at);
  if (!connections || is_there) {
    desktop.empty_since.reset();
  } else if (!desktop.empty_since || !was_watched) {
    desktop.empty_since = at;  // somebody may have been there and have left just now
  }
  // While somebody stays, the first sighting is kept until the seat counts as used.
  const bool keep = was_there && is_there && !desktop.used_at;
  if (keep) return;
  // A host whose clock is ahead would take each look of another for one of long ago.
  const auto last = desktop.presence && !is_there ? desktop.presence->at : at;
  desktop.presence = Presence{std::max(at, last), connections};
}

bool is_watched(const Desktop& desktop, Timestamp at) {
  return desktop.presence && at - desktop.presence->at <= kWatched;
}

void note_used(Seat& seat, Desktop& desktop, Timestamp at) {
  if (!desktop.used_at) desktop.used_at = at;
  if (!seat.used_at) seat.used_at = at;
}

void absorb(Meeting& meeting, const Observed& observed, Timestamp now, const Policy& policy) {
  for (auto& seat : meeting.seats) {
    if (!owns_anything(seat)) continue;
    Desktop& desktop = *seat.desktop;
    if (observed.instances && !desktop.gone) {
      const Instance* machine = machine_of(seat, desktop, *observed.instances);
      if (machine != nullptr) {
        note_machine(seat, desktop, *machine, observed, now, policy);
      } else if (!desktop.instance && !desktop.launch_called_at) {
        note_unlaunched(meeting, desktop, now);
      } else {
        note_missing(seat, desktop, observed, now, policy);
      }
    }
    if (observed.records) note_record(desktop, seat, observed, now, policy);
    const auto probe = observed.probes.find(desktop.id);
    if (probe != observed.probes.end() && !desktop.gone) {
      note_probe(seat, desktop, probe->second, policy);
    }
  }
}

}  // namespace domain
