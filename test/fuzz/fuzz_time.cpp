// Times as people write them: what is read can be written, and reads back the same.

#include "base/time.hpp"
#include "base/zone.hpp"
#include "fuzz.hpp"

namespace {

void check_instant(std::string_view text) {
  const auto time = base::parse_rfc3339(text);
  if (!time) return;
  const auto year = base::to_rfc3339(*time).substr(0, 5);
  // An offset can carry the first and last years out of four digits.
  if (year == "0000-" || year.front() == '-' || year.back() != '-') return;
  CHECK(base::parse_rfc3339(base::to_rfc3339(*time)).value() == *time);
}

void check_duration(std::string_view text) {
  const auto duration = base::parse_duration(text);
  if (!duration) return;
  CHECK(*duration >= base::Duration{0});
  CHECK(base::parse_duration(base::to_text(*duration)).value() == *duration);
}

void check_local(std::string_view text) {
  const auto local = fuzz::take_part(text);
  const auto zone = fuzz::take_part(text);
  const auto free = base::resolve_local(local, zone, std::nullopt);
  const auto earlier = base::resolve_local(local, zone, base::Choice::earlier);
  const auto later = base::resolve_local(local, zone, base::Choice::later);
  CHECK(earlier.has_value() == later.has_value());
  if (!earlier) {
    CHECK(!free && free.error().kind == base::ErrorKind::invalid && !free.error().field.empty());
    return;
  }
  CHECK(*earlier <= *later);
  CHECK(free ? *free == *earlier && *free == *later : *earlier < *later);
  for (const auto& time : {*earlier, *later}) {
    CHECK(base::local_text(time, zone).substr(0, local.size()) == local);
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::as_text(data, size);
  check_instant(text);
  check_duration(text);
  check_local(text);
  return 0;
}
