// What a desktop's name answers to a probe: bounded, and judged the same however it comes in.

#include "adapter/localprobe/answer.hpp"
#include "fuzz.hpp"

namespace probe = adapter::localprobe;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::as_text(data, size);
  const auto whole = probe::response_size(text);
  const auto answer = probe::parse_response(text);
  if (!answer) CHECK(!answer.error().message.empty());
  if (!whole || !*whole) {
    CHECK(!answer);
    return 0;
  }
  CHECK(**whole <= probe::kAnswerMax);
  if (text.size() < **whole) {
    CHECK(!answer);
    return 0;
  }
  // What follows the answer changes nothing.
  const auto head = text.substr(0, **whole);
  CHECK(*probe::response_size(head) == *whole);
  const auto again = probe::parse_response(head);
  CHECK(again.has_value() == answer.has_value());
  if (answer) CHECK(*again == *answer);
  return 0;
}
