// forget_the_future(): what a clock that was ahead has left behind, once it was set right. What is
// pulled is taken to be of now, so that what lists are waited for is waited for from now on: misses
// are counted anew.

#include <algorithm>

#include "domain/note.hpp"

namespace domain {

namespace {
// Clocks of hosts may differ by this much; a fact from further ahead was written by a wrong one.
constexpr Duration kClocksDiffer{600'000};
// ... and a call outside from further ahead than this is made again: once more does no harm.
constexpr Duration kCallsDiffer{60'000};
}  // namespace

void forget_the_future(Meeting& meeting, Timestamp now, const Policy& policy) {
  const auto ahead = [now](Timestamp at) { return at > now + kClocksDiffer; };
  const auto pull = [&](Timestamp& at) { at = ahead(at) ? now : at; };
  const auto pull_if = [&](std::optional<Timestamp>& at) {
    if (at) pull(*at);
  };
  const auto pull_call = [&](std::optional<Timestamp>& at) {
    if (at && *at > now + kCallsDiffer) at = now;
  };
  if (meeting.ending) pull(meeting.ending->at);
  for (auto& seat : meeting.seats) {
    for (auto& token : seat.tokens) {
      token.expires_at = std::min(token.expires_at, now + policy.token_life + kClocksDiffer);
    }
    pull_call(seat.stray_called_at);
    pull_if(seat.wanted_at);
    if (!seat.desktop) continue;
    Desktop& desktop = *seat.desktop;
    pull(desktop.intent_at);
    pull_if(desktop.launch_called_at);
    pull(desktop.launch_next_at);
    if (ahead(desktop.missed_at)) {
      desktop.missed_at = now;
      desktop.misses = 0;
    }
    if (desktop.instance) pull(desktop.instance->seen.at);
    if (desktop.address) pull(desktop.address->seen.at);
    pull_call(desktop.deadline_told_at);
    pull_call(desktop.record_asked_at);
    pull_call(desktop.record_answered_at);
    pull_if(desktop.silent_since);
    if (desktop.presence && ahead(desktop.presence->at)) desktop.presence = {now, std::nullopt};
    pull_if(desktop.empty_since);
    pull_if(desktop.entered_at);
    if (desktop.closing) pull(desktop.closing->at);
    if (desktop.fenced) pull(desktop.fenced->at);
    pull_call(desktop.drop_asked_at);
    pull_call(desktop.kill_at);
  }
}

}  // namespace domain
