#include "host/http/limiter.hpp"

#include <algorithm>
#include <vector>

namespace host::http {

double Limiter::level(const Bucket& bucket, Time now) const {
  const std::chrono::duration<double> passed = now - bucket.at;
  return std::min(rate_.burst, bucket.tokens + std::max(0.0, passed.count()) * rate_.per_second);
}

bool Limiter::take(std::string_view key, Time now) {
  if (rate_.per_second <= 0) return true;
  const std::lock_guard lock(mutex_);
  auto found = buckets_.find(std::string(key));
  if (found == buckets_.end()) {
    if (buckets_.size() >= buckets_max_) make_room(now);
    found = buckets_.emplace(std::string(key), Bucket{rate_.burst, now}).first;
  }
  Bucket& bucket = found->second;
  bucket.tokens = level(bucket, now);
  bucket.at = now;
  if (bucket.tokens < 1) return false;
  bucket.tokens -= 1;
  return true;
}

bool Limiter::has(std::string_view key, Time now) {
  if (rate_.per_second <= 0) return true;
  const std::lock_guard lock(mutex_);
  const auto found = buckets_.find(std::string(key));
  return found == buckets_.end() || level(found->second, now) >= 1;
}

void Limiter::make_room(Time now) {
  std::erase_if(buckets_,
                [&](const auto& entry) { return level(entry.second, now) >= rate_.burst; });
  if (buckets_.size() < buckets_max_) return;
  // A flood of different keys: the older half gives way, so that this happens seldom.
  std::vector<Time> times;
  for (const auto& [key, bucket] : buckets_) times.push_back(bucket.at);
  const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
  std::nth_element(times.begin(), middle, times.end());
  const Time cut = *middle;
  std::erase_if(buckets_, [&](const auto& entry) { return entry.second.at <= cut; });
}

std::size_t Limiter::size() const {
  const std::lock_guard lock(mutex_);
  return buckets_.size();
}

bool is_loopback(std::string_view address) {
  return address.starts_with("127.") || address == "::1" || address.starts_with("::ffff:127.");
}

std::string peer_of(std::string_view address) {
  if (address.starts_with("::ffff:")) return std::string(address.substr(7));
  std::size_t colons = 0;
  for (std::size_t i = 0; i < address.size(); ++i) {
    if (address[i] == ':' && ++colons == 4) return std::string(address.substr(0, i));
  }
  return std::string(address);
}

bool admits(const Limits& limits, std::string_view address, std::string_view here, std::size_t open,
            std::size_t mine) {
  const bool loopback = is_loopback(address);
  const std::size_t reserve = loopback || address == here ? limits.connections_reserve : 0;
  return open < limits.connections_max + reserve &&
         mine < (loopback ? limits.connections_loopback : limits.connections_per_address);
}

Limiters::Limiters(const Limits& limits)
    : address_(limits.requests_per_address, limits.buckets_max),
      loopback_(limits.requests_loopback, limits.buckets_max),
      link_(limits.requests_per_link, limits.buckets_max),
      attempts_(limits.attempts_per_address, limits.buckets_max),
      attempts_loopback_(limits.attempts_loopback, limits.buckets_max) {}

bool Limiters::request(std::string_view address) {
  const auto now = std::chrono::steady_clock::now();
  return is_loopback(address) ? loopback_.take("loopback", now)
                              : address_.take(peer_of(address), now);
}

bool Limiters::link(std::string_view seat) {
  return link_.take(seat, std::chrono::steady_clock::now());
}

bool Limiters::may_attempt(std::string_view address) {
  const auto now = std::chrono::steady_clock::now();
  return is_loopback(address) ? attempts_loopback_.has("loopback", now)
                              : attempts_.has(peer_of(address), now);
}

void Limiters::failed_attempt(std::string_view address) {
  const auto now = std::chrono::steady_clock::now();
  if (is_loopback(address)) {
    static_cast<void>(attempts_loopback_.take("loopback", now));
  } else {
    static_cast<void>(attempts_.take(peer_of(address), now));
  }
}

}  // namespace host::http
