#pragma once
// Meeting: what an organiser booked, and per seat the facts that were observed, each with its time
// and source. Plain values; a phase is derived from the facts (phase.hpp), never stored. The only
// ways to change a meeting are apply() (a person or agent states something, command.hpp) and
// plan().

#include <optional>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "domain/ids.hpp"

namespace domain {

using base::Duration;
using base::Timestamp;

enum class Source { launch, list, zone, probe, bridge, person };

struct Seen {
  Timestamp at;
  Source source = Source::list;
  bool operator==(const Seen&) const = default;
};

template <class T>
struct Fact {
  T value;
  Seen seen;
  bool operator==(const Fact&) const = default;
};

// Why a desktop was or is being taken down.
enum class CloseReason {
  meeting_ended,  // the meeting is over for everybody (Meeting::end says why)
  unused,         // nobody came in time (released alone)
  died,           // it stopped working by itself
  never_ready,    // it did not come up in time
};

// Why a meeting ended.
enum class EndReason {
  cancelled,
  ended_by_organiser,
  ended_by_everyone,
  no_show,
  completed,
  partial_no_show,
  overran,
  failed,  // no desktop could be had
};

struct Closing {
  CloseReason reason = CloseReason::meeting_ended;
  Timestamp at;
  bool operator==(const Closing&) const = default;
};

// Presence as last seen: a number of connections, or unknown.
struct Presence {
  Timestamp at;
  std::optional<std::uint32_t> connections;
  bool operator==(const Presence&) const = default;
};

// One attempt to give a seat a desktop: intents (what we asked, durable before the call) and facts.
struct Desktop {
  DesktopId id;
  std::uint32_t attempt = 1;

  // Launch intent. place and round are part of the launch key; they move only after a definite no.
  // The same key always comes with the same deadline (S3): extending moves it on the machine.
  Timestamp intent_at;
  Timestamp ends_itself_at;
  std::uint32_t place = 0;
  std::uint32_t round = 0;
  std::optional<Timestamp>
      launch_called_at;         // the last launch call that may have started something
  bool launch_unknown = false;  // ... and one before it may have, too
  Timestamp launch_next_at;     // not before

  // Facts on the machine.
  std::optional<Fact<InstanceId>> instance;
  std::optional<Seen> running;
  std::optional<Fact<std::string>> address;
  std::optional<Timestamp> deadline_set;      // the deadline that the machine is known to have
  std::optional<Timestamp> deadline_told_at;  // the last call to move it, or its answer
  std::optional<Timestamp> deadline_told;     // ... and where it was to be moved to
  std::uint32_t misses = 0;                   // spaced complete lists in which it was missing
  Timestamp missed_at;

  // Facts on its name.
  std::optional<Timestamp> record_asked_at;     // a put may have happened
  std::optional<Timestamp> record_answered_at;  // ... and is made by now, as it was answered
  std::optional<Fact<std::string>> record;      // read back: this address, in this generation

  // Facts on its use.
  std::optional<Seen> first_ready;
  std::optional<Seen> ready;              // the last good probe
  std::optional<Timestamp> silent_since;  // probes fail since
  std::optional<Presence> presence;
  std::optional<Timestamp> empty_since;  // known to be without connection since
  std::optional<Timestamp> entered_at;   // a person last went through its door
  std::optional<Timestamp> used_at;      // a session was open for long enough

  // Taking down: gate closed, presence read again, record gone, machine asked to end, seen gone.
  std::optional<Closing> closing;
  std::optional<Seen> fenced;
  std::optional<Timestamp> drop_asked_at;
  std::optional<Seen> unnamed;                // its record was seen gone, or there never was one
  std::optional<Timestamp> name_given_up_at;  // the record could not be removed in time
  std::optional<Timestamp> kill_at;
  std::optional<Fact<std::string>> gone;  // value: what was seen

