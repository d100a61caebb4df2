#pragma once
// Load: keeps an HTTP/1.1 server on loopback busy over a fixed number of connections, one request
// at a time on each, and says how long the answers took. Closed loop (as fast as answers come) or
// open loop (at a rate): there a request's time counts from the moment at which it was due, so a
// server that stalls can't hide it by slowing the client down. One thread. It reads what it needs
// of an answer (status and length), not more, so that it costs less than the server it measures.

#include <cstdint>
#include <string>
#include <vector>

namespace bench {

struct LoadSpec {
  std::uint16_t port = 0;
  std::size_t connections = 32;
  double seconds = 1;
  double rate = 0;               // requests a second; 0: closed loop
  std::size_t requests_max = 0;  // stop after so many; 0: by time alone
  // Whole requests, taken in turn. "########" in one becomes a number that is never used twice.
  std::vector<std::string> requests;
  std::uint64_t first_number = 0;
  int status = 200;  // that a good answer has
};

struct LoadResult {
  std::uint64_t good = 0;
  std::uint64_t bad = 0;  // another status; a lost connection ends the run with an error
  double seconds = 0;
  double own_cpu_seconds = 0;
  std::uint64_t body_bytes = 0;              // of the last good answer
  std::vector<std::uint32_t> latency_us;     // sorted
  std::string error;                         // empty: the run is good
  std::uint32_t latency(double part) const;  // 0.99: the 99th percentile
};

LoadResult run_load(const LoadSpec& spec);

}  // namespace bench
