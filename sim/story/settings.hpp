#pragma once
// The settings at the top of a story: who meets when, and what of the world and of the policy
// differs from the ordinary.

#include <string>
#include <vector>

#include "story/script.hpp"

namespace sim::story {

// An ordinary day on which nothing goes wrong by itself and everything takes as long as it says.
Swarm plain_world();
bool is_setting(const std::string& word);
// One line of settings, in words; the first one names it.
base::Result<> set(Script& script, const std::vector<std::string>& words);

}  // namespace sim::story
