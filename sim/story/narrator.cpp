#include "story/narrator.hpp"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cctype>
#include <cstdio>

#include "story/page.hpp"

namespace sim::story {

using domain::CloseReason;
using domain::Desktop;
using domain::Meeting;
using domain::Seat;

namespace {

constexpr Duration kTogether = 5s;     // what happens to several people within this is one sentence
constexpr std::size_t kLookBack = 10;  // sentences
constexpr std::size_t kColumn = 11;    // where sentences begin

std::string capital(std::string text) {
  if (!text.empty()) text[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(text[0])));
  return text;
}

std::string joined(const std::vector<std::string>& names, const std::string& suffix) {
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const bool last = i + 1 == names.size();
    text += (i == 0 ? "" : last ? " and " : ", ") + names[i] + suffix;
  }
  return text;
}

std::string ordinal(std::uint32_t n) {
  return n == 2 ? "2nd" : n == 3 ? "3rd" : std::to_string(n) + "th";
}

void replace(std::string& text, const std::string& hole, const std::string& with) {
  for (auto at = text.find(hole); at != std::string::npos; at = text.find(hole, at + with.size())) {
    text.replace(at, hole.size(), with);
  }
}

// Errors of the world say that they were made by it.
std::string plain(std::string text) {
  replace(text, " (drawn)", "");
  return text;
}

std::string text_of(const boost::json::object& fields, const char* key) {
  const auto* found = fields.if_contains(key);
  return found != nullptr && found->is_string() ? std::string(found->as_string()) : std::string();
}

}  // namespace

std::string time_text(Timestamp at, Timestamp start) {
  const auto whole = std::chrono::floor<std::chrono::seconds>(at - start).count();
  const auto seconds = whole < 0 ? -whole : whole;
  std::array<char, 32> text{};
  const char sign = whole < 0 ? '-' : '+';
  if (seconds >= 7200) {
    std::snprintf(text.data(), text.size(), "T%c%lld:%02lld:%02lld", sign,
                  static_cast<long long>(seconds / 3600), static_cast<long long>(seconds / 60 % 60),
                  static_cast<long long>(seconds % 60));
  } else {
    std::snprintf(text.data(), text.size(), "T%c%lld:%02lld", sign,
                  static_cast<long long>(seconds / 60), static_cast<long long>(seconds % 60));
  }
  return text.data();
}

// ---- Sentences.

void Narrator::acts(const std::string& sentence) {
  events_.push_back({world_.now(), true, sentence, {}, 0, {}});
}

void Narrator::tell(const std::string& form, const std::string& person, std::uint32_t attempt) {
  std::size_t seen = 0;
  for (auto event = events_.rbegin(); event != events_.rend() && seen < kLookBack;
       ++event, ++seen) {
    if (event->at + kTogether < world_.now() || event->script) break;
    if (person.empty() || event->form != form || event->attempt != attempt) continue;
    if (!event->below.empty()) continue;
    auto& persons = event->persons;
    if (std::find(persons.begin(), persons.end(), person) != persons.end()) continue;
    persons.push_back(person);
    std::sort(persons.begin(), persons.end(),
              [this](const auto& a, const auto& b) { return rank(a) < rank(b); });
    return;
  }
  events_.push_back({world_.now(), false, form, {}, attempt, {}});
  if (!person.empty()) events_.back().persons.push_back(person);
}

// Persons are told of in the order of their seats.
std::size_t Narrator::rank(const std::string& person) const {
  const auto& seats = script_.seats;
  const auto found = std::find_if(seats.begin(), seats.end(),
                                  [&](const SeatName& seat) { return seat.person == person; });
  return static_cast<std::size_t>(found - seats.begin());
}

void Narrator::add(const std::string& line) {
  events_.back().below.push_back(line);
}

