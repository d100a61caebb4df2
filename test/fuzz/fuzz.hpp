#pragma once
// What each fuzzer is made of: one entry point that gets any bytes, and properties stated by CHECK,
// so that a wrong answer ends the run as surely as a memory error does.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.hpp"

namespace fuzz {

inline std::string_view as_text(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

// The text up to the next `separator`, which is dropped with it.
inline std::string_view take_part(std::string_view& rest, char separator = '\n') {
  const auto end = rest.find(separator);
  const auto part = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  return part;
}

}  // namespace fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
