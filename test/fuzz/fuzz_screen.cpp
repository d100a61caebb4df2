// What a desktop's screen says first: it is somebody else's program. Whatever comes, the look at it
// ends, and only one that shook hands as RFC 6143 has it counts as an answer.

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

#include "fuzz.hpp"
#include "host/http/screen_probe.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::as_text(data, size).substr(0, 4096);  // fits into the socket at once
  std::array<int, 2> ends{};
  CHECK(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends.data()) == 0);
  CHECK(::send(ends[1], text.data(), text.size(), MSG_NOSIGNAL) ==
        static_cast<ssize_t>(text.size()));
  CHECK(::shutdown(ends[1], SHUT_WR) == 0);
  if (host::http::screen_answers(ends[0], std::chrono::seconds(1))) {
    CHECK(text.starts_with("RFB "));
    // The version, a count, that many kinds of security with 1 (none) among them, and "done".
    CHECK(text.size() >= 12 + 1 + 1 + 4);
    const auto types = static_cast<unsigned char>(text[12]);
    CHECK(types > 0 && text.substr(13, types).find('\x01') != std::string_view::npos);
    CHECK(text.substr(13U + types, 4) == std::string_view("\0\0\0\0", 4));
  }
  ::close(ends[0]);
  ::close(ends[1]);
  return 0;
}
