#pragma once
// Principal: who asks, and what they may do. The one place where objects are checked against
// people.

#include <set>

#include "base/result.hpp"
#include "domain/meeting.hpp"
#include "port/key_store.hpp"

namespace app {

struct Principal {
  domain::PrincipalId id;
  std::set<port::Scope> scopes;
};

// Booking and changing need the scope `book` (who changes a meeting sees it in the answer), reading
// needs `read`; `operate` may all of it.
enum class Operation { book, read, change, operate };

// denied: the scope is missing. not_found: the meeting is another organiser's (scope `operate` sees
// all), told exactly like a meeting that does not exist.
base::Result<> may(const Principal& who, Operation operation);
base::Result<> may(const Principal& who, Operation operation, const domain::Meeting& meeting);

}  // namespace app
