#pragma once
// Time as values: UTC instants in milliseconds, and durations. No clock here: whoever needs "now"
// is handed it (port::Clock reads it once per pass).

#include <chrono>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace base {

using Duration = std::chrono::milliseconds;
using Timestamp = std::chrono::sys_time<std::chrono::milliseconds>;

using namespace std::chrono_literals;  // NOLINT: 10min reads better than any alternative

// "2026-11-23T13:06:38Z" (milliseconds are shown only when they are not zero).
std::string to_rfc3339(Timestamp time);

// RFC 3339 with a mandatory offset ("Z", "+05:30"); seconds may have up to 9 digits of fraction
// (cut to milliseconds). Error: invalid, with a message that shows the expected form.
Result<Timestamp> parse_rfc3339(std::string_view text);

// Durations as people write them in configuration: "90s", "10m", "1h30m", "500ms", "2d".
std::string to_text(Duration duration);
Result<Duration> parse_duration(std::string_view text);

constexpr std::int64_t to_unix_ms(Timestamp time) {
  return time.time_since_epoch().count();
}
constexpr Timestamp from_unix_ms(std::int64_t ms) {
  return Timestamp(Duration(ms));
}

}  // namespace base
