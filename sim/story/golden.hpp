#pragma once
// Goldens: the narrative of every story of a folder, held against the one that is committed beside
// its script (no_show.txt, no_show.golden). A change of behaviour shows as a difference to read.

#include <string>

namespace sim::story {

// Prints the narrative of one script; 0, or 1 when something was violated, 2 when it is no script.
int tell_story(const std::string& file);
// Plays all scripts of `folder`. With `write` the goldens are written anew, else compared. Prints
// what differs; 0 when all are as expected.
int tell_stories(const std::string& folder, bool write);

// The lines that differ, marked - and +, with a little of what stands around them; empty when
// nothing differs.
std::string difference(const std::string& before, const std::string& after);

}  // namespace sim::story
