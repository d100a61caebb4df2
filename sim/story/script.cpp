#include "story/script.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <sstream>

#include "domain/phase.hpp"
#include "story/settings.hpp"

namespace sim::story {

using base::ErrorKind;
using base::fail;
using base::Result;

const std::vector<Phrase>& phrases() {
  static const std::vector<Phrase> kAll{
      {"<person> comes", Verb::comes},
      {"<person> comes back", Verb::comes_back},
      {"<person> comes with a second browser", Verb::second_browser},
      {"<person> comes with the old link", Verb::old_link},
      {"<person> opens the page", Verb::opens_page},
      {"<person> leaves", Verb::leaves},
      {"<person> closes the lid", Verb::closes_lid},
      {"<person> starts the desktop again", Verb::starts_again},
      {"<person> presses end", Verb::presses_end},
      {"a mail scanner opens <person's> link", Verb::scanner},
      {"the organiser books", Verb::books},
      {"the organiser books for <local> in <zone>", Verb::books_for},
      {"the organiser books for the earlier <local> in <zone>", Verb::books_earlier},
      {"the organiser books for the later <local> in <zone>", Verb::books_later},
      {"the organiser cancels", Verb::cancels},
      {"the organiser ends the meeting", Verb::ends},
      {"the organiser extends by <duration>", Verb::extends},
      {"the organiser moves the start to <time>", Verb::moves},
      {"the organiser rotates <person's> link", Verb::rotates},
      {"the cloud is full for <duration>", Verb::cloud_full},
      {"the cloud is full at place <number> for <duration>", Verb::place_full},
      {"the cloud is down for <duration>", Verb::cloud_down},
      {"the DNS provider is down for <duration>", Verb::dns_down},
      {"the store is down for <duration>", Verb::store_down},
      {"<person's> desktop hangs for <duration>", Verb::hangs},
      {"<person's> desktop dies", Verb::dies},
      {"<person's> desktop is stopped by hand", Verb::stopped},
      {"<person's> desktop is taken back by the cloud", Verb::taken},
      {"<person's> record is removed by hand", Verb::record_removed},
      {"server <number> dies for <duration>", Verb::server_dies},
      {"server <number> is paused for <duration>", Verb::server_paused},
      {"the server that next decides to launch is paused for <duration>",
       Verb::server_pauses_at_launch},
      {"the clock of server <number> is set forward by <duration>", Verb::clock_forward},
      {"the clock of server <number> is set back by <duration>", Verb::clock_back},
      {"all events are lost", Verb::events_lost},
      {"look", Verb::look},
      {"expect <person> inside", Verb::expect_inside},
      {"expect <person> outside", Verb::expect_outside},
      {"expect <person's> desktop <step>", Verb::expect_desktop},
      {"expect the meeting <phase>", Verb::expect_phase},
      {"expect the meeting ended as <reason>", Verb::expect_end},
      {"expect <number> machines", Verb::expect_machines}};
  return kAll;
}

namespace {

std::vector<std::string> words_of(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

std::string without_comment(const std::string& line) {
  return line.substr(0, line.find('#'));
}

bool is_step(const std::string& word) {
  for (int i = 0; i <= static_cast<int>(domain::SeatStep::ended); ++i) {
    if (word == to_string(static_cast<domain::SeatStep>(i))) return true;
  }
  return false;
}

bool is_phase(const std::string& word) {
  for (int i = 0; i <= static_cast<int>(domain::MeetingPhase::over); ++i) {
    if (word == to_string(static_cast<domain::MeetingPhase>(i))) return true;
  }
  return false;
}

bool is_reason(const std::string& word) {
  for (int i = 0; i <= static_cast<int>(domain::EndReason::failed); ++i) {
    if (word == domain::to_string(static_cast<domain::EndReason>(i))) return true;
  }
  return false;
}

// "T", "T-10m", "T+1h5m".
std::optional<Timestamp> parse_time(const std::string& word, Timestamp start) {
  if (word == "T") return start;
  if (word.size() < 3 || word[0] != 'T' || (word[1] != '-' && word[1] != '+')) return std::nullopt;
  const auto by = base::parse_duration(word.substr(2));
  if (!by) return std::nullopt;
  return word[1] == '-' ? start - *by : start + *by;
}

// Fills one hole with one word; false when the word does not fit it.
bool fill(const std::string& hole, std::string word, const Script& script, Line& line) {
  if (hole == "<person's>") {
    if (word.size() < 3 || word.substr(word.size() - 2) != "'s") return false;
    word.resize(word.size() - 2);
  }
  if (hole == "<person>" || hole == "<person's>") {
    for (std::size_t i = 0; i < script.seats.size(); ++i) {
      if (script.seats[i].person == word) line.seat = i;
    }
    return line.seat.has_value();
  }
  if (hole == "<duration>") {
    const auto parsed = base::parse_duration(word);
    if (parsed) line.duration = *parsed;
    return parsed.has_value();
  }
  if (hole == "<time>") {
    const auto parsed = parse_time(word, script.start);
    if (parsed) line.time = *parsed;
    return parsed.has_value();
  }
  if (hole == "<number>") {
    const char* end = word.data() + word.size();
    const auto parsed = std::from_chars(word.data(), end, line.amount);
    return parsed.ec == std::errc{} && parsed.ptr == end;
  }
  line.words.push_back(word);
  if (hole == "<step>") return is_step(word);
  if (hole == "<phase>") return is_phase(word);
  if (hole == "<reason>") return is_reason(word);
  return hole == "<local>" || hole == "<zone>";
}

bool fits(const Phrase& phrase, const std::vector<std::string>& said, const Script& script,
          Line& line) {
  const auto wanted = words_of(std::string(phrase.pattern));
  if (wanted.size() != said.size()) return false;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const bool hole = wanted[i].front() == '<';
    if (hole ? !fill(wanted[i], said[i], script, line) : wanted[i] != said[i]) return false;
  }
  line.verb = phrase.verb;
  return true;
}

// How many of its words were said, less what is missing or too much: which one was probably meant.
int likeness(const Phrase& phrase, const std::vector<std::string>& said) {
  const auto wanted = words_of(std::string(phrase.pattern));
  int same = 0;
  for (const auto& word : wanted) same += std::count(said.begin(), said.end(), word) > 0 ? 1 : 0;
  const auto lengths = static_cast<int>(wanted.size()) - static_cast<int>(said.size());
  return same * 4 - std::abs(lengths);
}

Result<> parse_sentence(const std::vector<std::string>& said, const Script& script, Line& line) {
  const Phrase* nearest = &phrases().front();
  for (const auto& phrase : phrases()) {
    Line tried = line;
    if (fits(phrase, said, script, tried)) {
      line = tried;
      return {};
    }
    if (likeness(phrase, said) > likeness(*nearest, said)) nearest = &phrase;
  }
  return fail(ErrorKind::invalid, "nothing is called \"" + line.text + "\"; near to it: \"" +
                                      std::string(nearest->pattern) + "\"");
}

Result<> check_line(const Script& script, const Line& line) {
  const bool server = line.verb == Verb::server_dies || line.verb == Verb::server_paused ||
                      line.verb == Verb::clock_forward || line.verb == Verb::clock_back;
  if (server && (line.amount == 0 || line.amount > script.swarm.processes)) {
    return fail(ErrorKind::invalid, "there is no server " + std::to_string(line.amount));
  }
  if (line.verb == Verb::place_full &&
      (line.amount == 0 || line.amount > script.swarm.policy.places)) {
    return fail(ErrorKind::invalid, "there is no place " + std::to_string(line.amount));
  }
  if (!line.at && line.verb < Verb::look) {
    return fail(ErrorKind::invalid, "at the end one can only look and expect");
  }
  const auto begins = script.swarm.start;
  const auto last = script.lines.empty() ? std::optional(begins) : script.lines.back().at;
  if (line.at && (!last || *line.at < *last)) {
    return fail(ErrorKind::invalid, script.lines.empty() ? "the story has not begun yet then"
                                                         : "earlier than the line above it");
  }
  return {};
}

Result<> parse_line(Script& script, std::vector<std::string> words, std::size_t number) {
  Line line{.number = number, .at = parse_time(words.front(), script.start)};
  if (!line.at && words.front() != "end") {
    return fail(ErrorKind::invalid,
                "neither a setting nor a time: \"" + words.front() + "\"; times are T-5m, T, T+1h");
  }
  if (script.seats.empty()) return fail(ErrorKind::invalid, "seats must be set before");
  if (script.start_fields.empty()) return fail(ErrorKind::invalid, "start must be set before");
  if (script.length == Duration{0}) return fail(ErrorKind::invalid, "length must be set before");
  words.erase(words.begin());
  for (const auto& word : words) line.text += (line.text.empty() ? "" : " ") + word;
  TRY(parse_sentence(words, script, line));
  TRY(check_line(script, line));
  script.lines.push_back(std::move(line));
  return {};
}

}  // namespace

Result<Script> parse_script(const std::string& name, std::string_view text) {
  Script script{.name = name};
  script.swarm = plain_world();
  std::istringstream in{std::string(text)};
  std::size_t number = 0;
  for (std::string raw; std::getline(in, raw);) {
    ++number;
    const auto words = words_of(without_comment(raw));
    if (words.empty()) continue;
    Result<> done;
    if (is_setting(words.front())) {
      done = script.lines.empty()
                 ? set(script, words)
                 : Result<>(fail(ErrorKind::invalid, "settings stand before the first time"));
    } else {
      done = parse_line(script, words, number);
    }
    if (!done) {
      return fail(ErrorKind::invalid,
                  name + ":" + std::to_string(number) + ": " + done.error().message);
    }
  }
  if (script.lines.empty()) return fail(ErrorKind::invalid, name + ":1: nothing happens here");
  return script;
}

}  // namespace sim::story
