#pragma once
// What a person's desktop is told about its meeting: environment values, cleaned so that a terminal
// that prints one shows it and does nothing else (SECURITY row 19).

#include <map>
#include <string>
#include <string_view>

#include "adapter/local/config.hpp"
#include "port/compute.hpp"

namespace adapter::local {

// Control characters (C0, DEL, C1) and bidirectional overrides become U+FFFD, as does what is not
// UTF-8; at most 1,000 bytes.
std::string displayable(std::string_view text);

// The template's own values first; none of them can replace one of ours.
std::map<std::string, std::string> session_environment(const Template& image,
                                                       const port::LaunchSpec& spec);

}  // namespace adapter::local
