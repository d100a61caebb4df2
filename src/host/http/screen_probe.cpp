#include "host/http/screen_probe.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <string_view>

namespace host::http {
namespace {

class Talk {
 public:
  Talk(int fd, std::chrono::milliseconds time)
      : fd_(fd), until_(std::chrono::steady_clock::now() + time) {}

  bool read(unsigned char* to, std::size_t count) {
    while (count > 0) {
      const auto got = ::read(fd_, to, count);
      if (got > 0) {
        to += got;
        count -= static_cast<std::size_t>(got);
      } else if (got == 0 || !again() || !wait(POLLIN)) {
        return false;
      }
    }
    return true;
  }

  bool write(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent > 0) {
        bytes.remove_prefix(static_cast<std::size_t>(sent));
      } else if (!again() || !wait(POLLOUT)) {
        return false;
      }
    }
    return true;
  }

 private:
  static bool again() { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

  bool wait(short events) const {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        until_ - std::chrono::steady_clock::now());
    if (left.count() <= 0) return false;
    pollfd one{fd_, events, 0};
    const int ready = ::poll(&one, 1, static_cast<int>(left.count()));
    return ready > 0 || (ready < 0 && errno == EINTR);
  }

  int fd_;
  std::chrono::steady_clock::time_point until_;
};

}  // namespace

bool screen_answers(int fd, std::chrono::milliseconds time) {
  constexpr std::string_view kVersion = "RFB 003.008\n";
  constexpr unsigned char kSecurityNone = 1;
  Talk talk(fd, time);
  std::array<unsigned char, 256> bytes{};
  if (!talk.read(bytes.data(), kVersion.size())) return false;
  if (std::string_view(reinterpret_cast<const char*>(bytes.data()), 4) != "RFB ") return false;
  if (!talk.write(kVersion) || !talk.read(bytes.data(), 1)) return false;
  const std::size_t types = bytes[0];  // 0: refused, a reason follows
  if (types == 0 || !talk.read(bytes.data(), types)) return false;
  bool none = false;
  for (std::size_t i = 0; i < types; ++i) none = none || bytes[i] == kSecurityNone;
  if (!none || !talk.write(std::string_view("\x01", 1))) return false;
  if (!talk.read(bytes.data(), 4)) return false;
  return bytes[0] == 0 && bytes[1] == 0 && bytes[2] == 0 && bytes[3] == 0;
}

}  // namespace host::http
