#pragma once
// Themes: what some worlds are about. A mistake that needs three rare things at once shows in one
// seed of ten thousand; here one of them is no longer rare. What happens is allowed to happen
// anyway, so a theme adds no check.

#include <cstdint>

#include "domain/meeting.hpp"
#include "domain/outside.hpp"
#include "port/compute.hpp"

namespace sim {

class Process;
class World;

enum class Theme : std::uint8_t {
  none,
  hiding,    // lists leave out a machine that is there, for less than it takes to believe it gone
  restless,  // machines move or die, and meetings are cancelled, at the worst moments
  crowded,   // many machines too many, where calls are few and lists late
  misled,    // clocks that were far ahead, of control planes that died before they were set right
};

void bring_theme(World& world);

// Restless worlds, and some others when a meeting is about to end: it was stored. Restless ones: a
// put, a launch or a deadline was sent of which nobody knows what became.
void note_commit(World& world, const domain::Meeting& before, const domain::Meeting& after);
void note_unknown_put(World& world, const domain::Record& record);
void note_unknown_launch(World& world, const port::LaunchSpec& spec);
void note_unknown_deadline(World& world, const domain::MeetingId& meeting);
// ... and a launch or a put was decided by a process that is held up before it calls; a name was
// set.
void note_decided_launch(World& world, Process& process, const domain::MeetingId& meeting);
void note_decided_put(World& world, Process& process, const domain::MeetingId& meeting);
void note_put(World& world, const domain::Record& record);

// A machine of this meeting is left out of lists from now on.
void note_hidden(World& world, const domain::MeetingId& meeting);

}  // namespace sim
