#include "adapter/localprobe/prober.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "adapter/localprobe/answer.hpp"
#include "adapter/localprobe/wire.hpp"

namespace adapter::localprobe {
namespace {

using base::ErrorKind;
using base::fail;
using base::Result;

domain::Probe silent(std::string why_not) {
  domain::Probe probe;
  probe.why_not = std::move(why_not);
  return probe;
}

// Can stand in a line of a request's head.
bool is_plain(std::string_view text) {
  return !text.empty() && text.size() <= 512 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
}

}  // namespace

Result<domain::Probe> LocalProber::probe(const port::ProbeTarget& target) {
  const auto ticket = TRY(ticket_(target.desktop));
  if (!is_plain(ticket) || !is_plain(target.name)) {
    return fail(ErrorKind::internal, "this desktop can't be asked for", {}, target.name);
  }
  const auto response = exchange(target, ticket);
  if (!response) {
    // unavailable is the peer's silence; everything else is our own trouble.
    if (response.error().kind == ErrorKind::unavailable) return silent(response.error().message);
    return tl::unexpected(response.error());
  }
  const auto answer = parse_response(*response);
  if (!answer) return silent(answer.error().message);
  if (answer->desktop != target.desktop.text() || answer->attempt != target.attempt) {
    return silent("another desktop answers at its name");
  }
  if (!answer->screen) return silent("its screen does not work");
  domain::Probe probe;
  probe.answers = true;
  probe.connections = answer->connections;
  return probe;
}

Result<std::string> LocalProber::exchange(const port::ProbeTarget& target,
                                          const std::string& ticket) const {
  auto wire = TRY(Wire::connect(options_.address, options_.port, options_.limit));
  if (!options_.trusted.empty()) {
    wire = TRY(TlsWire::start(std::move(wire), options_.trusted, target.name,
                              options_.check_name ? target.name : std::string()));
  }
  TRY(
      wire->send(fmt::format("GET /.well-known/howdah-desktop HTTP/1.1\r\n"
                             "Host: {}{}\r\n"
                             "X-Howdah-Probe: {}\r\n"
                             "Accept: application/json\r\n"
                             "Connection: close\r\n\r\n",
                             target.name, options_.host_port, ticket)));
  std::string received;
  for (;;) {
    const auto size = TRY(response_size(received));
    if (size && received.size() >= *size) return received;
    const auto more = TRY(wire->receive(kAnswerMax - received.size()));
    if (more.empty()) return received;
    received += more;
  }
}

}  // namespace adapter::localprobe
