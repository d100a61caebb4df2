// Stored meetings: what is read can be written, and reads back the same.

#include "domain/meeting_json.hpp"
#include "fuzz.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto meeting = domain::meeting_from_json(fuzz::as_text(data, size));
  if (!meeting) {
    CHECK(meeting.error().kind == base::ErrorKind::invalid);
    return 0;
  }
  const auto again = domain::meeting_from_json(domain::to_json(*meeting));
  CHECK(again.has_value());
  CHECK(domain::to_json(*again) == domain::to_json(*meeting));
  return 0;
}
