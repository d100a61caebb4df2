#pragma once
// The gate (dcv-url): what a person with a link may see and do. A link token or cookie is checked
// here against the meeting as it is now: a rotated, revoked, foreign or forged one is the same
// not_found as one that never existed. Entering is the one place that answers a desktop, and it
// evaluates S9 at that moment. Thread-safe.

#include <string>

#include "app/ports.hpp"
#include "app/ticket.hpp"
#include "domain/command.hpp"
#include "domain/phase.hpp"

namespace app {

// A seat that was proved by link or cookie, with its meeting as stored now.
struct Guest {
  domain::Meeting meeting;
  domain::SeatId seat;
  const domain::Seat& own() const { return *domain::find_seat(meeting, seat); }
};

struct Entry {
  domain::DesktopId desktop;
  std::string token;  // single use, policy.token_life
};

struct DeskPass {
  Guest guest;
  domain::DesktopId desktop;
  std::string cookie;
};

class Join {
 public:
  Join(const Ports& ports, const Settings& settings) : ports_(ports), settings_(settings) {}

  // The token that stands in the fragment of the seat's link. Derived, the same every time.
  base::Result<std::string> link_token(const domain::Seat& seat);

  // Link token -> guest and cookie value. Nothing is stored; repeatable.
  base::Result<std::pair<Guest, std::string>> exchange(std::string_view link_token);
  // Cookie value of the seat -> guest.
  base::Result<Guest> guest(const domain::SeatId& seat, std::string_view cookie);

  // enter, pass_door and reenter: unavailable when the answer took over 5 s and may be of what is
  // past; what it stored stays, and entering again is a new try.

  // Probes first when readiness is older than policy.ready_fresh. conflict with the reason when the
  // desktop can't be entered now.
  base::Result<Entry> enter(const Guest& guest);
  // Consumes the token in the write that evaluates S9 again.
  base::Result<DeskPass> pass_door(const domain::DesktopId& desktop, std::string_view token);
  // Desk cookie -> guest, if it is for this desktop and this link (epoch), and its sessions may
  // stay (domain::session_may_stay). Every other case is not_found.
  base::Result<Guest> desk_guest(const domain::DesktopId& desktop, std::string_view cookie);

  // Before a screen is opened to that guest, each time: stored, so that a desktop which is just
  // being closed is not closed on them (S8). not_found as in desk_guest().
  base::Result<Guest> reenter(const domain::DesktopId& desktop, const Guest& guest);

  // not_found when the link was rotated since `guest` was found.
  base::Result<Guest> restart(const Guest& guest);
  base::Result<> ask_end(const Guest& guest);

  // The bridge saw screens of a desktop open or close (`used`: one stayed open for
  // policy.used_after).
  base::Result<> report_presence(const domain::DesktopId& desktop, std::uint32_t connections,
                                 bool used);

  // A value that proves to this host that a probe is its own; bound to the desktop.
  base::Result<std::string> probe_ticket(const domain::DesktopId& desktop);
  base::Result<> check_probe_ticket(const domain::DesktopId& desktop, std::string_view ticket);

 private:
  const Ports& ports_;
  const Settings& settings_;
};

}  // namespace app
