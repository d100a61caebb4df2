#include "app/sweep.hpp"

#include <algorithm>

#include "app/change.hpp"
#include "app/moment.hpp"
#include "base/log.hpp"

namespace app {
namespace {

using base::ErrorKind;
using base::Result;
using domain::InstanceState;

// What the store says about something that carries our mark.
struct Verdict {
  enum class Kind { known, wake, orphan, parked, unread } kind = Kind::orphan;
  std::string why;
  bool ending = false;  // known, and being taken down
};

Verdict judge_by_row(const Ports& ports, const domain::Owner& owner) {
  using Kind = Verdict::Kind;
  const auto meeting_id = domain::meeting_of(owner.seat);
  if (!meeting_id) return {Kind::orphan, "its mark names no meeting"};
  const auto meeting = ports.store.load(*meeting_id);
  if (!meeting) {
    if (meeting.error().kind == ErrorKind::not_found) return {Kind::orphan, "no such meeting"};
    if (meeting.error().kind != ErrorKind::internal) {
      return {Kind::unread, "the store does not answer"};
    }
    return {Kind::parked, "its meeting cannot be read"};
  }
  const domain::Seat* seat = domain::find_seat(*meeting, owner.seat);
  if (seat == nullptr || owner.attempt == 0 || owner.attempt > seat->attempts) {
    return {Kind::orphan, "its meeting knows no such attempt"};
  }
  if (meeting->over_at) return {Kind::orphan, "its meeting is over"};
  const bool current = seat->desktop && seat->desktop->attempt == owner.attempt;
  if (current && !domain::finished(*seat->desktop)) {
    return {Kind::known, "", seat->desktop->closing.has_value()};
  }
  return {Kind::wake, "a former attempt of its seat"};
}

// What was seen of a thing that carries our mark.
struct Sighting {
  const domain::Owner& owner;
  std::optional<base::Timestamp> born;
  bool kept_unread = false;  // where its meeting cannot be read, it stays
  bool stopping = false;     // its end has begun
};

// All that carries a mark.
struct Found {
  std::vector<domain::Instance> instances;
  std::vector<domain::Record> records;
  Moment at;
};

Result<Found> find_all(const Ports& ports) {
  TRY(ports.store.live());  // the store can be read as a whole, or nothing is judged
  const auto began = moment_of(ports.clock);
  Found found{TRY(ports.compute.list_all()), TRY(ports.zone.list_all()), moment_of(ports.clock)};
  if (was_set(found.at, began)) {  // ages and deadlines mean nothing until it has settled (S18)
    return base::fail(ErrorKind::unavailable, "the clock was set during the sweep");
  }
  return found;
}

bool is_past(const std::optional<base::Timestamp>& deadline, base::Timestamp now) {
  return deadline && now >= *deadline;
}

// Tells it to end; `unavailable`: it was not told, as calls are limited.
template <class End>
Result<> tell_orphan(const SweepItem& item, const End& end, SweepReport& report) {
  base::log(base::LogLevel::warn, "sweep ends what has no row",
            {{"kind", item.kind}, {"id", item.id}, {"why", item.why}});
  const Result<> ended = end();
  if (ended) {
    ++report.ended;
    return {};
  }
  if (ended.error().kind == ErrorKind::denied) report.refused = true;
  base::log_error(base::LogLevel::warn, "sweep failed", ended.error());
  report.held_back = report.held_back || base::was_not_taken(ended.error().kind);
  return ended;
}

// A hint may be lost: this meeting's timer must be right.
Result<> look_now(const Ports& ports, const domain::MeetingId& id) {
  const auto now = ports.clock.now();
  TRY(change_meeting(ports, id, {}, [now](const domain::Meeting& stored) {
    domain::Meeting next = stored;
    if (next.wake_at) next.wake_at = std::min(*next.wake_at, now);
    return Result<domain::Meeting>(std::move(next));
  }));
  return {};
}

constexpr base::Duration kSweepAgain{10'000};
constexpr int kTellPeriodsMax = 10;  // between two tellings of one thing, at most

}  // namespace

base::Duration pause_after(const Result<SweepReport>& report, base::Duration period) {
  return report && report->held_back ? std::min(period, kSweepAgain) : period;
}

Result<SweepReport> Sweep::run() {
  if (!first_run_) first_run_ = ports_.clock.since_boot();
  wake_repaired();
  return judge(suspects_, true);
}

Result<SweepReport> Sweep::dry_run() {
  auto copy = suspects_;
  return judge(copy, false);
}

// Their timers went by unseen, or are those of a clock that was wrong when they were set.
void Sweep::wake_repaired() {
  if (const auto parked = ports_.store.parked()) {
    for (const auto& [text, why] : *parked) {
      if (auto id = domain::MeetingId::parse(text)) parked_.insert(*std::move(id));
    }
  }
  std::erase_if(parked_, [&](const domain::MeetingId& id) {
    const auto set = look_now(ports_, id);
    return set || set.error().kind == ErrorKind::not_found;
  });
}

// A machine ends itself, and lists forget it: that its name has had its time must be known then.
Sweep::Deadlines Sweep::deadlines_seen(const std::vector<domain::Instance>& instances,
                                       const std::vector<domain::Record>& records) const {
  Deadlines seen;
  for (const auto& record : records) {
    const auto known = deadlines_.find(record.owner);
    if (known != deadlines_.end()) seen.insert(*known);
  }
  for (const auto& instance : instances) {
    if (!instance.deadline) continue;
    const auto known = seen.emplace(instance.owner, *instance.deadline).first;
    known->second = std::max(known->second, *instance.deadline);
  }
  return seen;
}

Sweep::Suspect Sweep::missed(Suspect suspect, base::Duration uptime) const {
  if (suspect.misses == 0 || uptime >= suspect.missed_at + policy_.period / 2) {
    ++suspect.misses;
    suspect.missed_at = uptime;
  }
  return suspect;
}

void Sweep::told(Suspect& suspect, base::Duration uptime) const {
  if (!suspect.told_at || suspect.denied) suspect.told_at = uptime;  // the denied call told nothing
  const auto pause = uptime - *suspect.told_at + policy_.period;
  suspect.tell_again_at = uptime + std::min(pause, kTellPeriodsMax * policy_.period);
}

struct Sweep::Round {
  bool act;
  base::Timestamp now;
  base::Duration uptime;
  bool warm;
  std::uint32_t kills_max;
  std::uint32_t kills;  // in this period
  SweepReport report;
};

// What has no row: its verdict, and the call if it is time for it.
template <class End>
void Sweep::judge_suspect(SweepItem& item, bool too_young, bool stopping, const End& end,
                          Suspect& suspect, Round& round) const {
  if (too_young) {
    item.verdict = "too_young";
  } else if (!round.warm || suspect.misses < policy_.misses_min) {
    item.verdict = "watched";
  } else if (stopping) {
    item.verdict = "stopping";
  } else if (suspect.told_at && round.uptime < suspect.tell_again_at) {
    item.verdict = "told";
    round.report.refused = round.report.refused || suspect.denied;
  } else if (!suspect.told_at && round.kills >= round.kills_max) {
    item.verdict = "held_by_breaker";
  } else {
    item.verdict = "end";
    const auto ended = round.act ? tell_orphan(item, end, round.report) : Result<>();
    if (!ended && base::was_not_taken(ended.error().kind)) return;
    suspect.denied = !ended && ended.error().kind == ErrorKind::denied;
    if (!suspect.told_at) ++round.kills;
    told(suspect, round.uptime);
  }
}

Result<SweepReport> Sweep::judge(std::map<std::string, Suspect>& suspects, bool act) {
  const auto identity = ports_.store.identity();
  const auto found = TRY(find_all(ports_));
  const auto& [instances, records, at] = found;
  const auto uptime = at.up;
  const auto tenth = static_cast<std::uint32_t>((instances.size() + records.size()) / 10);
  const auto kills_before = uptime < killed_at_ + policy_.period ? kills_ : 0;
  Round round{.act = act,
              .now = at.at,
              .uptime = uptime,
              .warm = first_run_ && uptime >= *first_run_ + policy_.warm_up,
              .kills_max = std::max(policy_.kills_max, tenth),
              .kills = kills_before,
              .report = {}};
  std::map<std::string, Suspect> still;

  const auto consider = [&](SweepItem item, const Sighting& seen, const auto& end) {
    if (seen.owner.store != identity) return;  // not ours, whatever its name says
    const auto verdict = judge_by_row(ports_, seen.owner);
    item.why = verdict.why;
    item.verdict = "known";
    item.unneeded = verdict.ending;
    if (verdict.kind == Verdict::Kind::unread) {
      item.verdict = "unread";
      item.unneeded = std::nullopt;
      const std::string key = item.kind + " " + item.id;
      if (const auto known = suspects.find(key); known != suspects.end()) still.insert(*known);
    } else if (verdict.kind == Verdict::Kind::wake) {
      item.verdict = "woken";
      item.unneeded = true;
      ++round.report.suspects;
      if (act) ports_.wakeups.wake(*domain::meeting_of(seen.owner.seat), round.now);
    } else if (verdict.kind != Verdict::Kind::known) {
      ++round.report.suspects;
      const std::string key = item.kind + " " + item.id;
      Suspect& suspect = still[key] = missed(suspects[key], uptime);
      const bool kept = verdict.kind == Verdict::Kind::parked && seen.kept_unread;
      const bool too_young = seen.born && round.now < *seen.born + policy_.age_min;
      item.verdict = "watched";
      item.unneeded = kept ? std::nullopt : std::optional(true);
      if (!kept) judge_suspect(item, too_young, seen.stopping, end, suspect, round);
    }
    round.report.items.push_back(std::move(item));
  };

  auto deadlines = deadlines_seen(instances, records);
  for (const auto& instance : instances) {
    if (instance.state == InstanceState::gone) continue;
    consider({"instance", instance.id.text(), "", ""},
             {instance.owner, instance.launched_at, !is_past(instance.deadline, round.now),
              instance.state == InstanceState::stopping},
             [&] { return ports_.compute.terminate(instance.id, instance.owner); });
  }
  for (const auto& record : records) {
    const auto known = deadlines.find(record.owner);
    const bool has_time = known == deadlines.end() || !is_past(known->second, round.now);
    consider({"record", record.name, "", ""}, {record.owner, std::nullopt, has_time},
             [&] { return ports_.zone.drop(record.name, record.owner); });
  }
  if (!act) return round.report;
  suspects = std::move(still);
  deadlines_ = std::move(deadlines);
  if (round.kills > kills_before) killed_at_ = ports_.clock.since_boot();  // calls take their time
  kills_ = round.kills;
  return round.report;
}

}  // namespace app
