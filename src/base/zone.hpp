#pragma once
// Local times of the IANA time zones, as people say them: what instant "2026-12-01T09:00 in
// Europe/Berlin" is, and that it is none or two where clocks change. The rules come from the
// machine's time zone database. Does not know the zone of this machine or of anybody.

#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/time.hpp"

namespace base {

// Which of the two instants is meant by a local time that exists twice.
enum class Choice { earlier, later };

// An IANA name, spelled exactly ("Europe/Berlin"; not "europe/berlin", "localtime" or a path).
bool zone_exists(std::string_view zone);

// The instant of `local` ("2026-12-01T09:00", seconds may follow; years 1970 to 2999) in `zone`.
// `choice` is used only where the time exists twice. Errors are invalid and name their field:
// "zone" (unknown), "start_local" (malformed, or clocks skip it), "start_choice" (exists twice).
Result<Timestamp> resolve_local(std::string_view local, std::string_view zone,
                                std::optional<Choice> choice);

// "2026-12-01T09:00:00" as clocks in `zone` show it; in UTC with a Z when there is no such zone.
std::string local_text(Timestamp time, std::string_view zone);

}  // namespace base
