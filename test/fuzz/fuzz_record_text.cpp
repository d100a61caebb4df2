// Files of local names: only what we would write ourselves is read.

#include "adapter/localhost/record_text.hpp"
#include "fuzz.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::as_text(data, size);
  const auto record = adapter::localhost::parse_record(text);
  if (record) CHECK(adapter::localhost::to_text(*record) == text);
  return 0;
}
