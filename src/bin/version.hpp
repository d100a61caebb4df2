#pragma once
// The version that every role of the binary tells.

#include <string_view>

namespace bin {
std::string_view version();
}  // namespace bin
