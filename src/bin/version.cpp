#include "bin/version.hpp"

namespace bin {
std::string_view version() {
  return "0.1.0";
}
}  // namespace bin
