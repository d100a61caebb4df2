#include "bookings.hpp"

#include <array>

namespace sim {
namespace {

using base::Duration;
using base::Timestamp;
using namespace std::chrono_literals;  // NOLINT: 10min reads better than any alternative

// In October 2024 clocks in Berlin went back from 3:00 to 2:00 at this instant.
constexpr Timestamp kChange = Timestamp(std::chrono::hours(24 * 20'023) + 1h);

std::string local_text(Timestamp start, Duration offset) {
  auto text = base::to_rfc3339(start + offset);
  text.pop_back();  // the Z
  return text;
}

// Local times have whole seconds.
std::string start_fields(Timestamp start, base::Rng& rng) {
  const bool whole = start.time_since_epoch() % 1s == 0ms;
  switch (rng.below(whole ? 4 : 2)) {
    case 0:
      return R"("start": ")" + base::to_rfc3339(start) + R"(")";
    case 1:
      return R"("start": ")" + local_text(start, 5h + 30min) + R"(+05:30")";
    case 2:
      return R"("start_local": ")" + local_text(start, 5h + 30min) + R"(", "zone": "Asia/Kolkata")";
    default:
      break;
  }
  const auto offset = start < kChange ? 2h : 1h;
  std::string fields =
      R"("start_local": ")" + local_text(start, offset) + R"(", )" + R"("zone": "Europe/Berlin")";
  if (start >= kChange - 1h && start < kChange + 1h) {  // this local time exists twice
    fields +=
        std::string(R"(, "start_choice": ")") + (start < kChange ? "earlier" : "later") + "\"";
  }
  return fields;
}

}  // namespace

std::string booking_body(std::uint32_t number, Timestamp start, std::uint32_t minutes,
                         std::uint32_t seats, base::Rng& rng) {
  constexpr std::array kRoles{"teacher", "student", "guest"};
  std::string body = R"({"title": "Meeting )" + std::to_string(number) + R"(", )" +
                     start_fields(start, rng) + R"(, "length_minutes": )" +
                     std::to_string(minutes) + R"(, "seats": [)";
  for (std::uint32_t i = 0; i < seats; ++i) {
    body += std::string(i == 0 ? "" : ", ") + R"({"role": ")" + kRoles.at(i) + R"("})";
  }
  return body + "]}";
}

std::string junk_body(base::Rng& rng) {
  constexpr std::array kStarts{
      R"()",                                  // none
      R"("start": "2024-10-04T09:00:00", )",  // no offset
      R"("start": "", )",
      R"("start": "1970-01-01T00:00:00Z", )",                             // long past
      R"("start": "2999-01-01T00:00:00Z", )",                             // far ahead
      R"("start_local": "2025-03-30T02:30", "zone": "Europe/Berlin", )",  // skipped by clocks
      R"("start_local": "2024-10-27T02:30", "zone": "Europe/Berlin", )",  // twice, no choice
      R"("start_local": "2024-11-04T09:00", "zone": "Mars/Olympus", )",
      R"("start": 5, )"};
  return R"({"title": "Junk", )" +
         std::string(kStarts.at(rng.below(static_cast<std::uint32_t>(kStarts.size())))) +
         R"("length_minutes": 45})";
}

std::string nonsense_body(Timestamp start, base::Rng& rng) {
  constexpr std::array kRest{
      R"("length_minutes": 0)",
      R"("length_minutes": -45)",
      R"("length_minutes": 4)",
      R"("length_minutes": 721)",
      R"("length_minutes": 44.5)",
      R"("length_minutes": "45")",
      R"("length_minutes": 9223372036854775808)",
      R"("length_minutes": 45, "start_tz": "Europe/Berlin")",  // not known here
      R"("length_minutes": 45, "start_local": "2024-10-05T09:00", "zone": "Europe/Berlin")",
      R"("length_minutes": 45, "zone": "Europe/Berlin")",
      R"("length_minutes": 45, "seats": [])",
      R"("length_minutes": 45, "seats": [{"role": "guest"}, {"role": "guest"}])",
      R"("length_minutes": 45, "seats": [{"role": "king"}])",
      R"("length_minutes": 45, "call_url": "http://example.org")"};
  return R"({"title": "Nonsense", "start": ")" + base::to_rfc3339(start) + R"(", )" +
         std::string(kRest.at(rng.below(static_cast<std::uint32_t>(kRest.size())))) + "}";
}

}  // namespace sim
