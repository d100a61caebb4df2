#pragma once
// The one place that reads the process environment. bin asks it for the few things a command line
// program takes from there (HOME, XDG_STATE_HOME, HOWDAH_KEY); no component does.

#include <optional>
#include <string>

namespace adapter::system {

// Nothing when unset or empty.
std::optional<std::string> environment(const char* name);

}  // namespace adapter::system
