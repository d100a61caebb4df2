#include <array>
#include <charconv>

#include "base/crypto.hpp"
#include "host/http/codec_read.hpp"
#include "host/http/codec_write.hpp"
#include "host/http/problem.hpp"
#include "host/http/routes.hpp"

namespace host::http {
namespace {

using base::ErrorKind;
using base::Result;

constexpr int kCookieAge = 7 * 24 * 3600;
constexpr std::string_view kCookie = "__Host-howdah";

Result<std::string> render(const Context& context, const domain::Meeting& meeting) {
  std::vector<std::string> tokens;
  for (const auto& seat : meeting.seats) {
    tokens.push_back(TRY(context.use.join.link_token(seat)));
  }
  return render_meeting(meeting, tokens, context.urls, context.use.clock.now(),
                        context.use.settings.policy);
}

Response respond(const Context& context, int status, const Result<domain::Meeting>& meeting) {
  if (!meeting) return problem(meeting.error());
  auto body = render(context, *meeting);
  return body ? json_response(status, *std::move(body)) : problem(body.error());
}

Result<domain::MeetingId> meeting_id(std::string_view text) {
  auto id = domain::MeetingId::parse(text);
  if (!id) return base::fail(ErrorKind::not_found, "no such meeting");
  return id;
}

// One call on one meeting by somebody who is logged in.
template <class Call>
Response change(const Context& context, const Request& request, const Parts& parts,
                const Call& call) {
  const auto who = principal_of(context, request);
  if (!who) return not_logged_in(who.error());
  const auto id = meeting_id(parts.at(0));
  if (!id) return problem(id.error());
  return respond(context, 200, call(*who, *id));
}

Response login(const Context& context, const Request& request, const Parts& /*parts*/) {
  if (!context.limiters.may_attempt(request.address)) {
    return problem(429, "too many failed tries; wait a little");
  }
  const auto code = parse_single(request.body, "code");
  if (!code) return problem(code.error());
  const auto cookie = context.use.access.login(*code);
  if (!cookie) {
    if (cookie.error().kind == ErrorKind::denied) context.limiters.failed_attempt(request.address);
    return not_logged_in(cookie.error());
  }
  Response response = empty_response();
  response.headers.emplace_back("Set-Cookie", set_cookie(kCookie, *cookie, kCookieAge));
  return response;
}

Response logout(const Context& /*context*/, const Request& /*request*/, const Parts& /*parts*/) {
  Response response = empty_response();
  response.headers.emplace_back("Set-Cookie", set_cookie(kCookie, "", 0));
  return response;
}

Response me(const Context& context, const Request& request, const Parts& /*parts*/) {
  const auto who = principal_of(context, request);
  if (!who) return not_logged_in(who.error());
  return json_response(200, render_me(*who, context.use.settings.roles, context.config.version));
}

bool key_allowed(std::string_view key) {
  if (key.empty() || key.size() > 128) return false;
  for (const char c : key) {
    if (c < 0x21 || c > 0x7e) return false;
  }
  return true;
}

Response book(const Context& context, const Request& request, const Parts& /*parts*/) {
  const auto who = principal_of(context, request);
  if (!who) return not_logged_in(who.error());
  std::optional<std::pair<std::string, std::string>> idempotency;
  if (request.has_header("idempotency-key")) {
    const auto key = request.header("idempotency-key");
    if (!key_allowed(key)) {
      return problem(422, "must be 1 to 128 printable ASCII characters", "Idempotency-Key");
    }
    idempotency.emplace(std::string(key), base::to_hex(base::as_bytes(base::sha256(request.body))));
  }
  auto booking = parse_booking(request.body);
  if (!booking) return problem(booking.error());
  const auto created = context.use.schedule.book(*who, *std::move(booking), idempotency);
  if (!created) return problem(created.error());
  Response response = respond(context, 201, created->meeting);
  response.headers.emplace_back("Location", "/v1/meetings/" + created->meeting.id.text());
  return response;
}

Response list(const Context& context, const Request& request, const Parts& /*parts*/) {
  const auto who = principal_of(context, request);
  if (!who) return not_logged_in(who.error());
  std::size_t limit = 50;
  if (const auto text = request.parameter("limit")) {
    const char* end = text->data() + text->size();
    const auto parsed = std::from_chars(text->data(), end, limit);
    if (parsed.ec != std::errc() || parsed.ptr != end) {
      return problem(422, "must be a number", "limit");
    }
  }
  const auto page =
      context.use.schedule.list(*who, std::string(request.parameter("from").value_or("")), limit);
  if (!page) return problem(page.error());
  std::vector<std::string> meetings;
  for (const auto& meeting : page->meetings) {
    auto body = render(context, meeting);
    if (!body) return problem(body.error());
    meetings.push_back(*std::move(body));
  }
  return json_response(200, render_page(meetings, page->next));
}

Response get(const Context& context, const Request& request, const Parts& parts) {
  return change(context, request, parts,
                [&](const auto& who, const auto& id) { return context.use.schedule.get(who, id); });
}

Response audit(const Context& context, const Request& request, const Parts& parts) {
  const auto who = principal_of(context, request);
  if (!who) return not_logged_in(who.error());
  const auto id = meeting_id(parts.at(0));
  if (!id) return problem(id.error());
  const auto entries = context.use.schedule.audit(*who, *id);
  if (!entries) return problem(entries.error());
  return json_response(200, render_audit(*entries));
}

Response cancel(const Context& context, const Request& request, const Parts& parts) {
  return change(context, request, parts, [&](const auto& who, const auto& id) {
    return context.use.schedule.cancel(who, id);
  });
}

Response end(const Context& context, const Request& request, const Parts& parts) {
  return change(context, request, parts,
                [&](const auto& who, const auto& id) { return context.use.schedule.end(who, id); });
}

Response extend(const Context& context, const Request& request, const Parts& parts) {
  return change(context, request, parts, [&](const auto& who, const auto& id) {
    const auto by = parse_extend(request.body);
    return by ? context.use.schedule.extend(who, id, *by)
              : Result<domain::Meeting>(tl::unexpected<base::Error>(by.error()));
  });
}

Response reschedule(const Context& context, const Request& request, const Parts& parts) {
  return change(context, request, parts, [&](const auto& who, const auto& id) {
    const auto start = parse_reschedule(request.body);
    return start ? context.use.schedule.reschedule(who, id, *start)
                 : Result<domain::Meeting>(tl::unexpected<base::Error>(start.error()));
  });
}

Response rotate(const Context& context, const Request& request, const Parts& parts) {
  const auto who = principal_of(context, request);
  if (!who) return not_logged_in(who.error());
  const auto seat = domain::SeatId::parse(parts.at(1));
  const auto meeting = seat ? domain::meeting_of(*seat) : std::nullopt;
  if (!meeting || meeting->text() != parts.at(0)) return problem(404, "no such seat");
  return respond(context, 200, context.use.schedule.rotate(*who, *seat));
}

using From = Route::From;
constexpr std::array<Route, 12> kRoutes{{
    {Site::front, "POST", "/v1/login", login, From::none},
    {Site::front, "POST", "/v1/logout", logout},
    {Site::front, "GET", "/v1/me", me},
    {Site::front, "POST", "/v1/meetings", book},
    {Site::front, "GET", "/v1/meetings", list},
    {Site::front, "GET", "/v1/meetings/{}", get},
    {Site::front, "GET", "/v1/meetings/{}/audit", audit},
    {Site::front, "POST", "/v1/meetings/{}/cancel", cancel},
    {Site::front, "POST", "/v1/meetings/{}/end", end},
    {Site::front, "POST", "/v1/meetings/{}/extend", extend},
    {Site::front, "POST", "/v1/meetings/{}/reschedule", reschedule},
    {Site::front, "POST", "/v1/meetings/{}/seats/{}/rotate", rotate},
}};

}  // namespace

std::span<const Route> organiser_routes() {
  return kRoutes;
}

}  // namespace host::http
