#pragma once
// A small WebSocket client for tests (RFC 6455): upgrades an HttpClient and speaks in frames.

#include <optional>

#include "integration/http_client.hpp"

namespace test {

struct Frame {
  int opcode = -1;  // -1: the connection ended; 2 binary, 8 close, 9 ping, 10 pong
  std::string payload;
  // The code of a close frame.
  int code() const {
    if (opcode != 8 || payload.size() < 2) return 0;
    return static_cast<unsigned char>(payload[0]) * 256 + static_cast<unsigned char>(payload[1]);
  }
};

class WebSocketClient {
 public:
  explicit WebSocketClient(std::uint16_t port) : http_(port) {}

  static HttpClient::Headers upgrade_headers(const std::string& origin, const std::string& cookie,
                                             const std::string& protocol = "binary") {
    return {{"Connection", "Upgrade"},
            {"Upgrade", "websocket"},
            {"Sec-WebSocket-Version", "13"},
            {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="},
            {"Sec-WebSocket-Protocol", protocol},
            {"Origin", origin},
            {"Cookie", cookie}};
  }
  Answer open(const std::string& target, const std::string& host,
              const HttpClient::Headers& headers) {
    return http_.call("GET", target, host, headers);
  }

  bool send(int opcode, std::string_view payload) {
    std::string frame(1, static_cast<char>(0x80 | opcode));
    if (payload.size() < 126) {
      frame += static_cast<char>(0x80 | payload.size());
    } else {
      frame += static_cast<char>(0x80 | 127);
      for (int shift = 56; shift >= 0; shift -= 8) {
        frame += static_cast<char>((payload.size() >> shift) & 0xff);
      }
    }
    frame += std::string(4, '\0');  // a mask of zeros leaves the payload as it is
    return http_.send(frame) && http_.send(payload);
  }

  // The next frame; pings are answered and skipped.
  Frame read() {
    for (;;) {
      Frame frame = read_any();
      if (frame.opcode != 9) return frame;
      send(10, frame.payload);
    }
  }
  // All binary payloads until `count` bytes came, or the connection ended.
  std::string read_bytes(std::size_t count) {
    std::string all;
    while (all.size() < count) {
      const Frame frame = read();
      if (frame.opcode != 2) return all;
      all += frame.payload;
    }
    return all;
  }
  // The code that the server closes with, answered as a browser does.
  int read_close() {
    for (;;) {
      const Frame frame = read();
      if (frame.opcode == -1) return -1;
      if (frame.opcode != 8) continue;
      send(8, frame.payload.substr(0, 2));
      return frame.code();
    }
  }
  HttpClient& http() { return http_; }

 private:
  Frame read_any() {
    const std::string head = http_.take_bytes(2);
    if (head.size() < 2) return {};
    std::size_t size = static_cast<unsigned char>(head[1]) & 0x7f;
    if (size >= 126) {
      const std::string more = http_.take_bytes(size == 126 ? 2 : 8);
      size = 0;
      for (const char c : more) size = size * 256 + static_cast<unsigned char>(c);
    }
    return {static_cast<unsigned char>(head[0]) & 0x0f, size == 0 ? "" : http_.take_bytes(size)};
  }

  HttpClient http_;
};

}  // namespace test
