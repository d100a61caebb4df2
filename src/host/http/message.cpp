#include "host/http/message.hpp"

#include <unistd.h>

#include <algorithm>

namespace host::http {
namespace {

std::string_view trim(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

// Calls use(part) for each part of `text` between separators until one answers true.
template <class Use>
void each_part(std::string_view text, char separator, const Use& use) {
  while (!text.empty()) {
    const auto end = text.find(separator);
    if (use(text.substr(0, end)) || end == std::string_view::npos) return;
    text.remove_prefix(end + 1);
  }
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<std::string> decode_form(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+') {
      out += ' ';
    } else if (text[i] != '%') {
      out += text[i];
    } else {
      if (i + 2 >= text.size()) return std::nullopt;
      const int high = hex_digit(text[i + 1]);
      const int low = hex_digit(text[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      out += static_cast<char>(high * 16 + low);
      i += 2;
    }
  }
  return out;
}

}  // namespace

std::string_view Request::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (key == name) return value;
  }
  return {};
}

bool Request::has_header(std::string_view name) const {
  return std::ranges::any_of(headers, [&](const auto& header) { return header.first == name; });
}

std::string_view Request::cookie(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (key != "cookie") continue;
    const auto found = find_cookie(value, name);
    if (!found.empty()) return found;
  }
  return {};
}

std::optional<std::string_view> Request::parameter(std::string_view name) const {
  std::optional<std::string_view> found;
  each_part(query, '&', [&](std::string_view part) {
    const auto equals = part.find('=');
    if (part.substr(0, equals) != name) return false;
    found = equals == std::string_view::npos ? std::string_view() : part.substr(equals + 1);
    return true;
  });
  return found;
}

ScreenSocket::~ScreenSocket() {
  if (fd_ >= 0) ::close(fd_);
}

int ScreenSocket::release() {
  return std::exchange(fd_, -1);
}

std::string_view find_cookie(std::string_view header, std::string_view name) {
  std::string_view found;
  each_part(header, ';', [&](std::string_view part) {
    part = trim(part);
    if (part.size() <= name.size() || !part.starts_with(name) || part[name.size()] != '=') {
      return false;
    }
    found = part.substr(name.size() + 1);
    return true;
  });
  return found;
}

std::vector<std::string_view> cookie_names(std::string_view header, std::string_view prefix) {
  std::vector<std::string_view> names;
  each_part(header, ';', [&](std::string_view part) {
    part = trim(part);
    const auto equals = part.find('=');
    if (equals != std::string_view::npos && part.starts_with(prefix)) {
      names.push_back(part.substr(0, equals));
    }
    return false;
  });
  return names;
}

std::string set_cookie(std::string_view name, std::string_view value,
                       std::optional<int> max_age_s) {
  std::string cookie(name);
  cookie += '=';
  cookie += value;
  cookie += "; Path=/; Secure; HttpOnly; SameSite=Strict";
  if (max_age_s) cookie += "; Max-Age=" + std::to_string(*max_age_s);
  return cookie;
}

bool lists(std::string_view header, std::string_view word) {
  bool found = false;
  each_part(header, ',', [&](std::string_view part) { return found = trim(part) == word; });
  return found;
}

std::optional<std::string> form_field(std::string_view body, std::string_view name) {
  std::optional<std::string> found;
  each_part(body, '&', [&](std::string_view part) {
    const auto equals = part.find('=');
    if (equals == std::string_view::npos || part.substr(0, equals) != name) return false;
    found = decode_form(part.substr(equals + 1));
    return true;
  });
  return found;
}

}  // namespace host::http
