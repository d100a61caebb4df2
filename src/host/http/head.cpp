#include "host/http/head.hpp"

#include <array>
#include <charconv>
#include <ctime>

#include "host/http/problem.hpp"

namespace host::http {
namespace {

constexpr std::string_view kCommon =
    "X-Content-Type-Options: nosniff\r\n"
    "Referrer-Policy: strict-origin\r\n"
    "Cross-Origin-Resource-Policy: same-origin\r\n"
    "Cross-Origin-Opener-Policy: same-origin\r\n"
    "X-Frame-Options: DENY\r\n";
// For all that is not a page: it may do nothing at all.
constexpr std::string_view kDataPolicy =
    "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'; base-uri 'none'\r\n";

void append_number(std::string& out, std::size_t number) {
  std::array<char, 24> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number);
  out.append(digits.data(), end.ptr);
}

// Made once a second by each thread.
void append_date(std::string& out) {
  thread_local std::time_t second = 0;
  thread_local std::array<char, 64> text{};
  thread_local std::size_t size = 0;
  const std::time_t now = std::time(nullptr);
  if (now != second) {
    second = now;
    std::tm parts{};
    gmtime_r(&now, &parts);
    size = std::strftime(text.data(), text.size(), "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", &parts);
  }
  out.append(text.data(), size);
}

}  // namespace

Head::Head(const Urls& urls) : urls_(urls) {}

// Pages run our own scripts and styles and talk to their own host. The join page also posts a form
// to a desktop's door; the viewer opens a socket and shows pictures that it made itself.
void Head::append_page_policy(std::string& out, const Request& request) const {
  out +=
      "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; "
      "font-src 'self'; img-src 'self' data: blob:; manifest-src 'self'; frame-ancestors 'none'; "
      "base-uri 'none'; connect-src 'self'";
  if (request.site == Site::desk) {
    out += " " + urls_.desk_socket_origin(*request.desktop) + "; form-action 'none'\r\n";
    out += "Permissions-Policy: camera=(), microphone=(), geolocation=(), display-capture=()\r\n";
    return;
  }
  out += "; form-action 'self' " + urls_.any_desk_origin() + "\r\n";
  out +=
      "Permissions-Policy: camera=(), microphone=(), geolocation=(), display-capture=(), "
      "clipboard-read=()\r\n";
}

void Head::write(std::string& out, const Response& response, const Request& request,
                 bool keep_alive, bool head_only) const {
  const std::string_view body =
      response.fixed_body.data() != nullptr ? response.fixed_body : std::string_view(response.body);
  out += "HTTP/1.1 ";
  append_number(out, static_cast<std::size_t>(response.status));
  out += ' ';
  out += reason_phrase(response.status);
  out += "\r\n";
  append_date(out);
  out += kCommon;
  if (response.content_type.starts_with("text/html")) {
    append_page_policy(out, request);
  } else {
    out += kDataPolicy;
  }
  if (response.fixed_body.data() == nullptr) out += "Cache-Control: no-store\r\n";
  for (const auto& [name, value] : response.headers) {
    out += name;
    out += ": ";
    out += value;
    out += "\r\n";
  }
  if (!response.content_type.empty()) {
    out += "Content-Type: ";
    out += response.content_type;
    out += "\r\n";
  }
  if (!keep_alive) out += "Connection: close\r\n";
  if (response.status != 204 && response.status != 304) {
    out += "Content-Length: ";
    append_number(out, body.size());
    out += "\r\n";
  }
  out += "\r\n";
  if (!head_only && response.status != 304) out += body;
}

void Head::write_json(std::string& out, std::string_view body, bool keep_alive) const {
  out += "HTTP/1.1 200 OK\r\n";
  append_date(out);
  out += kCommon;
  out += kDataPolicy;
  out += "Cache-Control: no-store\r\nContent-Type: application/json\r\n";
  if (!keep_alive) out += "Connection: close\r\n";
  out += "Content-Length: ";
  append_number(out, body.size());
  out += "\r\n\r\n";
  out += body;
}

void Head::write_events(std::string& out) const {
  out += "HTTP/1.1 200 OK\r\n";
  append_date(out);
  out += kCommon;
  out += kDataPolicy;
  out +=
      "Cache-Control: no-store\r\nContent-Type: text/event-stream\r\n"
      "X-Accel-Buffering: no\r\nConnection: close\r\n\r\nretry: 2000\n\n";
}

}  // namespace host::http
