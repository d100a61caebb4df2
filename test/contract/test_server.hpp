#pragma once
// TestServer: a peer on loopback that does to each connection what the test says, in a thread of
// its own. For tests of clients: it keeps the requests that it read.

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/check.hpp"

namespace contract {

class TestServer {
 public:
  // Gets the connection and what came with it up to the blank line; the connection is closed after.
  using Handler = std::function<void(int connection, const std::string& request)>;

  explicit TestServer(Handler handler) : handler_(std::move(handler)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    CHECK(listener_ >= 0 && ::bind(listener_, any, size) == 0 && ::listen(listener_, 16) == 0);
    CHECK(::getsockname(listener_, any, &size) == 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~TestServer() { stop(); }
  TestServer(const TestServer&) = delete;
  TestServer& operator=(const TestServer&) = delete;

  void stop() {
    if (!thread_.joinable()) return;
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }
  std::uint16_t port() const { return port_; }
  std::vector<std::string> requests() {
    const std::lock_guard lock(mutex_);
    return requests_;
  }

  static bool send(int connection, std::string_view text) {
    while (!text.empty()) {
      const auto sent = ::send(connection, text.data(), text.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      text.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  // Waits until the client hangs up, at most `limit_ms`; true when it did.
  static bool hangs_up(int connection, int limit_ms) {
    pollfd waited{connection, POLLIN, 0};
    return ::poll(&waited, 1, limit_ms) > 0;
  }

 private:
  void serve() {
    for (;;) {
      const int connection = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (connection < 0) return;
      std::string request;
      std::array<char, 1024> buffer{};
      while (request.find("\r\n\r\n") == std::string::npos) {
        pollfd waited{connection, POLLIN, 0};
        if (::poll(&waited, 1, 2000) <= 0) break;
        const auto got = ::recv(connection, buffer.data(), buffer.size(), 0);
        if (got <= 0) break;
        request.append(buffer.data(), static_cast<std::size_t>(got));
        if (static_cast<unsigned char>(request[0]) == 0x16) break;  // TLS: nothing to read here
      }
      {
        const std::lock_guard lock(mutex_);
        requests_.push_back(request);
      }
      handler_(connection, request);
      ::close(connection);
    }
  }

  Handler handler_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::mutex mutex_;
  std::vector<std::string> requests_;
  std::thread thread_;
};

}  // namespace contract
