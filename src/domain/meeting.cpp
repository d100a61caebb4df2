#include "domain/meeting.hpp"

#include <algorithm>

namespace domain {

const Seat* find_seat(const Meeting& meeting, const SeatId& id) {
  const auto found = std::find_if(meeting.seats.begin(), meeting.seats.end(),
                                  [&](const Seat& seat) { return seat.id == id; });
  return found == meeting.seats.end() ? nullptr : &*found;
}

Seat* find_seat(Meeting& meeting, const SeatId& id) {
  return const_cast<Seat*>(find_seat(static_cast<const Meeting&>(meeting), id));
}

const Desktop* open_desktop(const Seat& seat) {
  if (!seat.desktop || seat.desktop->closing || seat.desktop->gone) return nullptr;
  return &*seat.desktop;
}

bool finished(const Desktop& desktop) {
  return desktop.gone && desktop.unnamed;
}

bool owns_anything(const Seat& seat) {
  return seat.desktop && !finished(*seat.desktop);
}

std::uint32_t desktops_owned(const Meeting& meeting) {
  return static_cast<std::uint32_t>(
      std::count_if(meeting.seats.begin(), meeting.seats.end(),
                    [](const Seat& seat) { return seat.desktop && !seat.desktop->gone; }));
}

bool session_may_stay(const Meeting& meeting, const DesktopId& desktop, std::uint32_t epoch) {
  if (meeting.end) return false;
  const auto seat_id = seat_of(desktop);
  const Seat* seat = seat_id ? find_seat(meeting, *seat_id) : nullptr;
  return seat != nullptr && seat->epoch == epoch && seat->desktop && seat->desktop->id == desktop &&
         !seat->desktop->fenced && !seat->desktop->gone;
}

std::string_view to_string(CloseReason reason) {
  switch (reason) {
    case CloseReason::meeting_ended:
      return "meeting_ended";
    case CloseReason::unused:
      return "unused";
    case CloseReason::died:
      return "died";
    case CloseReason::never_ready:
      return "never_ready";
  }
  return "meeting_ended";
}

std::string_view to_string(EndReason reason) {
  switch (reason) {
    case EndReason::cancelled:
      return "cancelled";
    case EndReason::ended_by_organiser:
      return "ended_by_organiser";
    case EndReason::ended_by_everyone:
      return "ended_by_everyone";
    case EndReason::no_show:
      return "no_show";
    case EndReason::completed:
      return "completed";
    case EndReason::partial_no_show:
      return "partial_no_show";
    case EndReason::overran:
      return "overran";
    case EndReason::failed:
      return "failed";
  }
  return "failed";
}

std::string_view to_string(Source source) {
  switch (source) {
    case Source::launch:
      return "launch";
    case Source::list:
      return "list";
    case Source::zone:
      return "zone";
    case Source::probe:
      return "probe";
    case Source::bridge:
      return "bridge";
    case Source::person:
      return "person";
  }
  return "list";
}

}  // namespace domain