  bool operator==(const Desktop&) const = default;
};

// A former desktop of a seat: all that must be remembered to never take its machine for a new one.
struct PastDesktop {
  std::uint32_t attempt = 0;
  CloseReason reason = CloseReason::died;
  Timestamp gone_at;
  bool operator==(const PastDesktop&) const = default;
};

// A single-use token for the door of one desktop; only its hash is kept.
struct DoorToken {
  std::string hash;  // lower-case hex of SHA-256
  std::uint32_t attempt = 0;
  std::uint32_t generation = 0;
  Timestamp expires_at;
  bool operator==(const DoorToken&) const = default;
};
constexpr std::size_t kDoorTokensMax = 4;  // live ones a seat; the oldest gives way

struct Seat {
  SeatId id;
  std::string role;
  std::string person;              // display name, may be empty
  std::string email;               // may be empty
  std::uint32_t epoch = 1;         // bumped when the link is rotated or revoked
  std::uint32_t generation = 1;    // bumped when an old answer about this seat became wrong
  std::uint32_t attempts = 0;      // launches begun
  std::uint32_t failures = 0;      // desktops used up by dying or never coming up
  std::optional<Desktop> desktop;  // the current one, until it was seen gone and is replaced
  std::vector<PastDesktop> past;
  std::vector<DoorToken> tokens;
  std::optional<Timestamp> wanted_at;        // asked for one, or it was started for that
  std::optional<Timestamp> used_at;          // first time a session was open long enough
  std::optional<Timestamp> wants_end_at;     // pressed "end for everybody"
  std::optional<Timestamp> stray_called_at;  // a machine too many was last told to end
  std::optional<std::string> stray_told;     // which: the one after it comes first next time
  std::optional<Fact<std::string>> failed;   // no further attempt is made; why, for the page
  std::string trouble;  // what holds up the launch now, for the page; empty when nothing

  bool operator==(const Seat&) const = default;
};

struct End {
  EndReason reason = EndReason::completed;
  Timestamp at;
  std::string by;  // principal, or "howdah"
  bool operator==(const End&) const = default;
};

// The start as instant, and as the organiser said it.
struct Start {
  Timestamp at;
  std::string zone;   // IANA name, or empty when given with an offset
  std::string local;  // "2026-12-01T09:00:00" in that zone, or the offset form as it was given
  bool operator==(const Start&) const = default;
};

struct Meeting {
  MeetingId id;
  std::uint64_t version = 0;  // set by the store; 0 = not stored yet
  PrincipalId owner;
  std::string title;
  Start start;
  Duration length{0};
  Duration extended{0};
  std::string call_url;  // https, may be empty
  Timestamp created_at;
  std::vector<Seat> seats;
  // All desktops are being closed because nobody is there; becomes `end` when each was fenced, and
  // is withdrawn when somebody was found present.
  std::optional<End> ending;
  std::optional<End> end;
  std::optional<Timestamp> over_at;  // ended, and nothing of it is left outside
  std::optional<Timestamp> wake_at;

  bool operator==(const Meeting&) const = default;
};

const Seat* find_seat(const Meeting& meeting, const SeatId& id);
Seat* find_seat(Meeting& meeting, const SeatId& id);

// The desktop of a seat that is neither gone nor being taken down; null when there is none.
const Desktop* open_desktop(const Seat& seat);

// Nothing of this desktop is left outside: its machine was seen gone, and its record too.
bool finished(const Desktop& desktop);
// Something of this seat exists outside, or may exist.
bool owns_anything(const Seat& seat);
// Machines that exist or may exist: what budgets count.
std::uint32_t desktops_owned(const Meeting& meeting);
// An open session on this desktop may go on: not ended, not fenced, not replaced. While a desktop
// is being closed because nobody seems to be there, a session that is there after all is left
// alone.
bool session_may_stay(const Meeting& meeting, const DesktopId& desktop, std::uint32_t epoch);

// Stable text forms for pages, audit and storage.
std::string_view to_string(CloseReason reason);
std::string_view to_string(EndReason reason);
std::string_view to_string(Source source);

}  // namespace domain
