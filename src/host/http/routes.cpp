#include "host/http/routes.hpp"

#include <array>
#include <optional>

#include "base/log.hpp"
#include "host/http/problem.hpp"

namespace host::http {
namespace {

constexpr std::string_view kBearer = "Bearer ";

bool match(std::string_view pattern, std::string_view path, Parts& parts) {
  parts.clear();
  for (;;) {
    const auto hole = pattern.find("{}");
    if (hole == std::string_view::npos) return pattern == path;
    if (!path.starts_with(pattern.substr(0, hole))) return false;
    path.remove_prefix(hole);
    pattern.remove_prefix(hole + 2);
    const auto part = path.substr(0, path.find('/'));
    if (part.empty()) return false;
    parts.push_back(part);
    path.remove_prefix(part.size());
  }
}

bool origin_good(const Context& context, const Request& request, Route::From from) {
  const auto origin = request.header("origin");
  const std::string own = request.site == Site::desk ? context.urls.desk_origin(*request.desktop)
                                                     : context.urls.origin();
  switch (from) {
    case Route::From::none:
      return origin.empty() || origin == own;
    case Route::From::own:
      // A key in a header is not sent by a browser on its own: only cookies need the origin.
      return origin == own ||
             (origin.empty() && request.header("authorization").starts_with(kBearer));
    case Route::From::front:
      return origin == context.urls.origin();
  }
  return false;
}

Response run(const Context& context, const Request& request, const Route& route,
             const Parts& parts) {
  if (!request.changes_nothing() && !origin_good(context, request, route.from)) {
    return problem(403, "this call must come from a page of this server (Origin)");
  }
  try {
    return route.handler(context, request, parts);
  } catch (const std::exception& error) {
    base::log(base::LogLevel::error, "a handler threw",
              {{"route", route.pattern}, {"detail", std::string(error.what())}});
    return problem(500, "this went wrong on our side");
  }
}

}  // namespace

Response json_response(int status, std::string body) {
  Response response;
  response.status = status;
  response.body = std::move(body);
  return response;
}

Response empty_response() {
  Response response;
  response.status = 204;
  response.content_type.clear();
  return response;
}

Response not_logged_in(const base::Error& error) {
  if (error.kind != base::ErrorKind::denied) return problem(error);
  return problem(401, error.message);
}

base::Result<app::Principal> principal_of(const Context& context, const Request& request) {
  if (!context.limiters.may_attempt(request.address)) {
    return base::fail(base::ErrorKind::exhausted, "too many failed tries; wait a little");
  }
  const std::string_view authorization = request.header("authorization");
  const std::string_view cookie = request.cookie("__Host-howdah");
  base::Result<app::Principal> who =
      base::fail(base::ErrorKind::denied, "log in first, or send a key");
  if (authorization.starts_with(kBearer)) {
    who = context.use.access.by_key(authorization.substr(kBearer.size()));
  } else if (!cookie.empty()) {
    who = context.use.access.by_cookie(cookie);
  } else {
    return who;
  }
  if (!who && who.error().kind == base::ErrorKind::denied) {
    context.limiters.failed_attempt(request.address);
  }
  return who;
}

bool is_quick(const Request& request) {
  return request.site == Site::front && request.method == "POST" && request.path == "/v1/meetings";
}

Response handle(const Context& context, const Request& request) {
  const std::array<std::span<const Route>, 4> tables{organiser_routes(), join_routes(),
                                                     desk_routes(), operate_routes()};
  std::string_view method = request.method;
  if (method == "HEAD") method = "GET";
  Parts parts;
  std::string allowed;
  for (const auto& table : tables) {
    for (const auto& route : table) {
      if (route.site != request.site || !match(route.pattern, request.path, parts)) continue;
      if (route.method != method) {
        allowed += (allowed.empty() ? "" : ", ") + std::string(route.method);
        continue;
      }
      Response response = run(context, request, route, parts);
      response.route = route.pattern;
      return response;
    }
  }
  if (allowed.empty()) return problem(404, "there is nothing here");
  Response response = problem(405, "this takes " + allowed);
  response.headers.emplace_back("Allow", allowed);
  return response;
}

}  // namespace host::http
