#include "bin/client.hpp"

#include <fmt/format.h>

#include <cstdio>

#include "bin/exit_code.hpp"

namespace bin {
namespace {

using base::ErrorKind;
using base::fail;
namespace json = boost::json;

ErrorKind kind_of(unsigned status) {
  switch (status) {
    case 400:
    case 413:
    case 422:
    case 431:
      return ErrorKind::invalid;
    case 401:
    case 403:
    case 421:
      return ErrorKind::denied;
    case 404:
      return ErrorKind::not_found;
    case 409:
      return ErrorKind::conflict;
    case 429:
    case 503:
      return ErrorKind::exhausted;
    default:
      return ErrorKind::internal;
  }
}

}  // namespace

int tell(const base::Error& error) {
  const auto field = error.field.empty() ? "" : error.field + ": ";
  std::fprintf(stderr, "howdah: %s%s\n", field.c_str(), error.message.c_str());
  if (!error.detail.empty()) std::fprintf(stderr, "  (%s)\n", error.detail.c_str());
  return exit_code(error.kind);
}

void answer(const Shared& shared, const json::value& document, const std::string& text) {
  std::fputs((shared.json ? json::serialize(document) + "\n" : text).c_str(), stdout);
}

base::Result<Config> load_config(const Shared& shared) {
  auto config = TRY(read_config(shared.config_file));
  if (!shared.state.empty()) config.state.folder = shared.state;
  return config;
}

base::Result<Client> Client::open(const Shared& shared) {
  const auto config = TRY(load_config(shared));
  const auto state = TRY(state_folder(config));
  auto server = shared.server.empty() ? TRY(read_server_address(state))
                                      : TRY(parse_server_url(shared.server));
  return Client(std::move(server), TRY(read_key(state)));
}

base::Result<json::value> Client::get(const std::string& path) {
  return call({.path = path});
}

base::Result<json::value> Client::post(const std::string& path, const json::value& body,
                                       const std::optional<std::string>& idempotency) {
  HttpRequest request{.method = "POST", .path = path, .body = json::serialize(body)};
  if (idempotency) request.headers.emplace_back("Idempotency-Key", *idempotency);
  return call(std::move(request));
}

std::string Client::origin() const {
  if (!server_.origin.empty()) return server_.origin;
  return fmt::format("{}://{}", server_.tls ? "https" : "http", server_.host);
}

base::Result<json::value> Client::call(HttpRequest request) {
  request.key = key_;
  const auto reply = TRY(exchange(server_, request));
  boost::system::error_code error;
  auto value = reply.body.empty() ? json::value(nullptr) : json::parse(reply.body, error);
  if (reply.status >= 200 && reply.status < 300 && !error) return value;
  const auto said = text_at(value, "detail");
  return fail(kind_of(reply.status),
              said.empty() ? fmt::format("the server answered {}", reply.status) : said,
              text_at(value, "field"));
}

json::value at(const json::value& value, std::string_view key) {
  const auto* object = value.if_object();
  const auto* member = object == nullptr ? nullptr : object->if_contains(key);
  return member == nullptr ? json::value(nullptr) : *member;
}

std::string text_at(const json::value& value, std::string_view key) {
  const auto member = at(value, key);
  return member.is_string() ? std::string(member.get_string()) : "";
}

std::int64_t number_at(const json::value& value, std::string_view key) {
  const auto member = at(value, key);
  return member.is_int64() ? member.get_int64() : 0;
}

json::array array_at(const json::value& value, std::string_view key) {
  const auto member = at(value, key);
  return member.is_array() ? member.get_array() : json::array{};
}

}  // namespace bin
