// What single values of the configuration can't show, and the small text forms they have.
#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <regex>
#include <set>

#include "base/id.hpp"
#include "base/text.hpp"
#include "bin/config_fields.hpp"
#include "host/http/urls.hpp"

namespace bin {
namespace {

using base::ErrorKind;
using base::fail;

struct Unit {
  std::string_view name;
  std::uint64_t bytes;
};
constexpr std::array<Unit, 4> kUnits{
    {{"GiB", 1ULL << 30}, {"MiB", 1ULL << 20}, {"KiB", 1ULL << 10}, {"", 1}}};

void check_server(const Config& config, std::vector<Problem>& problems) {
  const auto& server = config.server;
  const auto listen = split_listen(server.listen);
  if (!listen) problems.push_back({"server.listen", listen.error().message});
  const bool everywhere = listen && (listen->first == "0.0.0.0" || listen->first == "::");
  if (everywhere && server.public_url.empty()) {
    problems.push_back({"server.listen",
                        "public_url must be set too: nobody can open an address "
                        "that means every address"});
  }
  const bool tls = !server.tls_certificate.empty();
  if (tls != !server.tls_key.empty()) {
    problems.push_back(
        {"server.tls_key", "tls_certificate and tls_key are set both or not at all"});
  }
  static const std::regex url(
      R"(https?://[a-z0-9.\-]+(:[0-9]{1,5})?|https?://\[[0-9a-f:]+\](:\d+)?)");
  // Second, as the server itself will understand it: its port, for one.
  if (!server.public_url.empty() &&
      (!std::regex_match(server.public_url, url) ||
       !host::http::Urls::make(server.public_url, server.desktop_domain, 1))) {
    problems.push_back({"server.public_url",
                        "scheme, host and port are expected, like https://meet.example.org, in "
                        "lower case and without a path"});
  }
  static const std::regex domain(
      R"([a-z0-9]([a-z0-9\-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9\-]*[a-z0-9])?)+)");
  if (!std::regex_match(server.desktop_domain, domain)) {
    problems.push_back({"server.desktop_domain",
                        "a DNS name of at least two labels is expected, like desk.example.org"});
  }
}

void check_meeting(const Config& config, std::vector<Problem>& problems) {
  const auto& roles = config.meeting.roles;
  const std::set<std::string> different(roles.begin(), roles.end());
  if (roles.empty() || roles.size() > domain::kSeatsMax || different.size() != roles.size() ||
      !std::ranges::all_of(roles, base::is_label)) {
    problems.push_back(
        {"meeting.roles",
         "1 to 8 different names of a-z, 0-9 and '-' are expected, like \"teacher\""});
  }
  const auto& call_url = config.meeting.call_url_template;
  if (!call_url.empty()) {
    auto example = call_url;
    if (const auto at = example.find("{meeting}"); at != std::string::npos) {
      example.replace(at, 9, "m");
    }
    const auto ok = base::check_https_url(example, "");
    if (!ok) problems.push_back({"meeting.call_url", ok.error().message});
  }
  const auto& policy = config.meeting.policy;
  if (policy.length_min > policy.length_max) {
    problems.push_back({"meeting.length_min", "must not be more than length_max"});
  }
  if (2 * config.pace.looks_shared_for > config.meeting.policy.list_lag) {
    problems.push_back({"pace.looks_shared_for", "must not be more than half of meeting.list_lag"});
  }
  if (2 * config.pace.looks_shared_for > config.meeting.policy.name_lag) {
    problems.push_back({"pace.looks_shared_for", "must not be more than half of meeting.name_lag"});
  }
  if (config.loop.backoff_min > config.loop.backoff_max) {
    problems.push_back({"loop.backoff_min", "must not be more than backoff_max"});
  }
}

bool is_geometry(const std::string& text) {
  static const std::regex form(R"(([0-9]{3,5})x([0-9]{3,5}))");
  std::smatch match;
  return std::regex_match(text, match, form) && std::stoi(match[1]) >= 320 &&
         std::stoi(match[1]) <= 16384 && std::stoi(match[2]) >= 200 && std::stoi(match[2]) <= 16384;
}

void check_images(const Config& config, std::vector<Problem>& problems) {
  if (config.images.empty() || config.images.size() > 16) {
    problems.push_back({"image", "1 to 16 images are expected"});
  }
  static const std::regex variable("[A-Za-z_][A-Za-z0-9_]*");
  for (std::size_t i = 0; i < config.images.size(); ++i) {
    const auto key = fmt::format("image[{}].", i);
    const auto& image = config.images[i];
    if (!base::is_label(image.name)) {
      problems.push_back({key + "name", "1 to 63 of a-z, 0-9 and '-' are expected"});
    }
    if (!is_geometry(image.geometry)) {
      problems.push_back({key + "geometry", "WIDTHxHEIGHT is expected, 320x200 to 16384x16384"});
    }
    if (image.home > image.memory) {
      problems.push_back({key + "home", "must not be more than memory: it is part of it"});
    }
    for (const auto& [name, value] : image.environment) {
      if (!std::regex_match(name, variable) || value.find('\0') != std::string::npos) {
        problems.push_back({key + "environment", "a name is letters, digits and '_'"});
      }
    }
  }
}

}  // namespace

base::Result<std::pair<std::string, std::uint16_t>> split_listen(std::string_view text) {
  constexpr auto kExpected = "address:port is expected, like 127.0.0.1:8080 or [::1]:8080";
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return fail(ErrorKind::invalid, kExpected);
  auto address = text.substr(0, colon);
  const auto digits = text.substr(colon + 1);
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc{} || end != digits.data() + digits.size() || digits.empty()) {
    return fail(ErrorKind::invalid, kExpected);
  }
  const bool bracketed = address.starts_with('[') && address.ends_with(']') && address.size() > 2;
  if (bracketed) address = address.substr(1, address.size() - 2);
  const bool colons = address.find(':') != std::string_view::npos;
  std::string host(address);
  in6_addr bytes{};
  if (bracketed != colons || host.find('\0') != std::string::npos ||
      ::inet_pton(bracketed ? AF_INET6 : AF_INET, host.c_str(), &bytes) != 1) {
    return fail(ErrorKind::invalid, kExpected);
  }
  return std::pair{std::move(host), port};
}

bool is_loopback(std::string_view address) {
  return address == "::1" || (address.starts_with("127.") && address.find(':') == address.npos);
}

std::vector<Problem> check_together(const Config& config) {
  std::vector<Problem> problems;
  check_server(config, problems);
  check_meeting(config, problems);
  check_images(config, problems);
  return problems;
}

std::string size_text(std::uint64_t bytes) {
  for (const auto& unit : kUnits) {
    if (bytes % unit.bytes == 0 && bytes >= unit.bytes) {
      return fmt::format("{}{}", bytes / unit.bytes, unit.name);
    }
  }
  return "0";
}

base::Result<std::uint64_t> parse_size(std::string_view text) {
  constexpr auto kExpected = "a size is expected, like 512MiB, 64KiB or 2GiB";
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string_view name(end, static_cast<std::size_t>(text.data() + text.size() - end));
  if (error != std::errc{}) return fail(ErrorKind::invalid, kExpected);
  for (const auto& unit : kUnits) {
    if (name == unit.name && number <= (1ULL << 50) / unit.bytes) return number * unit.bytes;
  }
  return fail(ErrorKind::invalid, kExpected);
}

}  // namespace bin
