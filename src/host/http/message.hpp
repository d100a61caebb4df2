#pragma once
// Request and Response: what handlers see of HTTP. Plain values, no sockets, no library types; the
// connection fills in and writes out. Framing, limits and security headers are not a handler's
// business.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "domain/meeting.hpp"

namespace host::http {

// Which of our hosts was asked. `loopback` is the literal address, good for health checks only.
enum class Site { front, desk, loopback };

struct Request {
  std::string method;
  std::string path;   // begins with "/", never decoded: nothing of ours needs an escape
  std::string query;  // without "?"
  std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
  std::string body;
  std::string address;  // of the peer, without port
  Site site = Site::front;
  std::optional<domain::DesktopId> desktop;  // on Site::desk

  // The first header of this name (lower case), or "".
  std::string_view header(std::string_view name) const;
  // Whether there is one, though it may be empty.
  bool has_header(std::string_view name) const;
  std::string_view cookie(std::string_view name) const;
  // The value of `name` in the query, or nothing. Not decoded.
  std::optional<std::string_view> parameter(std::string_view name) const;
  bool changes_nothing() const { return method == "GET" || method == "HEAD"; }
};

// A connected socket to a screen, closed when the last owner goes.
class ScreenSocket {
 public:
  explicit ScreenSocket(int fd) : fd_(fd) {}
  ~ScreenSocket();
  ScreenSocket(const ScreenSocket&) = delete;
  ScreenSocket& operator=(const ScreenSocket&) = delete;
  int release();  // -1 when there is none (any more)
  int fd() const { return fd_; }

 private:
  int fd_;
};

// What was proved by a handler, so that the connection may go on as a stream.
struct Grant {
  domain::Meeting meeting;  // as it was when the access was checked
  domain::SeatId seat;
  std::optional<domain::DesktopId> desktop;  // set: this access is to a desktop
  bool screen = false;                       // a WebSocket; else server-sent events
  bool take_over = false;
  std::shared_ptr<ScreenSocket> socket;  // screen only; null: it could not be reached
};

struct Response {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string_view fixed_body;  // instead of body: bytes that live as long as the process
  std::shared_ptr<const Grant> grant;
  std::string_view route = "other";  // for metrics; from the route table, never from the request
};

// The value of the cookie `name` in a Cookie header, or "".
std::string_view find_cookie(std::string_view header, std::string_view name);
// The names in a Cookie header that begin with `prefix`, in its order: browsers send the oldest
// first.
std::vector<std::string_view> cookie_names(std::string_view header, std::string_view prefix);
// "name=value; Path=/; Secure; HttpOnly; SameSite=Strict"; max_age_s: 0 deletes, nothing: session.
std::string set_cookie(std::string_view name, std::string_view value,
                       std::optional<int> max_age_s = std::nullopt);
// Whether `word` is one of a header's comma-separated words (case counts).
bool lists(std::string_view header, std::string_view word);
// The value of `name` in an application/x-www-form-urlencoded body, decoded.
std::optional<std::string> form_field(std::string_view body, std::string_view name);

}  // namespace host::http
