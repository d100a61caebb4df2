#include "host/http/urls.hpp"

#include <algorithm>
#include <charconv>

namespace host::http {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return out;
}

bool is_host_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == ':' ||
         c == '[' || c == ']';
}

bool is_loopback_literal(std::string_view host) {
  for (const std::string_view address : {"127.0.0.1", "[::1]"}) {
    if (!host.starts_with(address)) continue;
    const auto rest = host.substr(address.size());
    if (rest.empty()) return true;
    if (rest.size() < 2 || rest.front() != ':') continue;
    if (std::all_of(rest.begin() + 1, rest.end(), [](char c) { return c >= '0' && c <= '9'; })) {
      return true;
    }
  }
  return false;
}

}  // namespace

base::Result<Urls> Urls::make(std::string_view public_url, std::string_view desk_domain,
                              std::uint16_t port) {
  const auto bad = [] {
    return base::fail(base::ErrorKind::invalid,
                      "the public URL must be http[s]://host[:port], without a path", "public_url");
  };
  const std::string url = lower(public_url);
  Urls urls;
  const auto scheme_end = url.find("://");
  if (scheme_end == std::string::npos) return bad();
  urls.scheme_ = url.substr(0, scheme_end);
  if (urls.scheme_ != "http" && urls.scheme_ != "https") return bad();
  std::string host = url.substr(scheme_end + 3);
  if (host.ends_with('/')) host.pop_back();
  if (host.empty() || !std::all_of(host.begin(), host.end(), is_host_character)) return bad();
  unsigned number = urls.scheme_ == "https" ? 443 : 80;
  const auto colon = host.rfind(':');
  if (colon != std::string::npos && host.find(']', colon) == std::string::npos) {
    const char* end = host.data() + host.size();
    const auto parsed = std::from_chars(host.data() + colon + 1, end, number);
    if (parsed.ec != std::errc() || parsed.ptr != end || number > 65535) return bad();
    host.resize(colon);
    if (number == 0) number = port;
  }
  const bool own_port = number == (urls.scheme_ == "https" ? 443U : 80U);
  const std::string suffix = own_port ? "" : ":" + std::to_string(number);
  urls.authority_ = host + suffix;
  urls.origin_ = urls.scheme_ + "://" + urls.authority_;
  urls.desk_suffix_ = "." + lower(desk_domain) + suffix;
  return urls;
}

std::string Urls::desk_origin(const domain::DesktopId& desktop) const {
  return scheme_ + "://" + desktop.text() + desk_suffix_;
}

std::string Urls::desk_socket_origin(const domain::DesktopId& desktop) const {
  return (secure() ? "wss://" : "ws://") + desktop.text() + desk_suffix_;
}

std::string Urls::any_desk_origin() const {
  return scheme_ + "://*" + desk_suffix_;
}

std::string Urls::door(const domain::DesktopId& desktop) const {
  return desk_origin(desktop) + "/enter";
}

std::string Urls::join_page(const domain::SeatId& seat) const {
  return origin_ + "/j/" + seat.text();
}

std::string Urls::link(const domain::SeatId& seat, std::string_view token) const {
  return join_page(seat) + "#" + std::string(token);
}

std::optional<Urls::Where> Urls::place(std::string_view host) const {
  if (host == authority_) return Where{Site::front, std::nullopt};
  const std::string name = lower(host);
  if (name == authority_) return Where{Site::front, std::nullopt};
  if (name.size() > desk_suffix_.size() && name.ends_with(desk_suffix_)) {
    auto id = domain::DesktopId::parse(
        std::string_view(name).substr(0, name.size() - desk_suffix_.size()));
    if (id) return Where{Site::desk, *std::move(id)};
  }
  if (is_loopback_literal(name)) return Where{Site::loopback, std::nullopt};
  return std::nullopt;
}

}  // namespace host::http
