#include "app/join.hpp"

#include "app/change.hpp"
#include "app/moment.hpp"
#include "base/crypto.hpp"
#include "domain/phase.hpp"
#include "domain/plan.hpp"

namespace app {
namespace {

using base::ErrorKind;
using base::fail;
using base::Result;

constexpr std::string_view kLinkKey = "link_key";
constexpr std::string_view kSessionKey = "session_key";
constexpr base::Duration kAnswerWithin{5000};

tl::unexpected<base::Error> bad_link() {
  return fail(ErrorKind::not_found, "this link is not valid, or not any more; ask for a new one");
}

std::string hash_of(std::string_view token) {
  return base::to_hex(base::as_bytes(base::sha256(token)));
}

// A ticket's word for a seat: it must exist, and its link must not have been rotated since.
Result<Guest> find_guest(const Ports& ports, std::string_view seat_text,
                         std::string_view epoch_text) {
  const auto seat_id = domain::SeatId::parse(seat_text);
  const auto meeting_id = seat_id ? domain::meeting_of(*seat_id) : std::nullopt;
  if (!meeting_id) return bad_link();
  auto meeting = ports.store.load(*meeting_id);
  if (!meeting) {
    if (meeting.error().kind == ErrorKind::not_found) return bad_link();
    return tl::unexpected<base::Error>(meeting.error());
  }
  const domain::Seat* seat = domain::find_seat(*meeting, *seat_id);
  if (seat == nullptr || std::to_string(seat->epoch) != epoch_text) return bad_link();
  return Guest{*std::move(meeting), *seat_id};
}

// A link may be rotated between the check of it and the write.
Result<> must_hold_link(const domain::Meeting& meeting, const Guest& guest) {
  const domain::Seat* seat = domain::find_seat(meeting, guest.seat);
  if (seat == nullptr || seat->epoch != guest.own().epoch) return bad_link();
  return {};
}

// Looks at the seat's desktop now if the last good look is too old to rely on.
Result<> refresh(const Ports& ports, const Settings& settings, domain::Meeting& meeting,
                 const domain::SeatId& seat_id, base::Timestamp now) {
  const domain::Seat* seat = domain::find_seat(meeting, seat_id);
  const domain::Desktop* desktop = seat == nullptr ? nullptr : domain::open_desktop(*seat);
  if (desktop == nullptr || !desktop->instance || !desktop->address || !desktop->record) return {};
  if (domain::is_fresh(*desktop, now, settings.policy)) return {};
  auto probe = TRY(ports.prober.probe({.desktop = desktop->id,
                                       .attempt = desktop->attempt,
                                       .name = ports.zone.name_of(desktop->id),
                                       .address = desktop->address->value,
                                       .instance = desktop->instance->value}));
  probe.at = now;
  domain::Observed observed;
  observed.probes.emplace(desktop->id, probe);
  domain::absorb(meeting, observed, now, settings.policy);
  return {};
}

// Where the server was suspended or the store was slow, an answer is of what is long past: S9 holds
// at the moment of the answer, or there is none.
Result<> in_time(const Ports& ports, const Moment& asked) {
  if (is_within(moment_of(ports.clock), asked, kAnswerWithin)) return {};
  return fail(ErrorKind::unavailable, "this took too long; try again");
}

}  // namespace

Result<std::string> Join::link_token(const domain::Seat& seat) {
  const auto keys = TRY(ports_.secrets.fetch(kLinkKey));
  return sign_ticket(Purpose::link, keys, {seat.id.text(), std::to_string(seat.epoch)});
}

Result<std::pair<Guest, std::string>> Join::exchange(std::string_view link_token) {
  const auto keys = TRY(ports_.secrets.fetch(kLinkKey));
  const auto fields = verify_ticket(Purpose::link, keys, link_token, 2);
  if (!fields) return bad_link();
  auto guest = TRY(find_guest(ports_, fields->at(0), fields->at(1)));
  auto cookie = sign_ticket(Purpose::seat_cookie, keys, *fields);
  return std::pair{std::move(guest), std::move(cookie)};
}

Result<Guest> Join::guest(const domain::SeatId& seat, std::string_view cookie) {
  const auto keys = TRY(ports_.secrets.fetch(kLinkKey));
  const auto fields = verify_ticket(Purpose::seat_cookie, keys, cookie, 2);
  if (!fields || fields->at(0) != seat.text()) return bad_link();
  return find_guest(ports_, fields->at(0), fields->at(1));
}

Result<Entry> Join::enter(const Guest& guest) {
  const auto asked = moment_of(ports_.clock);
  const auto token = base::to_base64url(ports_.entropy.bytes(32));
  const auto admit = [&](domain::Meeting meeting) -> Result<domain::Meeting> {
    const auto now = ports_.clock.now();
    TRY(must_hold_link(meeting, guest));
    TRY(refresh(ports_, settings_, meeting, guest.seat, now));
    return domain::admit(meeting, guest.seat, hash_of(token), now, settings_.policy);
  };
  const auto meeting =
      TRY(change_meeting(ports_, guest.meeting.id,
                         {{.at = asked.at, .actor = guest.seat.text(), .action = "enter"}}, admit));
  TRY(in_time(ports_, asked));
  return Entry{domain::find_seat(meeting, guest.seat)->desktop->id, token};
}

Result<DeskPass> Join::pass_door(const domain::DesktopId& desktop, std::string_view token) {
  const auto id = domain::meeting_of(desktop);
  if (!id) return fail(ErrorKind::denied, "this way in is not valid");
  const auto seat = *domain::seat_of(desktop);
  const auto asked = moment_of(ports_.clock);
  const auto keys = TRY(ports_.secrets.fetch(kSessionKey));
  auto meeting = TRY(change_meeting(
      ports_, *id,
      {{.at = asked.at, .actor = seat.text(), .action = "pass_door", .target = desktop.text()}},
      [&](domain::Meeting before) -> Result<domain::Meeting> {
        const auto now = ports_.clock.now();
        TRY(refresh(ports_, settings_, before, seat, now));
        return domain::pass_door(before, desktop, hash_of(token), now, settings_.policy);
      }));
  TRY(in_time(ports_, asked));
  const auto epoch = domain::find_seat(meeting, seat)->epoch;
  auto cookie = sign_ticket(Purpose::desk_cookie, keys, {desktop.text(), std::to_string(epoch)});
  return DeskPass{Guest{std::move(meeting), seat}, desktop, std::move(cookie)};
}

Result<Guest> Join::desk_guest(const domain::DesktopId& desktop, std::string_view cookie) {
  const auto refuse = [] {
    return fail(ErrorKind::not_found, "this desktop is not open to you; use your link again");
  };
  const auto keys = TRY(ports_.secrets.fetch(kSessionKey));
  const auto fields = verify_ticket(Purpose::desk_cookie, keys, cookie, 2);
  const auto seat = domain::seat_of(desktop);
  if (!fields || !seat || fields->at(0) != desktop.text()) return refuse();
  auto guest = find_guest(ports_, seat->text(), fields->at(1));
  if (!guest && guest.error().kind == ErrorKind::not_found) return refuse();
  auto found = TRY(std::move(guest));
  if (!domain::session_may_stay(found.meeting, desktop, found.own().epoch)) return refuse();
  return found;
}

Result<Guest> Join::reenter(const domain::DesktopId& desktop, const Guest& guest) {
  const auto asked = moment_of(ports_.clock);
  auto meeting =
      TRY(change_meeting(ports_, guest.meeting.id, {}, [&](const domain::Meeting& before) {
        return domain::reenter(before, desktop, guest.own().epoch, ports_.clock.now());
      }));
  TRY(in_time(ports_, asked));
  return Guest{std::move(meeting), guest.seat};
}

Result<Guest> Join::restart(const Guest& guest) {
  auto meeting = TRY(change_meeting(
      ports_, guest.meeting.id,
      {{.at = ports_.clock.now(), .actor = guest.seat.text(), .action = "restart"}},
      [&](const domain::Meeting& before) -> Result<domain::Meeting> {
        TRY(must_hold_link(before, guest));
        return domain::restart(before, guest.seat, ports_.clock.now(), settings_.policy);
      }));
  return Guest{std::move(meeting), guest.seat};
}

Result<> Join::ask_end(const Guest& guest) {
  TRY(change_meeting(ports_, guest.meeting.id,
                     {{.at = ports_.clock.now(), .actor = guest.seat.text(), .action = "ask_end"}},
                     [&](const domain::Meeting& before) -> Result<domain::Meeting> {
                       TRY(must_hold_link(before, guest));
                       return domain::ask_end(before, guest.seat, ports_.clock.now());
                     }));
  return {};
}

Result<> Join::report_presence(const domain::DesktopId& desktop, std::uint32_t connections,
                               bool used) {
  const auto id = domain::meeting_of(desktop);
  if (!id) return fail(ErrorKind::not_found, "no such desktop");
  TRY(change_meeting(ports_, *id, {}, [&](const domain::Meeting& before) {
    return domain::report_presence(before, desktop, connections, used, ports_.clock.now());
  }));
  return {};
}

Result<std::string> Join::probe_ticket(const domain::DesktopId& desktop) {
  const auto keys = TRY(ports_.secrets.fetch(kSessionKey));
  return sign_ticket(Purpose::probe, keys, {desktop.text()});
}

Result<> Join::check_probe_ticket(const domain::DesktopId& desktop, std::string_view ticket) {
  const auto keys = TRY(ports_.secrets.fetch(kSessionKey));
  const auto fields = TRY(verify_ticket(Purpose::probe, keys, ticket, 1));
  if (fields.at(0) != desktop.text()) return fail(ErrorKind::not_found, "");
  return {};
}

}  // namespace app
