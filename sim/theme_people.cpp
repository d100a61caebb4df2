// People who come back, or come in, when nobody can tell (theme.hpp).

#include "theme_people.hpp"

#include <algorithm>

#include "domain/phase.hpp"
#include "request.hpp"
#include "steps.hpp"
#include "world.hpp"

namespace sim {
namespace {

constexpr Duration kUnseenFor = 90s;    // longer than a look needs to notice who has come in
constexpr Duration kWayInIsOver = 20s;  // who has passed a door by then has a screen, or none

std::optional<std::string> own_link(World& world, const domain::Seat& seat) {
  for (const auto& [link, epoch] : world.checks().links_of(seat.id)) {
    if (epoch == seat.epoch) return link;
  }
  return std::nullopt;
}

bool wants_more(const domain::Seat& seat, const domain::SeatId& but) {
  return seat.used_at && !seat.wants_end_at && seat.id != but;
}

// All the others want the end, when nobody can tell any more who has just come in.
void leave_alone(World& world, const domain::MeetingId& id, const domain::SeatId& who) {
  const auto* row = world.row(id);
  if (row == nullptr || row->end || world.faults().healed()) return;
  world.probe("theme: the others want the end when somebody has come in unseen");
  auto rng = base::Rng(world.swarm().seed).fork("leave" + who.text());
  for (const auto& seat : domain::Meeting(*row).seats) {
    const auto link = own_link(world, seat);
    if (!wants_more(seat, who) || !link) continue;
    GuestSteps steps(world, nullptr, seat.id, "theme", rng);
    base::ignore(steps.press_end(*link), "then it goes on");
  }
}

// Their viewer comes back by itself.
std::shared_ptr<Session> open_again(World& world, const domain::DesktopId& desktop,
                                    base::Rng& rng) {
  const auto* row = world.row(*domain::meeting_of(desktop));
  if (row == nullptr) return nullptr;
  const domain::Seat seat = *domain::find_seat(*row, *domain::seat_of(desktop));
  const auto link = own_link(world, seat);
  if (!link || !domain::session_may_stay(*row, desktop, seat.epoch)) return nullptr;
  auto* machine = world.cloud().find(seat.desktop->instance->value);
  if (machine == nullptr || !machine->answers(world.now()) || machine->sessions > 0) return nullptr;
  const auto back = request(world, rng, [&](Process& process) -> base::Result<app::Guest> {
    return process.join().reenter(desktop, TRY(process.join().exchange(*link)).first);
  });
  if (!back || !machine->answers(world.now())) return nullptr;
  return world.open_session(desktop, seat.epoch, *machine);
}

// Back for longer than the grace, while the store is full: only their going is reported.
void be_there_unseen(World& world, const domain::DesktopId& desktop) {
  auto rng = base::Rng(world.swarm().seed).fork("unseen" + desktop.text());
  const auto session = open_again(world, desktop, rng);
  if (!session || world.faults().healed()) return;
  const auto until = world.now() + world.swarm().policy.leave_grace + 30s;
  world.fill_store(until);
  world.scheduler().sleep_until(until);
  if (!session->open) return;
  world.probe("theme: somebody was back unseen and goes again");
  world.close_session(session, true);
  GuestSteps(world, nullptr, *domain::seat_of(desktop), "theme", rng).report(session, false);
}

// Back for a moment while their meeting is about to end, and gone before a look that can be stored.
// Also when all is healed: only then it has to come out in time (L10).
void flicker(World& world, const domain::DesktopId& desktop) {
  auto rng = base::Rng(world.swarm().seed).fork("flicker" + desktop.text());
  const auto session = open_again(world, desktop, rng);
  if (!session) return;
  world.probe("theme: somebody is back for a moment while their meeting is about to end");
  if (!world.faults().healed()) world.fill_store(world.now() + kWayInIsOver);
  world.scheduler().sleep(2s);
  world.close_session(session, true);
}

}  // namespace

void come_back_unseen(World& world, const domain::Meeting& before, const domain::Meeting& after) {
  if (!world.swarm().bridged || world.faults().healed()) return;
  for (const auto& seat : after.seats) {
    const auto* was = domain::open_desktop(*domain::find_seat(before, seat.id));
    const auto* is = domain::open_desktop(seat);
    const bool goes = was != nullptr && is != nullptr && was->id == is->id && is->instance &&
                      !was->empty_since && is->empty_since && seat.used_at;
    if (!goes) continue;
    auto* machine = world.cloud().find(is->instance->value);
    if (machine == nullptr || machine->broken || machine->disturbed) continue;
    machine->disturbed = true;
    world.scheduler().spawn(world.now() + 10s,
                            [&world, id = is->id] { be_there_unseen(world, id); });
  }
}

void come_back_late(World& world, const domain::Meeting& before, const domain::Meeting& after) {
  if (!world.swarm().bridged || before.ending || !after.ending) return;
  for (const auto& seat : after.seats) {
    if (!seat.used_at || !seat.desktop || !seat.desktop->instance || seat.desktop->gone) continue;
    auto* machine = world.cloud().find(seat.desktop->instance->value);
    if (machine == nullptr || machine->broken || machine->flickered) continue;
    machine->flickered = true;
    world.scheduler().spawn(world.now(), [&world, id = seat.desktop->id] { flicker(world, id); });
  }
}

void come_in_unseen(World& world, const domain::Meeting& before, const domain::Meeting& after) {
  for (const auto& seat : after.seats) {
    const auto* was = domain::open_desktop(*domain::find_seat(before, seat.id));
    const auto* is = domain::open_desktop(seat);
    const bool comes = was != nullptr && is != nullptr && was->id == is->id && !was->entered_at &&
                       is->entered_at && !seat.used_at;
    if (!comes) continue;
    auto* machine = world.cloud().find(is->instance->value);
    const auto others = [&](const auto& other) { return wants_more(other, seat.id); };
    if (machine == nullptr || machine->broken || machine->disturbed) continue;
    if (std::none_of(after.seats.begin(), after.seats.end(), others)) continue;
    machine->disturbed = true;
    machine->counts_from = world.now() + 15min;
    world.scheduler().spawn(world.now() + kUnseenFor, [&world, id = after.id, who = seat.id] {
      leave_alone(world, id, who);
    });
  }
}

}  // namespace sim