std::string Narrator::line_of(const Event& event) const {
  auto form = event.form;
  const bool many = event.persons.size() > 1;
  const std::string nth = event.attempt > 1 ? ordinal(event.attempt) + " " : "";
  replace(form, "{desktop}",
          joined(event.persons, "'s") + " " + nth + "desktop" + (many ? "s" : ""));
  replace(form, "{who}", joined(event.persons, ""));
  replace(form, "{is}", many ? "are" : "is");
  replace(form, "{has}", many ? "have" : "has");
  replace(form, "{s}", many ? "" : "s");
  replace(form, "{es}", many ? "" : "es");
  replace(form, "{s2}", many ? "s" : "");
  replace(form, "{a}", many ? "" : "a ");
  replace(form, "{itself}", many ? "themselves" : "itself");
  replace(form, "{its}", many ? "their" : "its");
  std::string line = time_text(event.at, script_.start);
  line.resize(std::max(line.size() + 1, kColumn), ' ');
  line += (event.script ? "* " : "  ") + capital(form) + "\n";
  for (const auto& below : event.below) line += std::string(kColumn + 4, ' ') + below + "\n";
  return line;
}

std::string Narrator::text() const {
  std::string text;
  for (const auto& event : events_) text += line_of(event);
  return text;
}

// ---- Outside.

std::string Narrator::person_of(const domain::SeatId& seat) const {
  const auto number = std::stoul(seat.text().substr(seat.text().rfind('-') + 1));
  return number <= script_.seats.size() ? script_.seats.at(number - 1).person : seat.text();
}

void Narrator::tell_desktop(const std::string& form, std::string_view desktop) {
  const auto id = domain::DesktopId::parse(desktop.substr(0, desktop.find('.')));
  const auto seat = id ? domain::seat_of(*id) : std::nullopt;
  if (!seat) return;
  const auto attempt = std::stoul(id->text().substr(seat->text().size() + 1));
  tell(form, person_of(*seat), static_cast<std::uint32_t>(attempt));
}

std::string Narrator::server(std::string_view actor) const {
  const auto number = actor.substr(1, actor.find('.') - 1);
  return script_.swarm.processes == 1 ? "the server" : "server " + std::string(number);
}

void Narrator::tell_cloud(std::string_view verb, const Machine& machine, std::string_view detail) {
  const auto desktop = machine.spec.desktop.text();
  if (verb == "launched") {
    const bool choice = script_.swarm.policy.places > 1;
    const auto place = choice ? " at place " + std::to_string(machine.spec.place + 1) : "";
    tell_desktop("{desktop} {is} launched" + place, desktop);
  } else if (verb == "terminating") {
    tell_desktop("the machine{s2} of {desktop} {is} told to end", desktop);
  } else if (verb == "gone" && detail == "deadline") {
    tell_desktop("{desktop} end{s} by {itself}: {its} own deadline has come", desktop);
  } else if (verb == "gone" && detail == "terminated") {
    tell_desktop("{desktop} {is} gone", desktop);
  }
}

void Narrator::traced(std::string_view actor, std::string_view verb, std::string_view subject,
                      std::string_view detail) {
  if (actor == "cloud") {
    const auto id = domain::InstanceId::parse(subject);
    const Machine* machine = id ? world_.cloud().find(*id) : nullptr;
    if (machine != nullptr) tell_cloud(verb, *machine, detail);
  } else if (actor == "dns" && verb == "put") {
    tell_desktop("{desktop} {has} {a}name{s2}", subject);
  } else if (actor == "dns" && verb == "drop") {
    tell_desktop("the name{s2} of {desktop} {is} removed", subject);
  } else if (actor == "check") {
    say("VIOLATED " + std::string(subject) + ": " + std::string(detail));
  } else if (verb == "starts" && actor.find('.') != std::string_view::npos) {
    say(server(actor) + " is up again");
  }
}

void Narrator::reached(std::string_view probe) {
  if (probe == "process: clock jumped, ends are held") {
    say("ALARM: a clock jumped; nothing is ended by the clock until it has settled");
  } else if (probe == "launch: key already used") {
    say("the cloud is asked again for a launch that it knows: no second machine");
  }
}

