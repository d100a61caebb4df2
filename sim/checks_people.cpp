// The checks at the door and at the pages: what people were told and given, against what is true;
// and of rows that nobody can read.

#include <algorithm>

#include "checks.hpp"
#include "domain/phase.hpp"
#include "world.hpp"

namespace sim {

using domain::Meeting;
using domain::Seat;

namespace {
// A machine that went bad is not noticed before the next probe; calls and commits take their time.
constexpr Duration kNoticed = 35s;
}  // namespace

void Checks::booked(const domain::MeetingId& id) {
  if (row(id) == nullptr) fail("S24", "an acknowledged booking is not stored: " + id.text());
}

void Checks::ended(const domain::MeetingId& id) {
  const Meeting* meeting = row(id);
  if (meeting == nullptr || !meeting->end) fail("S24", "an acknowledged end is not stored");
}

void Checks::check_door(const char* what, const domain::SeatId& seat,
                        const domain::DesktopId& desktop) {
  if (domain::seat_of(desktop) != seat) {
    fail("S10", std::string(what) + " of " + seat.text() + " led to " + desktop.text());
  }
  const Meeting* meeting = row(*domain::meeting_of(seat));
  const Seat* own = domain::find_seat(*meeting, seat);
  const bool current = own->desktop && own->desktop->id == desktop && own->desktop->instance;
  if (meeting->end || !current) {
    // It may have changed while the answer was on its way.
    const auto at = times_[meeting->id].ended;
    if (meeting->end && world_.now() > at + 5s) fail("S9", std::string(what) + " after the end");
    return;
  }
  const Machine* machine = world_.cloud().find(own->desktop->instance->value);
  // How old a look of another host is, is told by two clocks.
  const auto bad_for = world_.swarm().policy.ready_fresh + kNoticed + 2 * world_.clock_error();
  const auto now = world_.now();
  Timestamp bad_since = now;  // latest time at which it may have been good
  if (machine == nullptr || !machine->answers_ever || machine->impostor) {
    bad_since = Timestamp{};
  } else if (!machine->answers(now)) {
    bad_since = machine->history.back().at;
    if (now < machine->answers_from) bad_since = Timestamp{};
    if (now < machine->hung_until) return;  // since when is not kept
  }
  if (now - bad_since > bad_for) {
    fail("S9", std::string(what) + ": " + desktop.text() + " has not answered for long");
  }
}

void Checks::entered(const domain::SeatId& seat, const domain::DesktopId& desktop) {
  check_door("enter", seat, desktop);
}

void Checks::passed_door(const domain::SeatId& seat, const domain::DesktopId& desktop) {
  check_door("door", seat, desktop);
  seats_entered_.insert(seat);
}

// Somebody passed the door, their desktop works, and they are not let stay.
void Checks::refused_session(const domain::DesktopId& desktop, std::uint32_t epoch) {
  const auto seat_id = *domain::seat_of(desktop);
  const Meeting* meeting = row(*domain::meeting_of(desktop));
  const Seat* seat = domain::find_seat(*meeting, seat_id);
  if (may_end_sessions(*meeting) || seat->epoch != epoch) return;
  // It was seen stopped, and closed for that; or it has ended itself while nobody could extend it.
  const auto& machines = world_.cloud().machines();
  const bool lost = std::any_of(machines.begin(), machines.end(), [&](const auto& one) {
    const Machine& machine = one.second;
    return machine.spec.desktop == desktop && !machine.planted() &&
           (machine.broken || machine.why == "deadline");
  });
  if (lost) return;
  fail("S8", desktop.text() + " turned away somebody who had passed its door");
}

// A page says that it goes on.
void Checks::shown_as_open(const Meeting& meeting) {
  const Meeting* stored = row(meeting.id);
  if (meeting.end && stored != nullptr && stored->end) {
    fail("L8", "the page of a meeting that has ended says that it goes on");
  }
}

// Whose row was read before its link was rotated may be told the former one.
void Checks::link_made(const Seat& seat, const std::string& link, Timestamp asked_at) {
  if (is_void(link, asked_at)) {
    fail("S10", "a link of " + seat.id.text() + " outlives its rotation");
  }
  links_[seat.id][link] = seat.epoch;
}

bool Checks::is_void(const std::string& link, Timestamp asked_at) const {
  const auto found = void_links_.find(link);
  return found != void_links_.end() && found->second < asked_at;
}

void Checks::rotated(const std::map<std::string, std::uint32_t>& former) {
  for (const auto& [link, epoch] : former) void_links_.emplace(link, world_.now());
}

void Checks::link_taken(const domain::SeatId& seat, const std::string& link, Timestamp asked_at) {
  if (is_void(link, asked_at)) {
    fail("S10", "a link of " + seat.text() + " is taken after its rotation");
  }
}

void Checks::link_refused(const domain::SeatId& seat, const std::string& link) {
  const Seat* own = domain::find_seat(*row(*domain::meeting_of(seat)), seat);
  if (links_[seat][link] == own->epoch) fail("L1", "a link that is good is refused");
}

void Checks::asks_end(const domain::SeatId& seat, const std::string& link) {
  auto& epoch = asked_.try_emplace(seat, 0).first->second;
  epoch = std::max(epoch, links_[seat][link]);
}

bool Checks::readable(const domain::MeetingId& id) const {
  const auto found = unreadable_until_.find(id);
  return found == unreadable_until_.end() || world_.now() >= found->second;
}

bool Checks::was_unreadable(const domain::MeetingId& id) const {
  const auto until = unreadable_until_.find(id);
  return until != unreadable_until_.end() && world_.now() < until->second + kNoticed;
}

// S21: where nobody can read what is wanted, a machine is kept until its deadline. Such a call may
// take effect late, when the row can be read again.
void Checks::end_called(Machine& machine) {
  const auto id = *domain::meeting_of(machine.spec.owner.seat);
  if (readable(id)) return;
  if (is_past_deadline(machine)) {
    machine.end_unread = true;
    return;
  }
  // Who had read it before may still do what it has just decided: a call on its way, or a pass
  // that was suspended and then saved over the very row that it had read.
  const auto decided = std::max(unreadable_from_.at(id), times_[id].committed);
  if (world_.now() <= decided + kNoticed) return;
  fail("S21", machine.id.text() + " is ended because its row cannot be read");
}

Timestamp Checks::unreadable_until(const domain::MeetingId& id) const {
  const auto found = unreadable_until_.find(id);
  return found == unreadable_until_.end() ? Timestamp{} : found->second;
}

void Checks::unreadable(const domain::MeetingId& id, Timestamp until) {
  unreadable_from_[id] = world_.now();
  unreadable_until_[id] = std::max(unreadable_until_[id], until);
}

// "End for everybody": who is inside for longer than a look needs to notice it has asked, too. Who
// came back to a screen that was seen empty is noticed by the next look.
bool Checks::all_inside_asked(const Meeting& meeting) const {
  const auto noticed =
      3 * world_.swarm().policy.presence_period + kNoticed + 2 * world_.clock_error();
  const auto objects = [&](const auto& session) {
    if (!session->open || !domain::belongs_to(session->seat, meeting.id)) return false;
    const Seat* seat = domain::find_seat(meeting, session->seat);
    const auto asked = asked_.find(session->seat);
    const bool agrees = asked != asked_.end() && asked->second == seat->epoch;
    if (seat->epoch != session->epoch || agrees) return false;
    const Machine* machine = world_.cloud().find(session->machine);
    return !machine->broken && world_.now() > session->opened_at + noticed;
  };
  const auto& sessions = world_.sessions();
  return std::none_of(sessions.begin(), sessions.end(), objects);
}

// Control planes whose clocks disagree by more than the way in takes cannot tell who has just
// passed the door (docs/SIMULATION.md, what it assumes).
bool Checks::way_in_is_unsure() const {
  return world_.clock_error() > 5s;
}

// When its desktop was closed, or by now.
bool Checks::may_be_unseen(const Session& session) const {
  if (!way_in_is_unsure()) return false;
  const auto& closed = times_.at(*domain::meeting_of(session.desktop)).closed;
  const auto found = closed.find(session.desktop);
  const auto by = found == closed.end() ? world_.now() : found->second;
  return by < session.opened_at + 2 * world_.clock_error();
}

void Checks::waiting(const std::string& who, bool waits) {
  if (waits) {
    waiting_.insert(who);
  } else {
    waiting_.erase(who);
  }
}

}  // namespace sim
