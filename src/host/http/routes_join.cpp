#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <chrono>
#include <thread>

#include "host/http/codec_read.hpp"
#include "host/http/problem.hpp"
#include "host/http/routes.hpp"

namespace host::http {
namespace {

using base::ErrorKind;
using base::Result;

constexpr std::string_view kCookiePrefix = "__Host-seat-";
// A browser sends the cookies of all seats with each request; with some 65 of them its head would
// be refused. So many are kept beside the newest.
constexpr std::size_t kOtherCookiesMax = 16;
constexpr std::chrono::hours kCookieAfterMeeting{24};
constexpr std::chrono::hours kCookieAgeMax{400 * 24};  // browsers keep none longer

std::string cookie_name(std::string_view seat) {
  return std::string(kCookiePrefix) + std::string(seat);
}

// Until a day after the latest end of the meeting as it is now, and at least for a day: the page
// tells of a meeting that is over, too.
int cookie_age_s(const Context& context, const domain::Meeting& meeting) {
  const auto now = context.use.clock.now();
  const auto end = std::max(domain::hard_cap(meeting, context.use.settings.policy), now);
  const auto age = std::min<base::Duration>(end - now + kCookieAfterMeeting, kCookieAgeMax);
  return static_cast<int>(std::chrono::ceil<std::chrono::seconds>(age).count());
}

// Drops the oldest cookies of other seats when there are too many: their links open them again.
void drop_surplus(const Request& request, const std::string& own, Response& response) {
  auto others = cookie_names(request.header("cookie"), kCookiePrefix);
  std::erase_if(others, [&](std::string_view name) {
    return name == own || !domain::SeatId::parse(name.substr(kCookiePrefix.size()));
  });
  for (std::size_t i = 0; i + kOtherCookiesMax < others.size(); ++i) {
    response.headers.emplace_back("Set-Cookie", set_cookie(others[i], "", 0));
  }
}

// The guest by the seat's cookie; the live view follows the meeting from here on.
Result<app::Guest> guest_of(const Context& context, const Request& request,
                            std::string_view seat_text) {
  const auto cookie = request.cookie(cookie_name(seat_text));
  const auto seat = domain::SeatId::parse(seat_text);
  if (cookie.empty() || !seat) {
    return base::fail(ErrorKind::not_found,
                      "this link is not valid, or not any more; ask for a new one");
  }
  if (!context.limiters.may_attempt(request.address)) {
    return base::fail(ErrorKind::exhausted, "too many failed tries; wait a little");
  }
  if (const auto meeting = domain::meeting_of(*seat)) context.live.expect(*meeting);
  auto guest = context.use.join.guest(*seat, cookie);
  if (!guest && guest.error().kind == ErrorKind::not_found) {
    context.limiters.failed_attempt(request.address);
  }
  if (guest) static_cast<void>(context.live.remember(*guest, cookie));
  return guest;
}

Response status_response(const Context& context, const app::Guest& guest, int status) {
  return json_response(status, *context.live.remember(guest, ""));
}

// Bad links of every kind are answered this long after they came, whatever it took to find out: an
// unknown, a rotated and a tampered one cannot be told apart by time (SECURITY row 4).
constexpr std::chrono::milliseconds kBadLinkTime{25};

Response bad_link(const base::Error& error, std::chrono::steady_clock::time_point came) {
  std::this_thread::sleep_until(came + kBadLinkTime);
  return problem(error);
}

// Which link is tried: all of a ticket but its signature, so that guessing one does not get more
// tries.
std::string_view bucket_of(std::string_view link) {
  return link.substr(0, link.rfind('.')).substr(0, 200);
}

Response exchange(const Context& context, const Request& request, const Parts& /*parts*/) {
  const auto came = std::chrono::steady_clock::now();
  const auto link = parse_single(request.body, "link");
  if (!link) return problem(link.error());
  if (!context.limiters.may_attempt(request.address) || !context.limiters.link(bucket_of(*link))) {
    return problem(429, "too many tries; wait a little");
  }
  auto proved = context.use.join.exchange(*link);
  if (!proved) {
    if (proved.error().kind == ErrorKind::not_found) {
      context.limiters.failed_attempt(request.address);
    }
    return bad_link(proved.error(), came);
  }
  const auto& [guest, cookie] = *proved;
  context.live.expect(guest.meeting.id);
  // Loaded again, so that no commit is missed between the two.
  const auto again = context.use.join.guest(guest.seat, cookie);
  if (!again) return problem(again.error());
  Response response = json_response(200, *context.live.remember(*again, cookie));
  const auto name = cookie_name(guest.seat.text());
  response.headers.emplace_back("Set-Cookie",
                                set_cookie(name, cookie, cookie_age_s(context, again->meeting)));
  drop_surplus(request, name, response);
  return response;
}

Response status(const Context& context, const Request& request, const Parts& parts) {
  const auto guest = guest_of(context, request, parts.at(0));
  if (!guest) return problem(guest.error());
  return status_response(context, *guest, 200);
}

Response events(const Context& context, const Request& request, const Parts& parts) {
  auto guest = guest_of(context, request, parts.at(0));
  if (!guest) return problem(guest.error());
  Response response;
  response.grant = std::make_shared<Grant>(
      Grant{std::move(guest->meeting), guest->seat, std::nullopt, false, false, nullptr});
  return response;
}

Response enter(const Context& context, const Request& request, const Parts& parts) {
  const auto guest = guest_of(context, request, parts.at(0));
  if (!guest) return problem(guest.error());
  if (!context.limiters.link(guest->seat.text())) {
    return problem(429, "too many tries; wait a little");
  }
  const auto entry = context.use.join.enter(*guest);
  if (!entry) return problem(entry.error());
  const boost::json::object document{{"door", context.urls.door(entry->desktop)},
                                     {"token", entry->token}};
  return json_response(200, boost::json::serialize(document));
}

Response restart(const Context& context, const Request& request, const Parts& parts) {
  const auto guest = guest_of(context, request, parts.at(0));
  if (!guest) return problem(guest.error());
  if (!context.limiters.link(guest->seat.text())) {
    return problem(429, "too many tries; wait a little");
  }
  const auto after = context.use.join.restart(*guest);
  if (!after) return problem(after.error());
  return status_response(context, *after, 202);
}

Response leave(const Context& context, const Request& request, const Parts& parts) {
  const auto guest = guest_of(context, request, parts.at(0));
  if (!guest) return problem(guest.error());
  const auto everybody = parse_leave(request.body);
  if (!everybody) return problem(everybody.error());
  if (*everybody) {
    const auto asked = context.use.join.ask_end(*guest);
    if (!asked) return problem(asked.error());
  }
  const auto& seat = guest->own();
  if (seat.desktop) context.screens.close_all(seat.desktop->id, CloseCode::left);
  return empty_response();
}

constexpr std::array<Route, 6> kRoutes{{
    {Site::front, "POST", "/v1/join/exchange", exchange, Route::From::none},
    {Site::front, "GET", "/v1/join/{}", status},
    {Site::front, "GET", "/v1/join/{}/events", events},
    {Site::front, "POST", "/v1/join/{}/enter", enter},
    {Site::front, "POST", "/v1/join/{}/restart", restart},
    {Site::front, "POST", "/v1/join/{}/leave", leave},
}};

}  // namespace

std::span<const Route> join_routes() {
  return kRoutes;
}

}  // namespace host::http
