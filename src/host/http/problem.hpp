#pragma once
// Errors as RFC 9457 problem documents: the last step, where an error kind becomes a status.

#include "base/result.hpp"
#include "host/http/message.hpp"

namespace host::http {

// The mark that a codec sets in Error::detail: the body is not what the call takes at all (400),
// where otherwise a value in it is not allowed (422).
constexpr std::string_view kSyntax = "syntax";

int status_of(const base::Error& error);
std::string_view reason_phrase(int status);

Response problem(int status, std::string_view detail, std::string_view field = {});
// Adds Retry-After where the status has one; logs what an operator should see.
Response problem(const base::Error& error);

}  // namespace host::http
