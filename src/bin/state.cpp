#include "bin/state.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <charconv>

#include "adapter/file/private_file.hpp"
#include "adapter/sqlite/state_lock.hpp"
#include "adapter/system/environment.hpp"

namespace bin {
namespace {

using base::ErrorKind;
using base::fail;
namespace json = boost::json;

std::string_view without_newline(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
  return text;
}

std::string text_of(const json::object& object, const char* key) {
  const auto* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : "";
}

}  // namespace

base::Result<StateFolder> state_folder(const Config& config) {
  using adapter::system::environment;
  if (!config.state.folder.empty()) return StateFolder{config.state.folder};
  if (::geteuid() == 0) return StateFolder{"/var/lib/howdah"};
  if (const auto folder = environment("XDG_STATE_HOME")) return StateFolder{*folder + "/howdah"};
  if (const auto home = environment("HOME")) return StateFolder{*home + "/.local/state/howdah"};
  return fail(ErrorKind::invalid, "there is no HOME to keep state in: set [state] folder");
}

base::Result<ServerAddress> read_server_address(const StateFolder& state) {
  const auto content = adapter::file::read_private(state.server());
  if (!content && content.error().kind != ErrorKind::not_found) {
    return tl::unexpected(content.error());
  }
  if (!content || !adapter::sqlite::StateLock::is_held(state.path)) {
    return fail(ErrorKind::unavailable,
                fmt::format("no server runs on {}: start one with `howdah serve`, or name one "
                            "with --server",
                            state.path));
  }
  boost::system::error_code error;
  const auto value = json::parse(content->reveal(), error);
  if (error || !value.is_object()) {
    return fail(ErrorKind::internal,
                state.server() + " cannot be understood: start the server again");
  }
  const auto& object = value.get_object();
  const auto* port = object.if_contains("port");
  const auto* tls = object.if_contains("tls");
  return ServerAddress{.address = text_of(object, "address"),
                       .port = static_cast<std::uint16_t>(
                           port != nullptr && port->is_int64() ? port->get_int64() : 0),
                       .host = text_of(object, "host"),
                       .origin = text_of(object, "origin"),
                       .tls = tls != nullptr && tls->is_bool() && tls->get_bool(),
                       .authority = text_of(object, "authority")};
}

base::Result<> write_server_address(const StateFolder& state, const ServerAddress& server) {
  const json::object object{{"address", server.address}, {"port", server.port},
                            {"host", server.host},       {"origin", server.origin},
                            {"tls", server.tls},         {"authority", server.authority},
                            {"pid", ::getpid()}};
  return adapter::file::write_private(state.server(), base::Secret(json::serialize(object) + "\n"),
                                      false);
}

base::Result<ServerAddress> parse_server_url(std::string_view url) {
  constexpr auto kExpected = "--server: http://host:port or https://host:port is expected";
  ServerAddress server;
  if (url.starts_with("https://")) {
    server.tls = true;
    url.remove_prefix(8);
  } else if (url.starts_with("http://")) {
    url.remove_prefix(7);
  } else {
    return fail(ErrorKind::invalid, kExpected);
  }
  if (url.ends_with('/')) url.remove_suffix(1);
  server.host = std::string(url);
  server.port = server.tls ? 443 : 80;
  const auto bracket = url.rfind(']');
  const auto colon = url.rfind(':');
  if (colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket)) {
    const auto digits = url.substr(colon + 1);
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), server.port);
    if (error != std::errc{} || end != digits.data() + digits.size()) {
      return fail(ErrorKind::invalid, kExpected);
    }
    url = url.substr(0, colon);
  }
  if (url.starts_with('[') && url.ends_with(']')) url = url.substr(1, url.size() - 2);
  if (url.empty() || url.find_first_of("/?#@ ") != std::string_view::npos) {
    return fail(ErrorKind::invalid, kExpected);
  }
  // Names below localhost are this machine, whatever a resolver knows of them.
  const bool local = url == "localhost" || url.ends_with(".localhost");
  server.address = local ? "127.0.0.1" : std::string(url);
  return server;
}

base::Result<base::Secret> read_key_file(const StateFolder& state) {
  const auto content = adapter::file::read_private(state.api_key());
  if (!content) {
    return fail(content.error().kind,
                fmt::format("no key: set HOWDAH_KEY, or run as the user of the server ({})",
                            content.error().message));
  }
  return base::Secret(std::string(without_newline(content->reveal())));
}

base::Result<base::Secret> read_key(const StateFolder& state) {
  if (const auto key = adapter::system::environment("HOWDAH_KEY")) return base::Secret(*key);
  return read_key_file(state);
}

}  // namespace bin
