#pragma once
// Script: a story as its file tells it. Settings first (`seats Ada (teacher), Ben (student)`), then
// one sentence a line, each with its time: `T-5m  Ada comes`. sim/scenario/README.md lists all that
// can be said; a word, name or time that does not belong there is an error that names its line.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "swarm.hpp"

namespace sim::story {

enum class Verb {
  // People.
  comes,
  comes_back,
  second_browser,
  old_link,
  opens_page,
  leaves,
  closes_lid,
  starts_again,
  presses_end,
  scanner,
  // The organiser.
  books,
  books_for,
  books_earlier,
  books_later,
  cancels,
  ends,
  extends,
  moves,
  rotates,
  // The world.
  cloud_full,
  place_full,
  cloud_down,
  dns_down,
  store_down,
  hangs,
  dies,
  stopped,
  taken,
  record_removed,
  server_dies,
  server_paused,
  server_pauses_at_launch,
  clock_forward,
  clock_back,
  events_lost,
  // The reader.
  look,
  expect_inside,
  expect_outside,
  expect_desktop,
  expect_phase,
  expect_end,
  expect_machines,
};

// One way to say something. Words in <> are filled in: <person>, <person's>, <duration>, <time>,
// <number>, <local>, <zone>, <step>, <phase>, <reason>.
struct Phrase {
  std::string_view pattern;
  Verb verb;
};
const std::vector<Phrase>& phrases();

struct Line {
  std::size_t number = 0;       // in its file
  std::optional<Timestamp> at;  // nothing: when all is over
  Verb verb = Verb::look;
  std::string text;                 // the sentence, as it stands there
  std::optional<std::size_t> seat;  // of <person> or <person's>
  Duration duration{0};             // <duration>
  Timestamp time;                   // <time>
  std::uint32_t amount = 0;         // <number>
  std::vector<std::string> words;   // what else was filled in
};

struct SeatName {
  std::string person;
  std::string role;
};

struct Script {
  std::string name;  // of its file
  std::string title = "Lesson";
  Timestamp start;           // T
  std::string start_fields;  // of the booking's body
  std::string start_text;    // as the file says it
  Duration length{0};
  std::vector<SeatName> seats;
  Swarm swarm;  // the world, without any fault drawn
  std::vector<Line> lines;
};

// Error: invalid; its message begins with "<name>:<line>: ".
base::Result<Script> parse_script(const std::string& name, std::string_view text);

// The fields of a booking's body for a local time.
std::string local_start_fields(const std::string& local, const std::string& zone,
                               const std::string& choice);

}  // namespace sim::story