void Narrator::logged(std::string_view json) {
  const auto fields = boost::json::parse(json).as_object();
  const auto message = text_of(fields, "message");
  const auto action = text_of(fields, "action");
  const auto desktop = text_of(fields, "desktop");
  const auto why = plain(text_of(fields, "reason"));
  if (!told_once_.insert(message + action + desktop + why).second) return;
  if (message == "a record that cannot be removed holds its desktop") {
    tell_desktop("ALARM: a name that cannot be removed holds {desktop}", desktop);
  } else if (message == "sweep ends what has no row") {
    say("ALARM: the sweep ends a " + text_of(fields, "kind") + ": " + text_of(fields, "why"));
  } else if (message == "action failed" && action == "terminate") {
    tell_desktop("{desktop} cannot be ended now: " + why, desktop);
  } else if (message == "action failed" && action == "drop_record") {
    tell_desktop("the name{s2} of {desktop} cannot be removed now: " + why, desktop);
  } else if (message == "action failed" && action == "set_deadline") {
    tell_desktop("{desktop} cannot be told its new deadline now: " + why, desktop);
  }
}

// ---- The meeting.

void Narrator::committed(std::size_t process, const Meeting* before, const Meeting& after) {
  if (before == nullptr) return;
  tell_end(*before, after);
  bool launches = false;
  for (std::size_t i = 0; i < after.seats.size(); ++i) {
    const auto& was = before->seats[i];
    const auto& is = after.seats[i];
    tell_seat(was, is);
    const auto called = [](const Seat& seat) {
      return seat.desktop ? seat.desktop->launch_called_at : std::nullopt;
    };
    launches = launches || (called(is) && called(is) != called(was));
  }
  if (launches && launch_decided_) std::exchange(launch_decided_, {})(process);
}

void Narrator::tell_end(const Meeting& before, const Meeting& after) {
  if (after.ending && !before.ending) {
    say("nobody seems to be there: all gates close, and it is looked once more");
  }
  if (before.ending && !after.ending && !after.end) {
    say("somebody is there after all: the gates open again");
  }
  if (after.end && !before.end) {
    say("the meeting ends: " + std::string(domain::to_string(after.end->reason)));
  }
  if (after.over_at && !before.over_at) say("the meeting is over: nothing is left outside");
}

void Narrator::tell_seat(const Seat& before, const Seat& after) {
  const auto person = person_of(after.id);
  if (after.used_at && !before.used_at) tell("{who} count{s} as having come", person);
  if (after.trouble != before.trouble && !after.trouble.empty()) {
    tell("held up: {desktop}: " + plain(after.trouble), person,
         after.desktop ? after.desktop->attempt : 1);
  }
  if (after.desktop) {
    const bool same = before.desktop && before.desktop->id == after.desktop->id;
    if (same) tell_open(person, *before.desktop, *after.desktop);
    tell_closing(person, same ? &*before.desktop : nullptr, *after.desktop);
  }
  if (after.failed && !before.failed) {
    tell("no further desktop is tried for {who}: " + plain(after.failed->value), person);
  }
}

void Narrator::tell_open(const std::string& person, const Desktop& was, const Desktop& is) {
  const auto say_it = [&](const std::string& form) { tell(form, person, is.attempt); };
  if (is.first_ready && !was.first_ready) say_it("{desktop} {is} ready");
  if (is.closing) return;
  if (is.silent_since && !was.silent_since) say_it("{desktop} do{es} not answer any more");
  if (!is.silent_since && was.silent_since) say_it("{desktop} answer{s} again");
}

void Narrator::tell_closing(const std::string& person, const Desktop* was, const Desktop& is) {
  const auto say_it = [&](const std::string& form) { tell(form, person, is.attempt); };
  if (was != nullptr && was->closing && !is.closing &&
      was->closing->reason == CloseReason::unused) {
    say_it("{desktop} stay{s}: somebody came after all");
  }
  if (is.name_given_up_at && (was == nullptr || !was->name_given_up_at)) {
    say_it("the name{s2} of {desktop} {is} given up; the machine is ended all the same");
  }
  if (!is.closing || (was != nullptr && was->closing)) return;
  switch (is.closing->reason) {
    case CloseReason::meeting_ended:
      return;  // the meeting's end says it
    case CloseReason::unused:
      say_it("{desktop} {is} put away: nobody came");
      return;
    case CloseReason::died:
      say_it("{desktop} {has} died");
      return;
    case CloseReason::never_ready:
      if (!is.instance) return;  // there was none: why, is said of the person
      say_it("{desktop} did not come up in time and {is} given up");
      return;
  }
}

}  // namespace sim::story
