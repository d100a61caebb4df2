#pragma once
// A small blocking HTTP client for tests: sends exactly the bytes it is given, so that it can also
// send what no real client would, and reads one answer, or an event stream, with a bound on
// waiting.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace test {

struct Answer {
  int status = 0;                                   // 0: none came
  std::multimap<std::string, std::string> headers;  // names in lower case
  std::string body;

  std::string header(const std::string& name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? "" : found->second;
  }
};

class HttpClient {
 public:
  explicit HttpClient(std::uint16_t port, const char* from = nullptr) {
    fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (from != nullptr) {
      sockaddr_in own = address(from, 0);
      static_cast<void>(::bind(fd_, reinterpret_cast<sockaddr*>(&own), sizeof own));
    }
    sockaddr_in peer = address("127.0.0.1", port);
    connected_ = ::connect(fd_, reinterpret_cast<sockaddr*>(&peer), sizeof peer) == 0;
  }
  ~HttpClient() { close(); }
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  bool connected() const { return connected_; }
  void close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  // Reads more into the buffer; false at the end of the stream or when `wait` is over.
  bool more(std::chrono::milliseconds wait = std::chrono::seconds(20)) {
    pollfd one{fd_, POLLIN, 0};
    if (::poll(&one, 1, static_cast<int>(wait.count())) <= 0) return false;
    char bytes[16384];
    const auto got = ::recv(fd_, bytes, sizeof bytes, 0);
    if (got <= 0) {
      ended_ = true;
      return false;
    }
    buffer_.append(bytes, static_cast<std::size_t>(got));
    return true;
  }
  // The peer closed (or reset) the connection, within `wait`; what it sent before is dropped.
  bool closed_within(std::chrono::milliseconds wait) {
    const auto until = std::chrono::steady_clock::now() + wait;
    while (!ended_) {
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
          until - std::chrono::steady_clock::now());
      if (left.count() <= 0) return false;
      more(left);
    }
    return true;
  }

  // Waits until `text` was received, and takes everything up to its end.
  std::string take_until(std::string_view text,
                         std::chrono::milliseconds wait = std::chrono::seconds(20)) {
    for (;;) {
      const auto found = buffer_.find(text);
      if (found != std::string::npos) return take(found + text.size());
      if (!more(wait)) return "";
    }
  }
  std::string take_bytes(std::size_t count) {
    while (buffer_.size() < count) {
      if (!more()) return "";
    }
    return take(count);
  }

  Answer read(bool head_only = false) {
    Answer answer;
    const std::string head = take_until("\r\n\r\n");
    if (head.empty()) return answer;
    answer.status = std::atoi(head.substr(9, 3).c_str());
    std::size_t at = head.find("\r\n") + 2;
    while (at < head.size() - 2) {
      const auto end = head.find("\r\n", at);
      const auto colon = head.find(": ", at);
      std::string name = head.substr(at, colon - at);
      for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      answer.headers.emplace(name, head.substr(colon + 2, end - colon - 2));
      at = end + 2;
    }
    const auto length = answer.header("content-length");
    if (!head_only && !length.empty()) {
      answer.body = take_bytes(static_cast<std::size_t>(std::atoi(length.c_str())));
    }
    return answer;
  }

  using Headers = std::vector<std::pair<std::string, std::string>>;
  static std::string request(std::string_view method, std::string_view target,
                             std::string_view host, const Headers& headers = {},
                             std::string_view body = {}) {
    std::string text = std::string(method) + " " + std::string(target) +
                       " HTTP/1.1\r\nHost: " + std::string(host) + "\r\n";
    for (const auto& [name, value] : headers) text += name + ": " + value + "\r\n";
    if (!body.empty() || method == "POST") {
      text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
    }
    return text + "\r\n" + std::string(body);
  }
  Answer call(std::string_view method, std::string_view target, std::string_view host,
              const Headers& headers = {}, std::string_view body = {}) {
    if (!send(request(method, target, host, headers, body))) return {};
    return read(method == "HEAD");
  }

  int fd() const { return fd_; }

 private:
  static sockaddr_in address(const char* text, std::uint16_t port) {
    sockaddr_in all{};
    all.sin_family = AF_INET;
    all.sin_port = htons(port);
    ::inet_pton(AF_INET, text, &all.sin_addr);
    return all;
  }
  std::string take(std::size_t count) {
    std::string taken = buffer_.substr(0, count);
    buffer_.erase(0, count);
    return taken;
  }

  int fd_ = -1;
  bool connected_ = false;
  bool ended_ = false;
  std::string buffer_;
};

}  // namespace test
