// Times as people at this machine type and read them.
#include <absl/time/time.h>
#include <unistd.h>

#include <array>
#include <fstream>

#include "adapter/system/clock.hpp"
#include "adapter/system/environment.hpp"
#include "base/zone.hpp"
#include "bin/commands.hpp"

namespace bin {
namespace {

using base::ErrorKind;
using base::fail;

std::string linked_zone() {
  std::array<char, 512> target{};
  const auto size = ::readlink("/etc/localtime", target.data(), target.size());
  const std::string path(target.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
  constexpr std::string_view kFolder = "zoneinfo/";
  const auto at = path.find(kFolder);
  return at == std::string::npos ? "" : path.substr(at + kFolder.size());
}

}  // namespace

std::string machine_zone() {
  auto zone = adapter::system::environment("TZ").value_or("");
  if (zone.starts_with(':')) zone.erase(0, 1);
  if (zone.empty()) zone = linked_zone();
  if (zone.empty()) {
    std::ifstream in("/etc/timezone");
    in >> zone;
  }
  return base::zone_exists(zone) ? zone : "";
}

std::string local_time(const std::string& rfc3339) {
  const auto time = base::parse_rfc3339(rfc3339);
  if (!time) return rfc3339;
  return absl::FormatTime("%Y-%m-%d %H:%M:%S %Z", absl::FromUnixMillis(base::to_unix_ms(*time)),
                          absl::LocalTimeZone());
}

std::string tomorrow() {
  const auto now = absl::FromUnixMillis(base::to_unix_ms(adapter::system::Clock().now()));
  return absl::FormatTime("%Y-%m-%d", now + absl::Hours(24), absl::LocalTimeZone());
}

base::Result<StartFields> parse_start(const std::string& text, const std::string& zone,
                                      base::Timestamp now) {
  const auto second = std::chrono::floor<std::chrono::seconds>(now);
  const bool local_text = text != "now" && !text.starts_with('+') && !base::parse_rfc3339(text);
  if (!local_text && !zone.empty()) {
    return fail(
        ErrorKind::invalid,
        "only a local time has one, like 2026-12-01T09:00; this start is an instant already",
        "--zone");
  }
  if (text == "now") return StartFields{.at = base::to_rfc3339(second), .local = "", .zone = ""};
  if (text.starts_with('+')) {
    const auto later = base::parse_duration(text.substr(1));
    if (!later) return fail(ErrorKind::invalid, later.error().message, "--start");
    return StartFields{.at = base::to_rfc3339(second + *later), .local = "", .zone = ""};
  }
  if (!local_text) return StartFields{.at = text, .local = "", .zone = ""};
  auto local = text;
  if (local.size() > 10 && local[10] == ' ') local[10] = 'T';
  const auto chosen = zone.empty() ? machine_zone() : zone;
  if (chosen.empty()) {
    return fail(ErrorKind::invalid,
                "this machine does not tell its time zone: say which, like Europe/Berlin",
                "--zone");
  }
  return StartFields{.at = "", .local = local, .zone = chosen};
}

}  // namespace bin
