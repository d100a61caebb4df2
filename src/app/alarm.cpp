#include "app/alarm.hpp"

namespace app {

std::string_view to_string(AlarmKind kind) {
  switch (kind) {
    case AlarmKind::leak_suspected:
      return "leak_suspected";
    case AlarmKind::passes_silent:
      return "passes_silent";
    case AlarmKind::sweeps_silent:
      return "sweeps_silent";
    case AlarmKind::backlog:
      return "backlog";
    case AlarmKind::credentials_refused:
      return "credentials_refused";
  }
  return "";
}

void Alarms::looked(base::Duration now, std::optional<base::Duration> late) {
  late_ = late.value_or(base::Duration{0});
  if (!late) good_at_ = now;
}

void Alarms::passed(base::Duration now) {
  good_at_ = now;
}

void Alarms::swept(base::Duration now, const SweepReport& report) {
  swept_at_ = now;
  if (report.refused) refused(now, "sweep");
  std::map<std::string, base::Duration> still;
  for (const auto& item : report.items) {
    const std::string key = item.kind + " " + item.id;
    const auto before = unneeded_since_.find(key);
    const bool known = before != unneeded_since_.end();
    // Where nobody can say, what was true stays true.
    if (!item.unneeded.value_or(known)) continue;
    still.emplace(key, known ? before->second : now);
  }
  unneeded_since_ = std::move(still);
}

void Alarms::refused(base::Duration now, std::string_view call) {
  refused_at_ = now;
  refused_call_ = call;
}

std::vector<Alarm> Alarms::raised(base::Duration now) const {
  std::vector<Alarm> alarms;
  if (now > good_at_ + policy_.silent_after) {
    alarms.push_back({AlarmKind::passes_silent,
                      "no pass has succeeded, and none was known not to "
                      "be due, for " +
                          base::to_text(now - good_at_)});
  }
  std::size_t leaks = 0;
  std::string first;
  for (const auto& [key, since] : unneeded_since_) {
    if (now <= since + policy_.leak_after) continue;
    if (leaks++ == 0) first = key;
  }
  if (leaks > 0) {
    alarms.push_back(
        {AlarmKind::leak_suspected, std::to_string(leaks) + " owned without need, first " + first});
  }
  if (late_ > policy_.backlog_after) {
    alarms.push_back({AlarmKind::backlog, "the earliest wake is late by " + base::to_text(late_)});
  }
  if (now > swept_at_ + policy_.sweep_silent_after) {
    alarms.push_back({AlarmKind::sweeps_silent,
                      "no sweep has seen everything for " + base::to_text(now - swept_at_)});
  }
  if (refused_at_ && now <= *refused_at_ + policy_.refused_for) {
    alarms.push_back(
        {AlarmKind::credentials_refused, "our credentials do not allow to " + refused_call_});
  }
  return alarms;
}

}  // namespace app
