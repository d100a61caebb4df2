#include "host/http/codec_write.hpp"

#include <boost/json.hpp>

#include "domain/command.hpp"
#include "host/http/codec_read.hpp"

namespace host::http {
namespace {

namespace json = boost::json;

json::value time_or_null(const std::optional<base::Timestamp>& at) {
  if (!at) return nullptr;
  return json::value(base::to_rfc3339(*at));
}

json::value text_or_null(std::string_view text) {
  if (text.empty()) return nullptr;
  return json::value(text);
}

json::object start_of(const domain::Meeting& meeting) {
  return {{"at", base::to_rfc3339(meeting.start.at)},
          {"zone", meeting.start.zone},
          {"local", meeting.start.local}};
}

std::int64_t minutes_of(base::Duration duration) {
  return std::chrono::duration_cast<std::chrono::minutes>(duration).count();
}

json::value failed_of(const domain::Seat& seat) {
  if (!seat.failed) return nullptr;
  return json::value(seat.failed->value);
}

json::value desktop_of(const domain::Seat& seat, const Urls& urls) {
  if (!seat.desktop || seat.desktop->gone) return nullptr;
  return json::object{{"id", seat.desktop->id.text()},
                      {"url", urls.desk_origin(seat.desktop->id) + "/"}};
}

json::value connections_of(const domain::Seat& seat) {
  if (!seat.desktop || !seat.desktop->presence || !seat.desktop->presence->connections) {
    return nullptr;
  }
  return *seat.desktop->presence->connections;
}

json::object seat_of(const domain::Meeting& meeting, const domain::Seat& seat,
                     const std::string& token, const Urls& urls, base::Timestamp now,
                     const domain::Policy& policy) {
  return {{"id", seat.id.text()},
          {"role", seat.role},
          {"name", seat.person},
          {"email", seat.email},
          {"link", urls.link(seat.id, token)},
          {"step", domain::to_string(domain::step(meeting, seat, now, policy))},
          {"attempt", seat.desktop ? seat.desktop->attempt : seat.attempts},
          {"desktop", desktop_of(seat, urls)},
          {"used", seat.used_at.has_value()},
          {"connections", connections_of(seat)},
          {"failed", failed_of(seat)},
          {"trouble", text_or_null(seat.trouble)}};
}

json::object step_of(std::string_view name, const std::optional<base::Timestamp>& at) {
  return {{"name", name}, {"at", time_or_null(at)}};
}

json::array steps_of(const domain::Meeting& meeting, const domain::Seat& seat) {
  const domain::Desktop* desktop = seat.desktop ? &*seat.desktop : nullptr;
  const auto at = [&](const auto& fact) -> std::optional<base::Timestamp> {
    if (desktop == nullptr) return std::nullopt;
    return fact(*desktop);
  };
  using When = std::optional<base::Timestamp>;
  return {step_of("booked", meeting.created_at),
          step_of("launched", at([](const domain::Desktop& d) {
                    return d.instance ? When(d.instance->seen.at) : When();
                  })),
          step_of("running", at([](const domain::Desktop& d) {
                    return d.running ? When(d.running->at) : When();
                  })),
          step_of("named", at([](const domain::Desktop& d) {
                    return d.record ? When(d.record->seen.at) : When();
                  })),
          step_of("ready", at([](const domain::Desktop& d) {
                    return d.first_ready ? When(d.first_ready->at) : When();
                  }))};
}

json::array others_of(const domain::Meeting& meeting, const domain::SeatId& own) {
  json::array others;
  for (const auto& seat : meeting.seats) {
    if (seat.id == own) continue;
    const bool here = seat.desktop && !seat.desktop->gone && seat.desktop->presence &&
                      seat.desktop->presence->connections.value_or(0) > 0;
    others.push_back(json::object{{"role", seat.role}, {"name", seat.person}, {"here", here}});
  }
  return others;
}

std::string_view kind_of(port::AuditEntry::Kind kind) {
  switch (kind) {
    case port::AuditEntry::Kind::command:
      return "command";
    case port::AuditEntry::Kind::intent:
      return "intent";
    case port::AuditEntry::Kind::outcome:
      return "outcome";
  }
  return "";
}

json::object key_object(const port::ApiKey& key) {
  json::array scopes;
  for (const auto scope : key.scopes) scopes.emplace_back(to_string(scope));
  return {{"name", key.principal.text()},
          {"scopes", std::move(scopes)},
          {"created_at", base::to_rfc3339(key.created_at)},
          {"revoked_at", time_or_null(key.revoked_at)}};
}

}  // namespace

std::string render_meeting(const domain::Meeting& meeting, const std::vector<std::string>& tokens,
                           const Urls& urls, base::Timestamp now, const domain::Policy& policy) {
  json::array seats;
  for (std::size_t i = 0; i < meeting.seats.size(); ++i) {
    seats.push_back(seat_of(meeting, meeting.seats[i], tokens.at(i), urls, now, policy));
  }
  json::value end = nullptr;
  if (meeting.end) {
    end = json::object{{"reason", domain::to_string(meeting.end->reason)},
                       {"at", base::to_rfc3339(meeting.end->at)},
                       {"by", meeting.end->by}};
  }
  const json::object document{{"id", meeting.id.text()},
                              {"title", meeting.title},
                              {"owner", meeting.owner.text()},
                              {"created_at", base::to_rfc3339(meeting.created_at)},
                              {"start", start_of(meeting)},
                              {"length_minutes", minutes_of(meeting.length)},
                              {"extended_minutes", minutes_of(meeting.extended)},
                              {"call_url", meeting.call_url},
                              {"phase", domain::to_string(domain::phase(meeting, now, policy))},
                              {"launch_at", base::to_rfc3339(domain::launch_at(meeting, policy))},
                              {"planned_end", base::to_rfc3339(domain::planned_end(meeting))},
                              {"hard_cap", base::to_rfc3339(domain::hard_cap(meeting, policy))},
                              {"end", std::move(end)},
                              {"over_at", time_or_null(meeting.over_at)},
                              {"seats", std::move(seats)}};
  return json::serialize(document);
}

std::string render_page(const std::vector<std::string>& meetings, std::string_view next) {
  std::string out = "{\"meetings\":[";
  for (std::size_t i = 0; i < meetings.size(); ++i) {
    if (i > 0) out += ',';
    out += meetings[i];
  }
  return out + "],\"next\":" + json::serialize(json::value(next)) + "}";
}

std::string render_status(const domain::Meeting& meeting, const domain::SeatId& seat_id,
                          base::Timestamp now, const domain::Policy& policy) {
  const domain::Seat* seat = domain::find_seat(meeting, seat_id);
  if (seat == nullptr) return "{}";
  const bool closing = seat->desktop && !seat->desktop->gone && seat->desktop->closing;
  json::value end = nullptr;
  if (meeting.end) {
    end = json::object{{"reason", domain::to_string(meeting.end->reason)},
                       {"at", base::to_rfc3339(meeting.end->at)}};
  }
  const json::object document{
      {"seat", seat->id.text()},
      {"role", seat->role},
      {"name", seat->person},
      {"title", meeting.title},
      {"call_url", meeting.call_url},
      {"start", start_of(meeting)},
      {"launch_at", base::to_rfc3339(domain::launch_at(meeting, policy))},
      {"planned_end", base::to_rfc3339(domain::planned_end(meeting))},
      {"hard_cap", base::to_rfc3339(domain::hard_cap(meeting, policy))},
      {"phase", domain::to_string(domain::phase(meeting, now, policy))},
      {"step", domain::to_string(domain::step(meeting, *seat, now, policy))},
      {"attempt", seat->desktop ? seat->desktop->attempt : seat->attempts},
      {"can_enter", !domain::why_not_offer(meeting, *seat, now, policy).has_value()},
      {"can_restart", domain::can_restart(meeting, *seat, now, policy)},
      {"steps", steps_of(meeting, *seat)},
      {"others", others_of(meeting, seat_id)},
      {"trouble", text_or_null(seat->trouble)},
      {"failed", failed_of(*seat)},
      {"release_at", base::to_rfc3339(domain::release_at(meeting, *seat, policy))},
      {"closing", closing ? json::value(domain::to_string(seat->desktop->closing->reason))
                          : json::value(nullptr)},
      {"end", std::move(end)}};
  return json::serialize(document);
}

std::string with_connected(std::string_view status, std::uint32_t connected) {
  std::string out(status.substr(0, status.rfind('}')));
  return out + ",\"connected\":" + std::to_string(connected) + "}";
}

std::string render_desk(const domain::Meeting& meeting, const domain::SeatId& seat_id,
                        const domain::DesktopId& desktop, const Urls& urls, std::uint32_t connected,
                        const domain::Policy& policy) {
  const domain::Seat* seat = domain::find_seat(meeting, seat_id);
  if (seat == nullptr) return "{}";
  const json::object document{{"desktop", desktop.text()},
                              {"seat", seat_id.text()},
                              {"role", seat->role},
                              {"name", seat->person},
                              {"title", meeting.title},
                              {"call_url", meeting.call_url},
                              {"planned_end", base::to_rfc3339(domain::planned_end(meeting))},
                              {"hard_cap", base::to_rfc3339(domain::hard_cap(meeting, policy))},
                              {"join_url", urls.join_page(seat_id)},
                              {"connected", connected}};
  return json::serialize(document);
}

std::string render_audit(const std::vector<port::AuditEntry>& entries) {
  json::array audit;
  for (const auto& entry : entries) {
    audit.push_back(json::object{{"number", entry.number},
                                 {"at", base::to_rfc3339(entry.at)},
                                 {"kind", kind_of(entry.kind)},
                                 {"actor", entry.actor},
                                 {"action", entry.action},
                                 {"target", entry.target},
                                 {"result", entry.result},
                                 {"detail", entry.detail}});
  }
  return json::serialize(json::object{{"audit", std::move(audit)}});
}

std::string render_sweep(const app::SweepReport& report) {
  json::array items;
  for (const auto& item : report.items) {
    items.push_back(json::object{
        {"kind", item.kind}, {"id", item.id}, {"verdict", item.verdict}, {"why", item.why}});
  }
  return json::serialize(json::object{{"items", std::move(items)}});
}

std::string render_keys(const std::vector<port::ApiKey>& keys) {
  json::array all;
  for (const auto& key : keys) all.push_back(key_object(key));
  return json::serialize(json::object{{"keys", std::move(all)}});
}

std::string render_me(const app::Principal& who, const std::vector<std::string>& roles,
                      std::string_view version) {
  json::array scopes;
  for (const auto scope : who.scopes) scopes.emplace_back(to_string(scope));
  json::array role_names;
  for (const auto& role : roles) role_names.emplace_back(role);
  return json::serialize(json::object{{"principal", who.id.text()},
                                      {"scopes", std::move(scopes)},
                                      {"roles", std::move(role_names)},
                                      {"version", version}});
}

}  // namespace host::http
