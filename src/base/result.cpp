#include "base/result.hpp"

namespace base {

std::string_view to_string(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::invalid:
      return "invalid";
    case ErrorKind::not_found:
      return "not_found";
    case ErrorKind::denied:
      return "denied";
    case ErrorKind::conflict:
      return "conflict";
    case ErrorKind::exhausted:
      return "exhausted";
    case ErrorKind::unavailable:
      return "unavailable";
    case ErrorKind::held_back:
      return "held_back";
    case ErrorKind::unknown_outcome:
      return "unknown_outcome";
    case ErrorKind::internal:
      return "internal";
  }
  return "internal";
}

}  // namespace base
