#include "story/page.hpp"

#include <array>

#include "domain/command.hpp"

namespace sim::story {
namespace {

using domain::CloseReason;
using domain::EndReason;
using domain::MeetingPhase;
using domain::SeatStep;

// In the order of domain::EndReason.
constexpr std::array<std::string_view, 8> kEnds{
    "This meeting was cancelled.",
    "The organiser ended this meeting.",
    "Everybody who was here chose to end this meeting.",
    "Nobody came, so this meeting was ended.",
    "Everybody had left, so this meeting was ended.",
    "Everybody who came in had left, so this meeting was ended. Not everybody came in.",
    "This meeting reached the end of its time.",
    "A desktop that this meeting needs could not be had, so the meeting was ended."};
// In the order of domain::CloseReason.
constexpr std::array<std::string_view, 4> kClosings{
    "The meeting is being closed.", "Nobody had come, so your desktop is being put away.",
    "Your desktop stopped working.", "Your desktop did not come up in time."};
constexpr std::string_view kFailed = "There is no desktop for you.";
constexpr std::string_view kReleased = "Your desktop was put away.";
constexpr std::string_view kEarly = "You are early.";
constexpr std::string_view kReady = "Your desktop is ready.";
constexpr std::string_view kStale = "Just a moment.";
constexpr std::string_view kStarting = "Your desktop is being made ready.";
constexpr std::string_view kWrongLink = "This link does not open anything.";

}  // namespace

Page page_of(const domain::Meeting& meeting, const domain::Seat& seat, base::Timestamp now,
             const domain::Policy& policy) {
  const auto step = domain::step(meeting, seat, now, policy);
  const auto phase = domain::phase(meeting, now, policy);
  Page page{.restart = domain::can_restart(meeting, seat, now, policy)};
  const auto says = [&](std::string_view heading) {
    page.heading = heading;
    return page;
  };
  if (meeting.end) {
    page.restart = false;
    page.last = phase == MeetingPhase::over;
    return says(kEnds.at(static_cast<std::size_t>(meeting.end->reason)));
  }
  if (step == SeatStep::failed) {
    page.line = seat.failed->value;
    return says(kFailed);
  }
  if (step == SeatStep::released) return says(kReleased);
  if (domain::owns_anything(seat) && seat.desktop->closing) {
    return says(kClosings.at(static_cast<std::size_t>(seat.desktop->closing->reason)));
  }
  if (phase == MeetingPhase::booked) return says(kEarly);
  page.enter = !domain::why_not_offer(meeting, seat, now, policy);
  if (page.enter) return says(kReady);
  const bool waits = step == SeatStep::waiting || step == SeatStep::replaced;
  if (waits && now >= domain::release_at(meeting, seat, policy)) return says(kFailed);  // late
  page.line = seat.trouble;
  return says(step == SeatStep::stale ? kStale : kStarting);
}

std::string_view wrong_link_heading() {
  return kWrongLink;
}

std::vector<std::string_view> all_headings() {
  std::vector<std::string_view> all(kEnds.begin(), kEnds.end());
  all.insert(all.end(), kClosings.begin(), kClosings.end());
  all.insert(all.end(), {kFailed, kReleased, kEarly, kReady, kStale, kStarting});
  return all;
}

}  // namespace sim::story
