#pragma once
// CHECK: an invariant of our own code. On in every build; a false one ends the process with the
// place and the condition, because going on would act outside on a state nobody understands.
// Not for input or outside failures: those are values (result.hpp).

namespace base {
[[noreturn]] void check_failed(const char* condition, const char* file, int line);
}  // namespace base

#define CHECK(condition)                                    \
  do {                                                      \
    if (!(condition)) {                                     \
      ::base::check_failed(#condition, __FILE__, __LINE__); \
    }                                                       \
  } while (false)
