#include "app/schedule.hpp"

#include <algorithm>

#include "app/change.hpp"

namespace app {
namespace {

using base::ErrorKind;
using base::fail;
using base::Result;

constexpr std::size_t kPageMax = 200;

Result<> check_roles(const domain::Booking& booking, const std::vector<std::string>& roles) {
  for (std::size_t i = 0; i < booking.seats.size(); ++i) {
    if (std::find(roles.begin(), roles.end(), booking.seats[i].role) != roles.end()) continue;
    std::string allowed;
    for (const auto& role : roles) allowed += (allowed.empty() ? "" : ", ") + role;
    return fail(ErrorKind::invalid, "must be one of the configured roles: " + allowed,
                "seats[" + std::to_string(i) + "].role");
  }
  return {};
}

std::string fill_template(std::string text, const domain::MeetingId& id) {
  constexpr std::string_view kHole = "{meeting}";
  for (auto at = text.find(kHole); at != std::string::npos; at = text.find(kHole, at)) {
    text.replace(at, kHole.size(), id.text());
  }
  return text;
}

port::AuditEntry command(const Principal& who, std::string_view action, std::string_view target,
                         base::Timestamp now) {
  return {.at = now,
          .kind = port::AuditEntry::Kind::command,
          .actor = who.id.text(),
          .action = std::string(action),
          .target = std::string(target)};
}

}  // namespace

Result<port::Created> Schedule::book(
    const Principal& who, domain::Booking booking,
    const std::optional<std::pair<std::string, std::string>>& idempotency) {
  TRY(may(who, Operation::book));
  const auto now = ports_.clock.now();
  const auto id = domain::make_meeting_id(now, ports_.entropy.bytes(7));
  if (booking.call_url.empty()) booking.call_url = fill_template(settings_.call_url_template, id);
  if (booking.seats.empty()) {
    for (const auto& role : settings_.roles) booking.seats.push_back({role, "", ""});
  }
  std::optional<port::IdempotencyKey> key;
  if (idempotency) key = port::IdempotencyKey{who.id, idempotency->first, idempotency->second};
  auto meeting = domain::book(booking, id, who.id, now, settings_.policy);
  if (const auto roles = check_roles(booking, settings_.roles); meeting && !roles) {
    meeting = tl::unexpected<base::Error>(roles.error());
  }
  if (!meeting && key) {  // what was right when it was booked may be late, or not allowed, by now
    if (auto made = TRY(ports_.store.made_by(*key))) return port::Created{*std::move(made), true};
  }
  const port::Commit commit{.meeting = TRY(std::move(meeting)),
                            .audit = {command(who, "book", id.text(), now)},
                            .launches = 0,
                            .limits = {}};
  auto created = TRY(ports_.store.create(commit, key));
  if (created.meeting.wake_at) {
    ports_.wakeups.wake(created.meeting.id, *created.meeting.wake_at);
  }
  return created;
}

// One answer for "not yours" and "not there".
Result<domain::Meeting> Schedule::find(const Principal& who, const domain::MeetingId& id,
                                       Operation operation) {
  auto loaded = ports_.store.load(id);
  if (!loaded && loaded.error().kind == ErrorKind::not_found) {
    return fail(ErrorKind::not_found, "no such meeting");
  }
  auto meeting = TRY(std::move(loaded));
  TRY(may(who, operation, meeting));
  return meeting;
}

Result<domain::Meeting> Schedule::get(const Principal& who, const domain::MeetingId& id) {
  return find(who, id, Operation::read);
}

Result<port::Page> Schedule::list(const Principal& who, const std::string& from,
                                  std::size_t limit) {
  TRY(may(who, Operation::read));
  if (limit == 0 || limit > kPageMax) {
    return fail(ErrorKind::invalid, "must be from 1 to " + std::to_string(kPageMax), "limit");
  }
  std::optional<domain::PrincipalId> owner;
  if (!who.scopes.contains(port::Scope::operate)) owner = who.id;
  return ports_.store.list(owner, from, limit);
}

Result<std::vector<port::AuditEntry>> Schedule::audit(const Principal& who,
                                                      const domain::MeetingId& id) {
  const auto meeting = TRY(get(who, id));
  return ports_.store.audit(meeting.id);
}

template <class Change>
Result<domain::Meeting> Schedule::change(const Principal& who, const domain::MeetingId& id,
                                         std::string_view action, std::string_view target,
                                         const Change& apply) {
  const auto now = ports_.clock.now();
  TRY(find(who, id, Operation::change));
  return change_meeting(ports_, id, {command(who, action, target, now)},
                        [&](const domain::Meeting& meeting) -> Result<domain::Meeting> {
                          TRY(may(who, Operation::change, meeting));
                          return apply(meeting, now);
                        });
}

Result<domain::Meeting> Schedule::cancel(const Principal& who, const domain::MeetingId& id) {
  return change(who, id, "cancel", id.text(),
                [&](const domain::Meeting& meeting, base::Timestamp now) {
                  return domain::cancel(meeting, who.id.text(), now);
                });
}

Result<domain::Meeting> Schedule::end(const Principal& who, const domain::MeetingId& id) {
  return change(who, id, "end", id.text(),
                [&](const domain::Meeting& meeting, base::Timestamp now) {
                  return domain::end(meeting, who.id.text(), now);
                });
}

Result<domain::Meeting> Schedule::extend(const Principal& who, const domain::MeetingId& id,
                                         base::Duration by) {
  return change(who, id, "extend", base::to_text(by),
                [&](const domain::Meeting& meeting, base::Timestamp now) {
                  return domain::extend(meeting, by, now, settings_.policy);
                });
}

Result<domain::Meeting> Schedule::reschedule(const Principal& who, const domain::MeetingId& id,
                                             const domain::Start& start) {
  return change(who, id, "reschedule", base::to_rfc3339(start.at),
                [&](const domain::Meeting& meeting, base::Timestamp now) {
                  return domain::reschedule(meeting, start, now, settings_.policy);
                });
}

Result<domain::Meeting> Schedule::rotate(const Principal& who, const domain::SeatId& seat) {
  const auto id = domain::meeting_of(seat);
  if (!id) return fail(ErrorKind::not_found, "no such seat");
  return change(who, *id, "rotate", seat.text(),
                [&](const domain::Meeting& meeting, base::Timestamp now) {
                  return domain::rotate(meeting, seat, now);
                });
}

}  // namespace app
