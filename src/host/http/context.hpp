#pragma once
// Context: what every handler works with. Made once by the server; everything in it is thread-safe.

#include <functional>

#include "host/http/limiter.hpp"
#include "host/http/live.hpp"
#include "host/http/screens.hpp"
#include "host/http/server.hpp"
#include "host/http/urls.hpp"

namespace host::http {

struct Context {
  const ServerConfig& config;
  const Dependencies& use;
  const Urls& urls;
  Live& live;
  Screens& screens;
  Limiters& limiters;
  // Live connections to a desktop's screen; nothing: unknown (this process started a moment ago).
  std::function<std::optional<std::uint32_t>(const domain::DesktopId&)> connections;
};

}  // namespace host::http
