#pragma once
// Meetings for tests: plain_meeting() is a small one to start from; any_meeting() draws every
// field, so that each optional one is there in about half of the cases.

#include <rapidcheck.h>

#include "domain/meeting.hpp"

namespace test {

// Only the ids are given; the rest is as the struct says. (Ids have no empty state, and naming
// every other field here would break with each new one.)
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wmissing-field-initializers"
inline domain::Desktop blank_desktop(const domain::DesktopId& id) {
  return {id};
}
inline domain::Seat blank_seat(const domain::SeatId& id) {
  return {id};
}
inline domain::Meeting blank_meeting(const domain::MeetingId& id,
                                     const domain::PrincipalId& owner) {
  return {id, 0, owner};
}
#pragma clang diagnostic pop

// A desktop of a seat that was launched with attempt 1 at `intent_at`.
inline domain::Desktop plain_desktop(const domain::SeatId& seat, base::Timestamp intent_at) {
  auto desktop = blank_desktop(domain::desktop_id(seat, 1));
  desktop.intent_at = intent_at;
  desktop.ends_itself_at = intent_at;
  desktop.launch_next_at = intent_at;
  return desktop;
}

// In two days from its booking, one hour, a teacher and a student; wakes ten minutes before.
inline domain::Meeting plain_meeting(const std::string& id, const std::string& owner = "ada") {
  using namespace std::chrono_literals;
  auto meeting = blank_meeting(*domain::MeetingId::parse(id), *domain::PrincipalId::parse(owner));
  meeting.title = "Algebra";
  meeting.start = {base::from_unix_ms(1'796'115'600'000), "", "2026-12-01T09:00:00Z"};
  meeting.length = 1h;
  meeting.created_at = meeting.start.at - 48h;
  meeting.wake_at = meeting.start.at - 10min;
  for (const char* role : {"teacher", "student"}) {
    const auto number = static_cast<std::uint32_t>(meeting.seats.size() + 1);
    meeting.seats.push_back(blank_seat(domain::seat_id(meeting.id, number)));
    meeting.seats.back().role = role;
    meeting.seats.back().person = "Ada";
  }
  return meeting;
}

// Draws values; the names of the domain structs say the rest.
class Draw {
 public:
  static std::uint32_t number() { return *rc::gen::arbitrary<std::uint32_t>(); }
  static base::Timestamp time() {
    return base::from_unix_ms(*rc::gen::inRange<std::int64_t>(-1, 253'402'300'800'000));
  }
  static base::Duration duration() {
    return base::Duration(*rc::gen::inRange<std::int64_t>(0, 1'000'000'000));
  }
  // Any text that is valid UTF-8: control characters, quotes and several scripts.
  static std::string text() {
    static const std::vector<std::string> parts{
        "a", "Z", " ", "\"", "\\", "\n", "\x1b", "\x7f", "/", "é", "日", "🐘", std::string(1, '\0'),
        "\t"};
    std::string made;
    for (const auto i : *rc::gen::container<std::vector<std::size_t>>(
             rc::gen::inRange<std::size_t>(0, parts.size()))) {
      made += parts[i];
    }
    return made;
  }
  template <class Id>
  static Id id() {
    return *Id::parse("i" + std::to_string(number()));
  }
  template <class Enum>
  static Enum one_of(Enum last) {
    return static_cast<Enum>(*rc::gen::inRange<int>(0, static_cast<int>(last) + 1));
  }
  static domain::Seen seen() { return {time(), one_of(domain::Source::person)}; }
  template <class Make>
  static auto maybe(Make make) -> std::optional<decltype(make())> {
    if (*rc::gen::arbitrary<bool>()) return std::nullopt;
    return make();
  }
  template <class Make>
  static auto several(int most, Make make) -> std::vector<decltype(make())> {
    std::vector<decltype(make())> items;
    for (int n = *rc::gen::inRange(0, most + 1); n > 0; --n) items.push_back(make());
    return items;
  }
  static domain::Fact<std::string> text_fact() { return {text(), seen()}; }
  static domain::CloseReason close_reason() { return one_of(domain::CloseReason::never_ready); }
  static domain::End end() { return {one_of(domain::EndReason::failed), time(), text()}; }

  static domain::Desktop desktop() {
    domain::Desktop made = plain_desktop(id<domain::SeatId>(), time());
    made.attempt = number();
    made.place = number();
    made.round = number();
    made.launch_called_at = maybe(time);
    made.launch_unknown = *rc::gen::arbitrary<bool>();
    made.launch_next_at = time();
    made.instance =
        maybe([] { return domain::Fact<domain::InstanceId>{id<domain::InstanceId>(), seen()}; });
    made.running = maybe(seen);
    made.address = maybe(text_fact);
    made.deadline_set = maybe(time);
    made.deadline_told = maybe(time);
    made.misses = number();
    made.missed_at = time();
    made.record_asked_at = maybe(time);
    made.record_answered_at = maybe(time);
    made.record = maybe(text_fact);
    made.first_ready = maybe(seen);
    made.ready = maybe(seen);
    made.silent_since = maybe(time);
    made.presence = maybe([] { return domain::Presence{time(), maybe(number)}; });
    made.empty_since = maybe(time);
    made.entered_at = maybe(time);
    made.used_at = maybe(time);
    made.closing = maybe([] { return domain::Closing{close_reason(), time()}; });
    made.fenced = maybe(seen);
    made.drop_asked_at = maybe(time);
    made.unnamed = maybe(seen);
    made.name_given_up_at = maybe(time);
    made.kill_at = maybe(time);
    made.gone = maybe(text_fact);
    return made;
  }

  static domain::Seat seat() {
    domain::Seat made = blank_seat(id<domain::SeatId>());
    made.role = text();
    made.person = text();
    made.email = text();
    made.epoch = number();
    made.generation = number();
    made.attempts = number();
    made.failures = number();
    made.desktop = maybe(desktop);
    made.past = several(3, [] { return domain::PastDesktop{number(), close_reason(), time()}; });
    made.tokens = several(3, [] { return domain::DoorToken{text(), number(), number(), time()}; });
    made.wanted_at = maybe(time);
    made.used_at = maybe(time);
    made.wants_end_at = maybe(time);
    made.failed = maybe(text_fact);
    made.trouble = text();
    return made;
  }
};

inline domain::Meeting any_meeting() {
  auto made = blank_meeting(Draw::id<domain::MeetingId>(), Draw::id<domain::PrincipalId>());
  made.title = Draw::text();
  made.start = {Draw::time(), Draw::text(), Draw::text()};
  made.length = Draw::duration();
  made.extended = Draw::duration();
  made.call_url = Draw::text();
  made.created_at = Draw::time();
  made.seats = Draw::several(3, Draw::seat);
  made.ending = Draw::maybe(Draw::end);
  made.end = Draw::maybe(Draw::end);
  made.over_at = Draw::maybe(Draw::time);
  made.wake_at = Draw::maybe(Draw::time);
  return made;
}

}  // namespace test
