#pragma once
// What a command's exit code says; told by `howdah --help` and docs/OPERATING.md.

#include "base/result.hpp"

namespace bin {

enum ExitCode : int {
  kExitOk = 0,
  kExitFailed = 1,
  kExitUsage = 2,  // the command line, a value or the configuration is wrong
  kExitNotFound = 3,
  kExitConflict = 4,     // the state does not allow it
  kExitUnreachable = 5,  // no server answers
  kExitDenied = 6,       // no key, or not allowed
  kExitLater = 7,        // a rate, a budget, or not now: try again later
};

constexpr int exit_code(base::ErrorKind kind) {
  switch (kind) {
    case base::ErrorKind::invalid:
      return kExitUsage;
    case base::ErrorKind::not_found:
      return kExitNotFound;
    case base::ErrorKind::denied:
      return kExitDenied;
    case base::ErrorKind::conflict:
      return kExitConflict;
    case base::ErrorKind::exhausted:
    case base::ErrorKind::held_back:
    case base::ErrorKind::unknown_outcome:
      return kExitLater;
    case base::ErrorKind::unavailable:
      return kExitUnreachable;
    case base::ErrorKind::internal:
      return kExitFailed;
  }
  return kExitFailed;
}

// Tells the error on standard error; answers the exit code.
int tell(const base::Error& error);

}  // namespace bin
