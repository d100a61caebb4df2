#pragma once
// Limiter: token buckets by key (an address, a link), in bounded memory. When the table is full,
// the buckets that are full again are dropped (they say nothing), then the oldest. Thread-safe; the
// caller brings the time, which only has to be monotonic.

#include <chrono>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "host/http/limits.hpp"

namespace host::http {

class Limiter {
 public:
  using Time = std::chrono::steady_clock::time_point;

  Limiter(Rate rate, std::size_t buckets_max) : rate_(rate), buckets_max_(buckets_max) {}

  // Takes one token of `key`; false when there is none.
  bool take(std::string_view key, Time now);
  // There is one, without taking it.
  bool has(std::string_view key, Time now);
  std::size_t size() const;

 private:
  struct Bucket {
    double tokens = 0;
    Time at;
  };
  double level(const Bucket& bucket, Time now) const;
  void make_room(Time now);

  Rate rate_;
  std::size_t buckets_max_;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, Bucket> buckets_;
};

bool is_loopback(std::string_view address);
// What counts as one peer: an IPv4 address, or the /64 of an IPv6 address.
std::string peer_of(std::string_view address);

// One more connection may be open: from `address` to ours, `here`, with `open` in all and `mine`
// of the same peer. However many visitors there are, this machine comes in: who can't look at
// desktops through the same door gives them up.
bool admits(const Limits& limits, std::string_view address, std::string_view here, std::size_t open,
            std::size_t mine);

// The limits of requests together.
class Limiters {
 public:
  explicit Limiters(const Limits& limits);
  bool request(std::string_view address);
  bool link(std::string_view seat);
  // Failed tries to prove who one is: counted by failed_attempt, asked by may_attempt.
  bool may_attempt(std::string_view address);
  void failed_attempt(std::string_view address);

 private:
  Limiter address_;
  Limiter loopback_;
  Limiter link_;
  Limiter attempts_;
  Limiter attempts_loopback_;
};

}  // namespace host::http
