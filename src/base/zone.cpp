#include "base/zone.hpp"

#include <absl/time/civil_time.h>
#include <absl/time/time.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <fstream>
#include <mutex>
#include <set>
#include <string>

namespace base {
namespace {

constexpr std::size_t kNameMax = 64;

bool is_name(std::string_view zone) {
  if (zone.empty() || zone.size() > kNameMax || zone.front() == '/' || zone.back() == '/') {
    return false;
  }
  if (zone.find("//") != std::string_view::npos) return false;
  return std::all_of(zone.begin(), zone.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '/' ||
           c == '_' || c == '-' || c == '+';
  });
}

// In the folder, but no zone that a person may name: this machine's own, copies, a placeholder.
bool is_reserved(std::string_view zone) {
  return zone == "localtime" || zone == "posixrules" || zone == "Factory" ||
         zone.rfind("posix/", 0) == 0 || zone.rfind("right/", 0) == 0;
}

// Asked before absl is: absl keeps every name it ever failed to find, so that strangers could fill
// our memory, and it takes forms of its own ("Fixed/UTC+01:00:00", "libc:localtime").
bool is_file_in_database(std::string_view zone) {
  std::ifstream file("/usr/share/zoneinfo/" + std::string(zone), std::ios::binary);
  std::array<char, 4> magic{};
  return file.read(magic.data(), magic.size()) &&
         std::string_view(magic.data(), magic.size()) == "TZif";
}

// What was there once is not looked for again: there are some 600 of them.
bool is_in_database(std::string_view zone) {
  static std::mutex mutex;
  static std::set<std::string, std::less<>> known;
  const std::lock_guard lock(mutex);
  if (known.contains(zone)) return true;
  if (!is_file_in_database(zone)) return false;
  known.emplace(zone);
  return true;
}

std::optional<absl::TimeZone> find_zone(std::string_view zone) {
  absl::TimeZone found;
  if (!is_name(zone) || is_reserved(zone) || !is_in_database(zone) ||
      !absl::LoadTimeZone(std::string(zone), &found)) {
    return std::nullopt;
  }
  return found;
}

std::optional<int> take_number(std::string_view text, std::size_t at, std::size_t digits) {
  int value = 0;
  for (std::size_t i = at; i < at + digits; ++i) {
    if (i >= text.size() || text[i] < '0' || text[i] > '9') return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

// "YYYY-MM-DDTHH:MM" or "YYYY-MM-DDTHH:MM:SS".
std::optional<absl::CivilSecond> parse_civil(std::string_view text) {
  if (text.size() != 16 && text.size() != 19) return std::nullopt;
  if (text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':') return std::nullopt;
  if (text.size() == 19 && text[16] != ':') return std::nullopt;
  const auto year = take_number(text, 0, 4);
  const auto month = take_number(text, 5, 2);
  const auto day = take_number(text, 8, 2);
  const auto hour = take_number(text, 11, 2);
  const auto minute = take_number(text, 14, 2);
  const auto second = text.size() == 19 ? take_number(text, 17, 2) : std::optional<int>(0);
  if (!year || !month || !day || !hour || !minute || !second) return std::nullopt;
  if (*year < 1970 || *year > 2999) return std::nullopt;
  const absl::CivilSecond civil(*year, *month, *day, *hour, *minute, *second);
  // absl carries 30 February over into March; a person who wrote that meant something else.
  const bool same = civil.month() == *month && civil.day() == *day && civil.hour() == *hour &&
                    civil.minute() == *minute && civil.second() == *second;
  return same ? std::optional(civil) : std::nullopt;
}

std::string civil_text(const absl::CivilSecond& civil) {
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", civil.year(), civil.month(),
                     civil.day(), civil.hour(), civil.minute(), civil.second());
}

Timestamp to_timestamp(absl::Time time) {
  return from_unix_ms(absl::ToUnixMillis(time));
}

}  // namespace

bool zone_exists(std::string_view zone) {
  return find_zone(zone).has_value();
}

Result<Timestamp> resolve_local(std::string_view local, std::string_view zone,
                                std::optional<Choice> choice) {
  const auto rules = find_zone(zone);
  if (!rules) {
    return fail(ErrorKind::invalid,
                "this time zone is not known; an IANA name is expected, like Europe/Berlin",
                "zone");
  }
  const auto civil = parse_civil(local);
  if (!civil) {
    return fail(ErrorKind::invalid, "a local date and time is expected, like 2026-12-01T09:00",
                "start_local");
  }
  const auto found = rules->At(*civil);
  switch (found.kind) {
    case absl::TimeZone::TimeInfo::UNIQUE:
      return to_timestamp(found.pre);
    case absl::TimeZone::TimeInfo::SKIPPED:
      return fail(
          ErrorKind::invalid,
          fmt::format("{} does not exist in {}, where clocks skip it; the nearest times are "
                      "{} and {}",
                      civil_text(*civil), zone,
                      civil_text(rules->At(found.trans - absl::Minutes(1)).cs),
                      civil_text(rules->At(found.trans).cs)),
          "start_local");
    case absl::TimeZone::TimeInfo::REPEATED:
      if (choice) return to_timestamp(*choice == Choice::earlier ? found.pre : found.post);
      return fail(ErrorKind::invalid,
                  fmt::format("{} exists twice in {}; choose \"earlier\" ({}) or \"later\" ({})",
                              civil_text(*civil), zone, to_rfc3339(to_timestamp(found.pre)),
                              to_rfc3339(to_timestamp(found.post))),
                  "start_choice");
  }
  return fail(ErrorKind::internal, "the time zone database answered what it can't");
}

std::string local_text(Timestamp time, std::string_view zone) {
  const auto whole = std::chrono::floor<std::chrono::seconds>(time);
  const auto rules = find_zone(zone);
  if (!rules) return to_rfc3339(whole);
  return civil_text(rules->At(absl::FromUnixSeconds(whole.time_since_epoch().count())).cs);
}

}  // namespace base
