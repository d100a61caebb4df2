#include <array>
#include <boost/json.hpp>

#include "host/http/codec_read.hpp"
#include "host/http/codec_write.hpp"
#include "host/http/problem.hpp"
#include "host/http/routes.hpp"
#include "host/http/screen_probe.hpp"

namespace host::http {
namespace {

using base::ErrorKind;
using base::Result;

constexpr std::string_view kCookie = "__Host-desk";

Result<app::Guest> guest_of(const Context& context, const Request& request) {
  const auto cookie = request.cookie(kCookie);
  if (cookie.empty()) {
    return base::fail(ErrorKind::not_found, "this desktop is not open to you; use your link again");
  }
  if (!context.limiters.may_attempt(request.address)) {
    return base::fail(ErrorKind::exhausted, "too many failed tries; wait a little");
  }
  if (const auto meeting = domain::meeting_of(*request.desktop)) context.live.expect(*meeting);
  auto guest = context.use.join.desk_guest(*request.desktop, cookie);
  if (!guest && guest.error().kind == ErrorKind::not_found) {
    context.limiters.failed_attempt(request.address);
  }
  return guest;
}

// A form brings people here, not a script: what goes wrong is said on a plain page with the way
// back.
Response door_closed(const Context& context, const Request& request, int status,
                     std::string_view why) {
  Response response;
  response.status = status;
  response.content_type = "text/html; charset=utf-8";
  if (status == 429 || status == 503) response.headers.emplace_back("Retry-After", "2");
  const auto seat = domain::seat_of(*request.desktop);
  const std::string back = seat ? context.urls.join_page(*seat) : context.urls.origin() + "/";
  std::string text;  // ours, but never trust that
  for (const char c : why) text += (c == '<' || c == '&' || c == '>') ? ' ' : c;
  response.body =
      "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Howdah</title>"
      "<h1>This way in is closed</h1><p>" +
      text + "</p><p><a href=\"" + back + "\">Back to your page</a></p></html>\n";
  return response;
}

Response enter(const Context& context, const Request& request, const Parts& /*parts*/) {
  if (!context.limiters.may_attempt(request.address)) {
    return door_closed(context, request, 429, "Too many tries; wait a little.");
  }
  const auto token = form_field(request.body, "token");
  if (!token || token->empty() || token->size() > 200) {
    return door_closed(context, request, 400, "The way in is missing.");
  }
  const auto pass = context.use.join.pass_door(*request.desktop, *token);
  if (!pass) {
    const auto kind = pass.error().kind;
    if (kind == ErrorKind::denied || kind == ErrorKind::not_found) {
      context.limiters.failed_attempt(request.address);
    }
    const auto refusal = problem(pass.error());  // tells the log what is our own fault
    return door_closed(context, request, refusal.status, pass.error().message);
  }
  Response response;
  response.status = 303;
  response.content_type.clear();
  response.headers.emplace_back("Location", "/");
  response.headers.emplace_back("Set-Cookie", set_cookie(kCookie, pass->cookie));
  return response;
}

Response desk(const Context& context, const Request& request, const Parts& /*parts*/) {
  const auto guest = guest_of(context, request);
  if (!guest) return problem(guest.error());
  return json_response(
      200, render_desk(guest->meeting, guest->seat, *request.desktop, context.urls,
                       context.screens.count(*request.desktop), context.use.settings.policy));
}

Response events(const Context& context, const Request& request, const Parts& /*parts*/) {
  auto guest = guest_of(context, request);
  if (!guest) return problem(guest.error());
  static_cast<void>(context.live.remember(*guest, ""));
  Response response;
  response.grant = std::make_shared<Grant>(
      Grant{std::move(guest->meeting), guest->seat, *request.desktop, false, false, nullptr});
  return response;
}

Response screen(const Context& context, const Request& request, const Parts& /*parts*/) {
  if (request.method != "GET" || request.header("sec-websocket-key").empty()) {
    return problem(400, "this is a WebSocket");
  }
  // The upgrade is the one GET with effect: it needs the origin like a POST (rows 7, 15).
  if (request.header("origin") != context.urls.desk_origin(*request.desktop)) {
    return problem(403, "this call must come from a page of this server (Origin)");
  }
  if (!lists(request.header("sec-websocket-protocol"), "binary")) {
    return problem(400, "the sub-protocol must be binary");
  }
  auto guest = guest_of(context, request);
  if (!guest) return problem(guest.error());
  const bool take_over = request.parameter("take_over") == "1";
  if (!take_over && context.screens.count(*request.desktop) > 0) {
    return problem(409, "this desktop is open in another tab");
  }
  guest = context.use.join.reenter(*request.desktop, *guest);
  if (!guest) return problem(guest.error());
  const auto& desktop = guest->own().desktop;
  auto grant = std::make_shared<Grant>(
      Grant{guest->meeting, guest->seat, *request.desktop, true, take_over, nullptr});
  if (desktop && desktop->instance) {
    const auto fd = context.use.console.connect(
        desktop->instance->value, {context.use.store.identity(), guest->seat, desktop->attempt});
    if (fd) grant->socket = std::make_shared<ScreenSocket>(*fd);
  }
  static_cast<void>(context.live.remember(*guest, ""));
  Response response;
  response.grant = std::move(grant);
  return response;
}

Response leave(const Context& context, const Request& request, const Parts& /*parts*/) {
  const auto guest = guest_of(context, request);
  if (!guest) return problem(guest.error());
  const auto everybody = parse_leave(request.body);
  if (!everybody) return problem(everybody.error());
  if (*everybody) {
    const auto asked = context.use.join.ask_end(*guest);
    if (!asked) return problem(asked.error());
  }
  context.screens.close_all(*request.desktop, CloseCode::left);
  Response response = empty_response();
  response.headers.emplace_back("Set-Cookie", set_cookie(kCookie, "", 0));
  return response;
}

// Whether the screen of this desktop works: its RFB handshake, made now.
bool screen_works(const Context& context, const domain::Seat& seat) {
  if (!seat.desktop || !seat.desktop->instance || seat.desktop->gone) return false;
  const auto fd =
      context.use.console.connect(seat.desktop->instance->value,
                                  {context.use.store.identity(), seat.id, seat.desktop->attempt});
  if (!fd) return false;
  const ScreenSocket socket(*fd);
  return screen_answers(socket.fd(), context.config.limits.probe_time);
}

Response probe(const Context& context, const Request& request, const Parts& /*parts*/) {
  const Response nothing = problem(404, "there is nothing here");
  const auto ticket = request.header("x-howdah-probe");
  const auto good = context.use.join.check_probe_ticket(*request.desktop, ticket);
  const auto id = domain::meeting_of(*request.desktop);
  const auto seat_id = domain::seat_of(*request.desktop);
  if (!good || !id || !seat_id) return nothing;
  const auto meeting = context.use.store.load(*id);
  if (!meeting)
    return meeting.error().kind == ErrorKind::not_found ? nothing : problem(meeting.error());
  const auto* seat = domain::find_seat(*meeting, *seat_id);
  if (seat == nullptr || !seat->desktop || seat->desktop->id != *request.desktop) return nothing;
  const auto connections = context.connections(*request.desktop);
  boost::json::object document{{"desktop", request.desktop->text()},
                               {"attempt", seat->desktop->attempt},
                               {"screen", screen_works(context, *seat)},
                               {"connections", nullptr}};
  if (connections) document["connections"] = *connections;
  return json_response(200, boost::json::serialize(document));
}

constexpr std::array<Route, 6> kRoutes{{
    {Site::desk, "POST", "/enter", enter, Route::From::front},
    {Site::desk, "GET", "/v1/desk", desk},
    {Site::desk, "GET", "/v1/desk/events", events},
    {Site::desk, "GET", "/screen", screen},
    {Site::desk, "POST", "/v1/desk/leave", leave},
    {Site::desk, "GET", "/.well-known/howdah-desktop", probe},
}};

}  // namespace

std::span<const Route> desk_routes() {
  return kRoutes;
}

}  // namespace host::http
