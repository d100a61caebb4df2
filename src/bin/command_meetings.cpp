// Commands on meetings.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "adapter/system/clock.hpp"
#include "bin/commands.hpp"
#include "bin/exit_code.hpp"

namespace bin {
namespace {

using base::ErrorKind;
using base::fail;
namespace json = boost::json;

void print(const std::string& text) {
  std::fputs(text.c_str(), stdout);
}
void print_json(const json::value& value) {
  print(json::serialize(value) + "\n");
}

std::string seat_lines(const json::value& meeting) {
  std::string text;
  for (const auto& seat : array_at(meeting, "seats")) {
    text += fmt::format("  {:<12} {:<20} {:<10} {}\n", text_at(seat, "role"), text_at(seat, "name"),
                        text_at(seat, "step"), text_at(seat, "link"));
    for (const auto* key : {"failed", "trouble"}) {
      if (const auto why = text_at(seat, key); !why.empty()) text += fmt::format("    {}\n", why);
    }
  }
  return text;
}

std::string meeting_text(const json::value& meeting) {
  std::string text = fmt::format("{}  ({})\n", text_at(meeting, "title"), text_at(meeting, "id"));
  text += fmt::format("  {}, starts {}, {} min", text_at(meeting, "phase"),
                      local_time(text_at(at(meeting, "start"), "at")),
                      number_at(meeting, "length_minutes"));
  if (const auto more = number_at(meeting, "extended_minutes"); more != 0) {
    text += fmt::format(" and {} more", more);
  }
  text += fmt::format(", at the latest until {}\n", local_time(text_at(meeting, "hard_cap")));
  if (const auto end = at(meeting, "end"); !end.is_null()) {
    text += fmt::format("  ended {} by {}: {}\n", local_time(text_at(end, "at")),
                        text_at(end, "by"), text_at(end, "reason"));
  }
  if (const auto call = text_at(meeting, "call_url"); !call.empty()) {
    text += fmt::format("  call {}\n", call);
  }
  return text + seat_lines(meeting);
}

// Shows what a call answered.
int answer(const Shared& shared, const base::Result<json::value>& meeting) {
  if (!meeting) return tell(meeting.error());
  if (shared.json) {
    print_json(*meeting);
  } else {
    print(meeting_text(*meeting));
  }
  return kExitOk;
}

// "role[:name[:email]]"
base::Result<json::object> parse_seat(const std::string& text) {
  json::object seat;
  const auto first = text.find(':');
  seat["role"] = text.substr(0, first);
  if (seat["role"].get_string().empty()) {
    return fail(ErrorKind::invalid, "role[:name[:email]] is expected", "--seat");
  }
  if (first == std::string::npos) return seat;
  const auto second = text.find(':', first + 1);
  const auto name = text.substr(first + 1, second - first - 1);
  if (!name.empty()) seat["name"] = name;
  if (second != std::string::npos) seat["email"] = text.substr(second + 1);
  return seat;
}

base::Result<json::object> booking_of(const BookOptions& options) {
  json::object booking;
  booking["title"] = options.title;
  adapter::system::Clock clock;
  const auto start = TRY(parse_start(options.start, options.zone, clock.now()));
  if (!start.at.empty()) booking["start"] = start.at;
  if (!start.local.empty()) {
    booking["start_local"] = start.local;
    booking["zone"] = start.zone;
  }
  if (!options.choice.empty()) booking["start_choice"] = options.choice;
  const auto length = base::parse_duration(options.length);
  if (!length || *length % std::chrono::minutes(1) != base::Duration(0)) {
    return fail(ErrorKind::invalid, "whole minutes are expected, like 45m or 1h30m", "--length");
  }
  booking["length_minutes"] = std::chrono::floor<std::chrono::minutes>(*length).count();
  if (!options.call_url.empty()) booking["call_url"] = options.call_url;
  json::array seats;
  for (const auto& seat : options.seats) seats.push_back(TRY(parse_seat(seat)));
  if (!seats.empty()) booking["seats"] = seats;
  return booking;
}

base::Result<json::value> do_book(const Shared& shared, const BookOptions& options) {
  if (options.idempotency == "") {  // of a script whose variable is not set: it relies on it
    return fail(ErrorKind::invalid, "must not be empty", "--idempotency-key");
  }
  const auto booking = TRY(booking_of(options));
  auto client = TRY(Client::open(shared));
  return client.post("/v1/meetings", booking, options.idempotency);
}

base::Result<json::value> do_list(const Shared& shared, std::size_t limit) {
  auto client = TRY(Client::open(shared));
  json::array all;
  std::string from;
  do {
    const auto count = std::min<std::size_t>(limit - all.size(), 50);
    const auto page = TRY(client.get(fmt::format("/v1/meetings?limit={}&from={}", count, from)));
    for (const auto& meeting : array_at(page, "meetings")) all.push_back(meeting);
    from = text_at(page, "next");
  } while (!from.empty() && all.size() < limit);
  return all;
}

base::Result<json::value> do_get(const Shared& shared, const std::string& path) {
  auto client = TRY(Client::open(shared));
  return client.get(path);
}

base::Result<json::value> do_post(const Shared& shared, const std::string& path,
                                  const json::object& body) {
  auto client = TRY(Client::open(shared));
  return client.post(path, body);
}

std::string audit_text(const json::value& audit) {
  std::string text = "  audit\n";
  for (const auto& row : array_at(audit, "audit")) {
    text += fmt::format("  {:>4} {} {:<8} {:<16} {:<12} {} {} {}\n", number_at(row, "number"),
                        local_time(text_at(row, "at")), text_at(row, "kind"), text_at(row, "actor"),
                        text_at(row, "action"), text_at(row, "target"), text_at(row, "result"),
                        text_at(row, "detail"));
  }
  return text;
}

// Ids stand in a path: only what can be an id is sent.
base::Result<std::string> meeting_path(const std::string& id) {
  return "/v1/meetings/" + TRY(domain::MeetingId::parse(id)).text();
}

}  // namespace

int book(const Shared& shared, const BookOptions& options) {
  return answer(shared, do_book(shared, options));
}

int list(const Shared& shared, std::size_t limit) {
  const auto meetings = do_list(shared, limit);
  if (!meetings) return tell(meetings.error());
  if (shared.json) {
    print_json(*meetings);
    return kExitOk;
  }
  if (meetings->get_array().empty()) print("no meetings yet: `howdah book --help`\n");
  for (const auto& meeting : meetings->get_array()) {
    const auto start = local_time(text_at(at(meeting, "start"), "at"));
    print(fmt::format("{:<28} {:>4} min  {:<9} {}  {}\n", start,
                      number_at(meeting, "length_minutes"), text_at(meeting, "phase"),
                      text_at(meeting, "id"), text_at(meeting, "title")));
  }
  return kExitOk;
}

int show(const Shared& shared, const std::string& id, bool audit) {
  const auto path = meeting_path(id);
  if (!path) return tell({ErrorKind::not_found, "there is no such meeting", "", ""});
  const auto meeting = do_get(shared, *path);
  if (!meeting || !audit) return answer(shared, meeting);
  const auto rows = do_get(shared, *path + "/audit");
  if (!rows) return tell(rows.error());
  if (shared.json) {
    print_json(json::object{{"meeting", *meeting}, {"audit", at(*rows, "audit")}});
  } else {
    print(meeting_text(*meeting) + audit_text(*rows));
  }
  return kExitOk;
}

int stop_meeting(const Shared& shared, const std::string& id, const std::string& what) {
  const auto path = meeting_path(id);
  if (!path) return tell({ErrorKind::not_found, "there is no such meeting", "", ""});
  return answer(shared, do_post(shared, *path + "/" + what, {}));
}

int extend(const Shared& shared, const std::string& id, const std::string& by) {
  const auto path = meeting_path(id);
  if (!path) return tell({ErrorKind::not_found, "there is no such meeting", "", ""});
  const auto time = base::parse_duration(by);
  if (!time || *time < std::chrono::minutes(1) ||
      *time % std::chrono::minutes(1) != base::Duration(0)) {
    return tell({ErrorKind::invalid, "whole minutes are expected, like 15m", "", ""});
  }
  const auto minutes = std::chrono::floor<std::chrono::minutes>(*time).count();
  return answer(shared, do_post(shared, *path + "/extend", {{"minutes", minutes}}));
}

int rotate_link(const Shared& shared, const std::string& seat) {
  const auto id = domain::SeatId::parse(seat);
  const auto meeting = id ? domain::meeting_of(*id) : std::nullopt;
  if (!meeting) return tell({ErrorKind::not_found, "there is no such seat", "", ""});
  const auto path = fmt::format("/v1/meetings/{}/seats/{}/rotate", meeting->text(), id->text());
  return answer(shared, do_post(shared, path, {}));
}

}  // namespace bin
