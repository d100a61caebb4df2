#pragma once
// Limits: everything that a peer can make grow, with its default. One place, so that a reviewer
// sees them all and a test can make each of them small.

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace host::http {

// A token bucket: `burst` at once, then `per_second`. per_second == 0: not limited.
struct Rate {
  double per_second = 0;
  double burst = 0;
};

struct Limits {
  // Sizes.
  std::size_t body_bytes_max = 64 * 1024;
  std::size_t header_bytes_max = 8 * 1024;
  std::size_t frame_bytes_max = 1024 * 1024;  // one WebSocket message from a browser
  std::size_t buffer_bytes = 64 * 1024;       // per direction of a bridged screen
  // Times.
  std::chrono::milliseconds handshake_time{10'000};
  std::chrono::milliseconds header_time{10'000};
  std::chrono::milliseconds body_time{20'000};
  std::chrono::milliseconds idle_time{75'000};
  std::chrono::milliseconds write_time{30'000};
  std::chrono::milliseconds ping_period{15'000};  // sockets and event streams
  std::chrono::milliseconds silence_max{45'000};  // a peer that answers no ping
  std::chrono::milliseconds probe_time{2'000};    // the screen's handshake
  // Numbers.
  std::size_t connections_max = 2048;
  std::size_t connections_reserve = 64;  // beyond it, for this machine: our own probes
  std::size_t connections_per_address = 256;
  std::size_t connections_loopback = 2048;
  std::size_t streams_per_seat = 16;  // open event streams
  std::size_t threads = 40;           // handlers; they block in the store's group commit
  std::size_t queue_max = 256;        // requests waiting for one of them; then 503
  std::size_t watched_meetings_max = 4096;
  // Rates. "attempts": failed keys, links, codes and door tokens.
  Rate requests_per_address{100, 400};
  Rate requests_loopback{0, 0};
  Rate requests_per_link{20, 60};
  Rate attempts_per_address{2, 60};
  Rate attempts_loopback{50, 500};
  std::size_t buckets_max = 16'384;
};

}  // namespace host::http
