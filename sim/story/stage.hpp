#pragma once
// Stage: plays a script in a world without drawn faults, under all checks, and answers what there
// is to read: the narrative, and what was violated or not as the script expects.

#include <optional>
#include <string>

#include "story/script.hpp"
#include "world.hpp"

namespace sim::story {

struct Played {
  std::string narrative;
  std::optional<Violation> violation;  // "expect": what the script says is not so
};

Played play(const Script& script);

}  // namespace sim::story
