#pragma once
// The first words of RFB (RFC 6143 section 7.1), enough to tell that a screen works: version and
// security are negotiated, then the connection is left before it becomes a client. Blocking,
// bounded in time.

#include <chrono>

namespace host::http {

// fd: a non-blocking stream socket; stays open.
bool screen_answers(int fd, std::chrono::milliseconds time);

}  // namespace host::http
