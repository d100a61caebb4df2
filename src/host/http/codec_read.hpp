#pragma once
// Bodies of requests, from JSON to values. Strict: a field that is unknown, of a wrong type, or
// JSON that is not JSON is an error marked kSyntax in Error::detail (answered 400); a value that is
// not allowed is an error without it (422). Every error names its field. No network here: fuzzers
// and the simulation use it.

#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "domain/command.hpp"
#include "port/key_store.hpp"

namespace host::http {

// `seats` left out gives none: the use case then makes one for each configured role.
base::Result<domain::Booking> parse_booking(std::string_view body);
// The start alone, in the same three forms as in a booking.
base::Result<domain::Start> parse_reschedule(std::string_view body);
// {"minutes": 15}
base::Result<base::Duration> parse_extend(std::string_view body);
// {"<name>": "..."}, exactly this field; for login codes and link tokens.
base::Result<std::string> parse_single(std::string_view body, std::string_view name);
// {"end_for_everybody": false}; an empty body means false.
base::Result<bool> parse_leave(std::string_view body);

struct KeyRequest {
  std::string name;
  std::set<port::Scope> scopes;
};
base::Result<KeyRequest> parse_key(std::string_view body);

std::optional<port::Scope> scope_from(std::string_view text);
std::string_view to_string(port::Scope scope);

}  // namespace host::http
