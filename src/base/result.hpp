#pragma once
// Result<T>: a value, or an Error whose kind says what the caller may do next. Expected failures
// travel as values; exceptions never cross a port.

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace base {

enum class ErrorKind {
  invalid,          // the request is wrong: fix it, do not retry
  not_found,        // no such thing
  denied,           // not allowed
  conflict,         // the state moved on: reload and decide again
  exhausted,        // a limit or capacity: later, with backoff
  unavailable,      // it did not happen: may be retried
  held_back,        // not done, as our own share of calls is used up: soon
  unknown_outcome,  // it may or may not have happened: observe first
  internal,         // our fault: a person looks
};

std::string_view to_string(ErrorKind kind);

// The call was not taken: nothing was done, and nothing can still come of it.
constexpr bool was_not_taken(ErrorKind kind) {
  return kind == ErrorKind::unavailable || kind == ErrorKind::held_back;
}

struct Error {
  ErrorKind kind = ErrorKind::internal;
  std::string message;  // for the user: says what to do; never holds a secret
  std::string field;   // the input field at fault, as the user wrote it ("seats[1].role"), or empty
  std::string detail;  // for operators' logs; never holds a secret

  bool operator==(const Error&) const = default;
};

template <class T = void>
class [[nodiscard]] Result : public tl::expected<T, Error> {
 public:
  using Base = tl::expected<T, Error>;
  using Base::Base;
  Result(Base base) : Base(std::move(base)) {}  // NOLINT: the alias of the design, made nodiscard
};

inline tl::unexpected<Error> fail(ErrorKind kind, std::string message, std::string field = {},
                                  std::string detail = {}) {
  return tl::unexpected<Error>(
      Error{kind, std::move(message), std::move(field), std::move(detail)});
}

// Drops a result on purpose; `why` is for the reader.
template <class T>
void ignore(const Result<T>& /*result*/, const char* /*why*/) {}

namespace detail {
template <class T>
T take(Result<T>&& result) {
  return *std::move(result);
}
inline void take(Result<void>&& /*result*/) {}
template <class T>
Result<T> as_result(Result<T> result) {
  return result;
}
template <class T>
Result<T> as_result(tl::expected<T, Error> result) {
  return Result<T>(std::move(result));
}
}  // namespace detail

}  // namespace base

// The value of a Result, or return its error from the enclosing function.
#define TRY(expression)                                                     \
  __extension__({                                                           \
    auto try_result_ = ::base::detail::as_result(expression);               \
    if (!try_result_) {                                                     \
      return tl::unexpected<::base::Error>(std::move(try_result_).error()); \
    }                                                                       \
    ::base::detail::take(std::move(try_result_));                           \
  })
