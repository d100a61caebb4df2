#include <array>
#include <boost/json.hpp>

#include "host/http/codec_read.hpp"
#include "host/http/codec_write.hpp"
#include "host/http/problem.hpp"
#include "host/http/routes.hpp"

namespace host::http {
namespace {

Response text_response(int status, std::string body) {
  Response response;
  response.status = status;
  response.content_type = "text/plain; charset=utf-8";
  response.body = std::move(body);
  return response;
}

Response healthz(const Context& /*context*/, const Request& /*request*/, const Parts& /*parts*/) {
  return text_response(200, "ok\n");
}

Response readyz(const Context& context, const Request& /*request*/, const Parts& /*parts*/) {
  const auto ready = context.use.ready();
  return ready ? text_response(200, "ok\n") : problem(503, ready.error().message);
}

Response metrics(const Context& context, const Request& request, const Parts& /*parts*/) {
  if (!context.config.metrics_open) {
    const auto who = principal_of(context, request);
    if (!who) return not_logged_in(who.error());
    const auto allowed = app::may(*who, app::Operation::read);
    if (!allowed) return problem(allowed.error());
  }
  Response response = text_response(200, context.use.metrics.render());
  response.content_type = "text/plain; version=0.0.4; charset=utf-8";
  return response;
}

Response sweep(const Context& context, const Request& request, const Parts& /*parts*/) {
  const auto who = principal_of(context, request);
  if (!who) return not_logged_in(who.error());
  const auto allowed = app::may(*who, app::Operation::operate);
  if (!allowed) return problem(allowed.error());
  const auto report = context.use.sweep_dry_run();
  if (!report) return problem(report.error());
  return json_response(200, render_sweep(*report));
}

Response keys(const Context& context, const Request& request, const Parts& /*parts*/) {
  const auto who = principal_of(context, request);
  if (!who) return not_logged_in(who.error());
  const auto all = context.use.access.keys(*who);
  if (!all) return problem(all.error());
  return json_response(200, render_keys(*all));
}

Response add_key(const Context& context, const Request& request, const Parts& /*parts*/) {
  const auto who = principal_of(context, request);
  if (!who) return not_logged_in(who.error());
  const auto wanted = parse_key(request.body);
  if (!wanted) return problem(wanted.error());
  const auto made = context.use.access.add_key(*who, wanted->name, wanted->scopes);
  if (!made) return problem(made.error());
  boost::json::array scopes;
  for (const auto scope : wanted->scopes) scopes.emplace_back(to_string(scope));
  const boost::json::object document{
      {"name", made->principal.text()}, {"scopes", std::move(scopes)}, {"key", made->key.reveal()}};
  return json_response(201, boost::json::serialize(document));
}

Response revoke_key(const Context& context, const Request& request, const Parts& parts) {
  const auto who = principal_of(context, request);
  if (!who) return not_logged_in(who.error());
  const auto revoked = context.use.access.revoke(*who, parts.at(0));
  return revoked ? empty_response() : problem(revoked.error());
}

Response new_login(const Context& context, const Request& request, const Parts& /*parts*/) {
  const auto who = principal_of(context, request);
  if (!who) return not_logged_in(who.error());
  const auto allowed = app::may(*who, app::Operation::operate);
  if (!allowed) return problem(allowed.error());
  const auto login = context.use.access.new_login(who->id);
  if (!login) return problem(login.error());
  const boost::json::object document{{"code", login->first.reveal()},
                                     {"expires_at", base::to_rfc3339(login->second)}};
  return json_response(201, boost::json::serialize(document));
}

constexpr std::array<Route, 10> kRoutes{{
    {Site::front, "GET", "/healthz", healthz},
    {Site::loopback, "GET", "/healthz", healthz},
    {Site::front, "GET", "/readyz", readyz},
    {Site::loopback, "GET", "/readyz", readyz},
    {Site::front, "GET", "/metrics", metrics},
    {Site::front, "GET", "/v1/sweep", sweep},
    {Site::front, "GET", "/v1/keys", keys},
    {Site::front, "POST", "/v1/keys", add_key},
    {Site::front, "POST", "/v1/keys/{}/revoke", revoke_key},
    {Site::front, "POST", "/v1/logins", new_login},
}};

}  // namespace

std::span<const Route> operate_routes() {
  return kRoutes;
}

}  // namespace host::http
