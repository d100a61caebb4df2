#pragma once
// The members of a meeting and of all that it is made of, by name: each struct once, for every
// codec. codec(name, member) is called for each. To add a member: one line here; the assertions at
// the end fail to compile until it is there.

#include <cstddef>
#include <string_view>
#include <type_traits>
#include <utility>

#include "domain/meeting.hpp"

namespace domain {

// T or const T: reading changes the struct, writing does not.
template <class T, class Bare>
concept Like = std::is_same_v<std::remove_const_t<T>, Bare>;

template <class T>
struct IsFact : std::false_type {};
template <class T>
struct IsFact<Fact<T>> : std::true_type {};
template <class T>
concept AnyFact = IsFact<std::remove_const_t<T>>::value;

template <class Codec>
constexpr void fields(Codec& codec, Like<Seen> auto& seen) {
  codec("at", seen.at);
  codec("source", seen.source);
}

template <class Codec>
constexpr void fields(Codec& codec, AnyFact auto& fact) {
  codec("value", fact.value);
  fields(codec, fact.seen);
}

template <class Codec>
constexpr void fields(Codec& codec, Like<Closing> auto& closing) {
  codec("reason", closing.reason);
  codec("at", closing.at);
}

template <class Codec>
constexpr void fields(Codec& codec, Like<Presence> auto& presence) {
  codec("at", presence.at);
  codec("connections", presence.connections);
}

template <class Codec>
constexpr void fields(Codec& codec, Like<Desktop> auto& desktop) {
  codec("id", desktop.id);
  codec("attempt", desktop.attempt);
  codec("intent_at", desktop.intent_at);
  codec("ends_itself_at", desktop.ends_itself_at);
  codec("place", desktop.place);
  codec("round", desktop.round);
  codec("launch_called_at", desktop.launch_called_at);
  codec("launch_unknown", desktop.launch_unknown);
  codec("launch_next_at", desktop.launch_next_at);
  codec("instance", desktop.instance);
  codec("running", desktop.running);
  codec("address", desktop.address);
  codec("deadline_set", desktop.deadline_set);
  codec("deadline_told_at", desktop.deadline_told_at);
  codec("deadline_told", desktop.deadline_told);
  codec("misses", desktop.misses);
  codec("missed_at", desktop.missed_at);
  codec("record_asked_at", desktop.record_asked_at);
  codec("record_answered_at", desktop.record_answered_at);
  codec("record", desktop.record);
  codec("first_ready", desktop.first_ready);
  codec("ready", desktop.ready);
  codec("silent_since", desktop.silent_since);
  codec("presence", desktop.presence);
  codec("empty_since", desktop.empty_since);
  codec("entered_at", desktop.entered_at);
  codec("used_at", desktop.used_at);
  codec("closing", desktop.closing);
  codec("fenced", desktop.fenced);
  codec("unnamed", desktop.unnamed);
  codec("name_given_up_at", desktop.name_given_up_at);
  codec("drop_asked_at", desktop.drop_asked_at);
  codec("kill_at", desktop.kill_at);
  codec("gone", desktop.gone);
}

template <class Codec>
constexpr void fields(Codec& codec, Like<PastDesktop> auto& past) {
  codec("attempt", past.attempt);
  codec("reason", past.reason);
  codec("gone_at", past.gone_at);
}

template <class Codec>
constexpr void fields(Codec& codec, Like<DoorToken> auto& token) {
  codec("hash", token.hash);
  codec("attempt", token.attempt);
  codec("generation", token.generation);
  codec("expires_at", token.expires_at);
}

template <class Codec>
constexpr void fields(Codec& codec, Like<Seat> auto& seat) {
  codec("id", seat.id);
  codec("role", seat.role);
  codec("person", seat.person);
  codec("email", seat.email);
  codec("epoch", seat.epoch);
  codec("generation", seat.generation);
  codec("attempts", seat.attempts);
  codec("failures", seat.failures);
  codec("desktop", seat.desktop);
  codec("past", seat.past);
  codec("tokens", seat.tokens);
  codec("wanted_at", seat.wanted_at);
  codec("used_at", seat.used_at);
  codec("wants_end_at", seat.wants_end_at);
  codec("stray_called_at", seat.stray_called_at);
  codec("stray_told", seat.stray_told);
  codec("failed", seat.failed);
  codec("trouble", seat.trouble);
}

template <class Codec>
constexpr void fields(Codec& codec, Like<End> auto& end) {
  codec("reason", end.reason);
  codec("at", end.at);
  codec("by", end.by);
}

template <class Codec>
constexpr void fields(Codec& codec, Like<Start> auto& start) {
  codec("at", start.at);
  codec("zone", start.zone);
  codec("local", start.local);
}

template <class Codec>
constexpr void fields(Codec& codec, Like<Meeting> auto& meeting) {
  codec("id", meeting.id);
  codec("owner", meeting.owner);
  codec("title", meeting.title);
  codec("start", meeting.start);
  codec("length", meeting.length);
  codec("extended", meeting.extended);
  codec("call_url", meeting.call_url);
  codec("created_at", meeting.created_at);
  codec("seats", meeting.seats);
  codec("ending", meeting.ending);
  codec("end", meeting.end);
  codec("over_at", meeting.over_at);
  codec("wake_at", meeting.wake_at);
}

// That each list is complete: it has as many lines as its struct has members.
namespace completeness {

struct Counter {
  std::size_t count = 0;
  template <class T>
  constexpr void operator()(std::string_view /*name*/, const T& /*value*/) {
    ++count;
  }
};

struct AnyValue {
  template <class T>
  operator T() const;  // NOLINT: only asked whether it would compile
};

template <class T, std::size_t... I>
constexpr bool takes(std::index_sequence<I...> /*values*/) {
  return requires { T{(static_cast<void>(I), AnyValue{})...}; };
}

template <class T, std::size_t N = 50>
constexpr std::size_t members_of() {
  if constexpr (takes<T>(std::make_index_sequence<N>{})) {
    return N;
  } else {
    return members_of<T, N - 1>();
  }
}

// Never read, so it may stay empty.
template <class T>
union Unborn {
  constexpr Unborn() : nothing() {}
  constexpr ~Unborn() {}
  char nothing;
  T value;
};

template <class T>
constexpr bool lists_all(std::size_t kept_elsewhere = 0) {
  Counter counter;
  Unborn<T> unborn;
  fields(counter, unborn.value);
  return counter.count + kept_elsewhere == members_of<T>();
}

static_assert(lists_all<Meeting>(1), "Meeting: the version is the store's, all else is listed");
static_assert(lists_all<Seat>() && lists_all<Desktop>() && lists_all<PastDesktop>() &&
                  lists_all<DoorToken>() && lists_all<Closing>() && lists_all<Presence>() &&
                  lists_all<End>() && lists_all<Start>() && lists_all<Seen>(),
              "a member is missing in the fields() of its struct");

}  // namespace completeness
}  // namespace domain
