#include "app/sweep.hpp"

#include <algorithm>

#include "base/log.hpp"

namespace app {
namespace {

using base::ErrorKind;
using base::Result;

// What the store says about something that carries our mark.
struct Verdict {
  enum class Kind { known, wake, orphan, parked } kind = Kind::orphan;
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
    return {Kind::parked, "its meeting cannot be read"};
  }
  const domain::Seat* seat = domain::find_seat(*meeting, owner.seat);
  if (seat == nullptr || owner.attempt > seat->attempts) {
    return {Kind::orphan, "its meeting knows no such attempt"};
  }
  if (meeting->over_at) return {Kind::orphan, "its meeting is over"};
  const bool current = seat->desktop && seat->desktop->attempt == owner.attempt;
  if (current && !domain::finished(*seat->desktop)) {
    return {Kind::known, "", seat->desktop->closing.has_value()};
  }
  return {Kind::wake, "a former attempt of its seat"};
}

template <class End>
void end_orphan(const SweepItem& item, const End& end, SweepReport& report) {
  base::log(base::LogLevel::warn, "sweep ends what has no row",
            {{"kind", item.kind}, {"id", item.id}, {"why", item.why}});
  const Result<> ended = end();
  if (ended) {
    ++report.ended;
    return;
  }
  if (ended.error().kind == ErrorKind::denied) report.refused = true;
  base::log_error(base::LogLevel::warn, "sweep failed", ended.error());
}

}  // namespace

Result<SweepReport> Sweep::run() {
  if (!first_run_) first_run_ = ports_.clock.now();
  return judge(suspects_, true);
}

Result<SweepReport> Sweep::dry_run() {
  auto copy = suspects_;
  return judge(copy, false);
}

Result<SweepReport> Sweep::judge(std::map<std::string, Suspect>& suspects, bool act) {
  const auto identity = ports_.store.identity();
  TRY(ports_.store.live());  // the store can be read as a whole, or nothing is judged
  const auto instances = TRY(ports_.compute.list_all());
  const auto records = TRY(ports_.zone.list_all());
  const auto now = ports_.clock.now();
  const bool warm = first_run_ && now >= *first_run_ + policy_.warm_up;
  const auto tenth = static_cast<std::uint32_t>((instances.size() + records.size()) / 10);
  std::uint32_t kills_left = std::max(policy_.kills_max, tenth);
  SweepReport report;
  std::map<std::string, Suspect> still;

  const auto consider = [&](SweepItem item, const domain::Owner& owner,
                            std::optional<base::Timestamp> born,
                            std::optional<base::Timestamp> deadline, const auto& end) {
    if (owner.store != identity) return;  // not ours, whatever its name says
    const auto verdict = judge_by_row(ports_, owner);
    item.why = verdict.why;
    item.verdict = "known";
    item.unneeded = verdict.ending;
    if (verdict.kind == Verdict::Kind::wake) {
      item.verdict = "woken";
      item.unneeded = true;
      ++report.suspects;
      if (act) ports_.wakeups.wake(*domain::meeting_of(owner.seat), now);
    } else if (verdict.kind != Verdict::Kind::known) {
      ++report.suspects;
      const std::string key = item.kind + " " + item.id;
      Suspect suspect = suspects[key];
      if (suspect.misses == 0 || now >= suspect.last + policy_.period / 2) {
        ++suspect.misses;
        suspect.last = now;
      }
      still[key] = suspect;
      const bool parked = verdict.kind == Verdict::Kind::parked;
      const bool kept = parked && (!deadline || now < *deadline);
      item.unneeded = kept ? std::nullopt : std::optional(true);
      if (kept || (born && now < *born + policy_.age_min)) {
        item.verdict = kept ? "watched" : "too_young";
      } else if (!warm || suspect.misses < policy_.misses_min) {
        item.verdict = "watched";
      } else if (kills_left == 0) {
        item.verdict = "held_by_breaker";
      } else {
        --kills_left;
        item.verdict = "end";
        if (act) end_orphan(item, end, report);
      }
    }
    report.items.push_back(std::move(item));
  };

  for (const auto& instance : instances) {
    if (instance.state == domain::InstanceState::gone) continue;
    consider({"instance", instance.id.text(), "", ""}, instance.owner, instance.launched_at,
             instance.deadline,
             [&] { return ports_.compute.terminate(instance.id, instance.owner); });
  }
  for (const auto& record : records) {
    consider({"record", record.name, "", ""}, record.owner, std::nullopt, std::nullopt,
             [&] { return ports_.zone.drop(record.name, record.owner); });
  }
  if (act) suspects = std::move(still);
  return report;
}

}  // namespace app
