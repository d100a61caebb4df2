#pragma once
// What people may type into names and titles: valid UTF-8, a bounded number of characters, no
// control characters and no bidirectional overrides (they make one name look like another).

#include <cstddef>
#include <string_view>

#include "base/result.hpp"

namespace base {

// Number of code points, or an error (invalid) naming `field` when not valid UTF-8.
Result<std::size_t> utf8_length(std::string_view text, std::string_view field);

// 1 to `characters_max` characters, none of them refused; leading and trailing blanks are refused.
Result<> check_name(std::string_view text, std::size_t characters_max, std::string_view field);

// One mailbox, "local@domain", at most 254 bytes, no blanks, quotes or control characters.
Result<> check_email(std::string_view text, std::string_view field);

// "https://host[:port][/...]", at most 2,000 bytes, no blanks, credentials or control characters.
Result<> check_https_url(std::string_view text, std::string_view field);

}  // namespace base
