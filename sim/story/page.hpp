#pragma once
// What the join page says to a person, in the words of web/js/words.js (a test holds the two
// together), as far as a story tells it.

#include <string>
#include <vector>

#include "domain/phase.hpp"

namespace sim::story {

struct Page {
  std::string heading;
  std::string line;      // what holds it up, or why it failed; may be empty
  bool enter = false;    // the Enter button is there
  bool restart = false;  // the button that starts the desktop again is there
  bool last = false;     // nothing more will come
  bool operator==(const Page&) const = default;
};

Page page_of(const domain::Meeting& meeting, const domain::Seat& seat, base::Timestamp now,
             const domain::Policy& policy);

// Behind a link that is void.
std::string_view wrong_link_heading();
// Every heading there is.
std::vector<std::string_view> all_headings();

}  // namespace sim::story
