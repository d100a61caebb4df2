#pragma once
// The part of the themes that is about people whom nobody sees (theme.hpp): a commit was stored.

#include "domain/meeting.hpp"

namespace sim {

class World;

// Somebody has gone, and comes back when nobody can tell.
void come_back_unseen(World& world, const domain::Meeting& before, const domain::Meeting& after);
// Everybody has gone, and their meeting is about to end: somebody is back for a moment.
void come_back_late(World& world, const domain::Meeting& before, const domain::Meeting& after);
// Somebody has come in, and their machine cannot count before they have been left alone.
void come_in_unseen(World& world, const domain::Meeting& before, const domain::Meeting& after);

}  // namespace sim
