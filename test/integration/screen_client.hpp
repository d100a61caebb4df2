#pragma once
// A person's browser, as far as a desktop needs one: through the door with a token, then a
// WebSocket that speaks the beginning of RFB. While it is open, somebody is connected.

#include <poll.h>

#include "integration/live_client.hpp"

namespace live {

class Screen {
 public:
  Screen() = default;
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;
  ~Screen() { close(); }

  // What GET /v1/join/{seat}/... needs: name=value of the seat's cookie. Takes what `enter`
  // answered through the door; false when the door did not open.
  bool enter(const Client& client, const boost::json::value& entry) {
    const auto door = text_of(entry, "door");  // http://<desktop>.desk.localhost:<port>/enter
    const auto begin = door.find("://");
    if (begin == std::string::npos) return false;
    host_ = door.substr(begin + 3, door.find('/', begin + 3) - begin - 3);
    const auto reply = client.call("POST", "/enter",
                                   {{"Host", host_},
                                    {"Origin", client.origin()},
                                    {"Content-Type", "application/x-www-form-urlencoded"}},
                                   "token=" + text_of(entry, "token"));
    if (!reply || reply->status != 303) return false;
    cookie_ = reply->cookie();
    return !cookie_.empty();
  }

  // Opens the screen (again); true when the desktop's own RFB server answered to the end.
  bool open(const Client& client) {
    close();
    fd_ = connect_loopback(client.port());
    if (fd_ < 0) return false;
    const Headers headers{{"Host", host_},
                          {"Origin", "http://" + host_},
                          {"Cookie", cookie_},
                          {"Connection", "Upgrade"},
                          {"Upgrade", "websocket"},
                          {"Sec-WebSocket-Version", "13"},
                          {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="},
                          {"Sec-WebSocket-Protocol", "binary"}};
    if (send_all(fd_, request_text("GET", "/screen?take_over=1", headers, "")) && upgraded() &&
        rfb()) {
      return true;
    }
    close();
    return false;
  }

  // Answers pings and drops what comes, for up to `ms`; false when the connection is gone.
  bool stay(int ms) {
    pollfd wait{fd_, POLLIN, 0};
    if (fd_ < 0) return false;
    if (::poll(&wait, 1, ms) <= 0) return true;
    if (read_frame()) return true;
    close();
    return false;
  }
  bool is_open() const { return fd_ >= 0; }
  // Of the frame that ended it; 0 when there was none.
  int close_code() const { return close_code_; }
  void close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
    in_.clear();
    data_.clear();
  }

 private:
  bool fill(std::size_t count) {
    std::array<char, 16 * 1024> part{};
    while (in_.size() < count) {
      const auto got = ::recv(fd_, part.data(), part.size(), 0);
      if (got <= 0) return false;
      in_.append(part.data(), static_cast<std::size_t>(got));
    }
    return true;
  }
  std::string take(std::size_t count) {
    auto taken = in_.substr(0, count);
    in_.erase(0, count);
    return taken;
  }
  bool upgraded() {
    while (in_.find("\r\n\r\n") == std::string::npos) {
      if (!fill(in_.size() + 1)) return false;
    }
    return take(in_.find("\r\n\r\n") + 4).starts_with("HTTP/1.1 101");
  }
  // One frame: data is kept, a ping is answered, a close is remembered.
  bool read_frame() {
    if (!fill(2)) return false;
    const auto kind = static_cast<unsigned char>(in_[0]) & 0x0fU;
    std::size_t length = static_cast<unsigned char>(in_[1]) & 0x7fU;
    std::size_t head = 2;
    if (length >= 126) {
      const std::size_t bytes = length == 126 ? 2 : 8;
      if (!fill(2 + bytes)) return false;
      length = 0;
      for (std::size_t i = 0; i < bytes; ++i) {
        length = length * 256 + static_cast<unsigned char>(in_[2 + i]);
      }
      head += bytes;
    }
    if (!fill(head + length)) return false;
    take(head);
    const auto payload = take(length);
    if (kind == 8) {
      if (payload.size() >= 2) {
        close_code_ =
            static_cast<unsigned char>(payload[0]) * 256 + static_cast<unsigned char>(payload[1]);
      }
      return false;
    }
    if (kind == 9) return send_frame(0x8a, payload);
    if (kind <= 2 && data_.size() < 4096) data_ += payload;
    return true;
  }
  bool send_frame(unsigned first, std::string_view payload) {
    // Masked with zeros: the mask matters to proxies, and there is none.
    std::string frame{static_cast<char>(first), static_cast<char>(0x80U | payload.size())};
    frame.append(4, '\0');
    return send_all(fd_, frame.append(payload));
  }
  bool say(std::string_view bytes) { return send_frame(0x82, bytes); }
  std::string hear(std::size_t count) {
    while (data_.size() < count) {
      if (!read_frame()) return "";
    }
    auto heard = data_.substr(0, count);
    data_.erase(0, count);
    return heard;
  }
  bool rfb() {
    if (hear(12) != "RFB 003.008\n" || !say("RFB 003.008\n")) return false;
    const auto kinds = hear(1);
    if (kinds.empty() || hear(static_cast<std::size_t>(kinds[0])) != "\x01") return false;
    if (!say("\x01") || hear(4) != std::string(4, '\0') || !say("\x01")) return false;
    return hear(24).size() == 24;
  }

  std::string host_;
  std::string cookie_;
  int fd_ = -1;
  int close_code_ = 0;
  std::string in_;
  std::string data_;
};

}  // namespace live
