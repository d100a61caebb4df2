#pragma once
// A blocking HTTP client for tests of the running server: one connection for one request, loopback
// only, every step bounded. A call that could not be finished answers nothing: whether the server
// did it is not known then.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace live {

using Headers = std::vector<std::pair<std::string, std::string>>;

struct Reply {
  int status = 0;
  std::string head;
  std::string body;

  // Value of the first header of that name; empty when there is none.
  std::string header(std::string_view name) const {
    const auto same = [](char a, char b) { return (a | 0x20) == (b | 0x20); };
    const auto wanted = "\r\n" + std::string(name) + ":";
    auto at = std::search(head.begin(), head.end(), wanted.begin(), wanted.end(), same);
    if (at == head.end()) return "";
    at += static_cast<std::ptrdiff_t>(wanted.size());
    while (at != head.end() && *at == ' ') ++at;
    return {at, std::find(at, head.end(), '\r')};
  }
  // Name and value of the first cookie that it sets: "name=value".
  std::string cookie() const {
    const auto all = header("set-cookie");
    return all.substr(0, all.find(';'));
  }
  // Null when the body is no JSON.
  boost::json::value json() const {
    boost::system::error_code bad;
    auto value = boost::json::parse(body, bad);
    return bad ? boost::json::value() : value;
  }
};

// Text of a member, empty when it is not there or no text.
inline std::string text_of(const boost::json::value& value, std::string_view key) {
  const auto* object = value.if_object();
  const auto* member = object == nullptr ? nullptr : object->if_contains(key);
  const auto* text = member == nullptr ? nullptr : member->if_string();
  return text == nullptr ? "" : std::string(*text);
}
inline bool true_in(const boost::json::value& value, std::string_view key) {
  const auto* object = value.if_object();
  const auto* member = object == nullptr ? nullptr : object->if_contains(key);
  return member != nullptr && member->is_bool() && member->get_bool();
}

// A connected socket with a time limit on each step; -1 when nobody listens.
inline int connect_loopback(std::uint16_t port, int seconds = 20) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const timeval limit{seconds, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return fd;
  ::close(fd);
  return -1;
}

inline bool send_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

inline std::string request_text(std::string_view method, std::string_view path,
                                const Headers& headers, std::string_view body) {
  std::string text = std::string(method) + " " + std::string(path) + " HTTP/1.1\r\n";
  for (const auto& [name, value] : headers) text += name + ": " + value + "\r\n";
  if (method != "GET") text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  return text + "\r\n" + std::string(body);
}

class Client {
 public:
  explicit Client(std::uint16_t port) : port_(port) {}

  std::uint16_t port() const { return port_; }
  std::string origin() const { return "http://127.0.0.1:" + std::to_string(port_); }

  // A "Host" among the headers replaces the server's own.
  std::optional<Reply> call(std::string_view method, std::string_view path, Headers headers,
                            std::string_view body = "") const {
    const int fd = connect_loopback(port_);
    if (fd < 0) return std::nullopt;
    const auto is_host = [](const auto& header) { return header.first == "Host"; };
    if (std::none_of(headers.begin(), headers.end(), is_host)) {
      headers.emplace_back("Host", "127.0.0.1:" + std::to_string(port_));
    }
    headers.emplace_back("Connection", "close");
    auto reply = send_all(fd, request_text(method, path, headers, body)) ? read(fd) : std::nullopt;
    ::close(fd);
    return reply;
  }
  std::optional<Reply> get(std::string_view path, const Headers& headers = {}) const {
    return call("GET", path, headers);
  }
  std::optional<Reply> post(std::string_view path, Headers headers, std::string_view body) const {
    headers.emplace_back("Content-Type", "application/json");
    return call("POST", path, std::move(headers), body);
  }

 private:
  // Until the answer is whole by its length, or the server closes.
  static std::optional<Reply> read(int fd) {
    std::string in;
    std::array<char, 16 * 1024> part{};
    std::size_t expected = 0;
    std::size_t head = 0;
    Reply reply;
    while (expected == 0 || in.size() < expected) {
      const auto count = ::recv(fd, part.data(), part.size(), 0);
      if (count <= 0) return std::nullopt;
      in.append(part.data(), static_cast<std::size_t>(count));
      const auto end = in.find("\r\n\r\n");
      if (expected != 0 || end == std::string::npos) continue;
      head = end + 4;
      reply.head = in.substr(0, head);
      reply.status = std::atoi(in.substr(9, 3).c_str());
      expected =
          head + static_cast<std::size_t>(std::atoll(reply.header("content-length").c_str()));
    }
    reply.body = in.substr(head, expected - head);
    return reply;
  }

  std::uint16_t port_;
};

}  // namespace live
