#pragma once
// Routes: the one table of calls, and the checks that come before every handler: rates, who is
// asking, Origin. A handler is a blocking function from a request to a response; it never throws.

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "app/principal.hpp"
#include "host/http/context.hpp"
#include "host/http/message.hpp"

namespace host::http {

using Parts = std::vector<std::string_view>;  // what stood for each {} of the pattern
using Handler = Response (*)(const Context&, const Request&, const Parts&);

struct Route {
  Site site;
  std::string_view method;
  std::string_view pattern;  // "/v1/meetings/{}/cancel"
  Handler handler;
  // POST only: the origin that must have sent it. `none`: it carries no cookie of ours (a browser's
  // Origin must still be ours); `own`: this host's; `front`: the join page's.
  enum class From { none, own, front } from = From::own;
};

std::span<const Route> organiser_routes();
std::span<const Route> join_routes();
std::span<const Route> desk_routes();
std::span<const Route> operate_routes();

// Its handler calls nothing but the store: such requests may be handled above each other on one
// thread while they wait for a commit (Pool::help).
bool is_quick(const Request& request);

// Finds the route and runs it; problems for what has none.
Response handle(const Context& context, const Request& request);

// Who is asking, by key or cookie; denied when nobody is.
base::Result<app::Principal> principal_of(const Context& context, const Request& request);
// 401 for somebody who is not logged in.
Response not_logged_in(const base::Error& error);
Response json_response(int status, std::string body);
Response empty_response();

}  // namespace host::http
