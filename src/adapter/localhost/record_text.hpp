#pragma once
// A record as the text of its file. Only text that we would write ourselves is read back: whatever
// differs in one byte is somebody else's, or broken, and gives nothing.

#include <optional>
#include <string>
#include <string_view>

#include "domain/outside.hpp"

namespace adapter::localhost {

// Values that can stand on a line of it: 1 to 253 printable ASCII characters without blanks.
bool is_plain(std::string_view value);

std::string to_text(const domain::Record& record);
std::optional<domain::Record> parse_record(std::string_view text);

}  // namespace adapter::localhost
