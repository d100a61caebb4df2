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
constexpr Duration kSettles = 12min;    // a pass that can look, whatever is refused meanwhile

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
  if (!back || !machine->answers(world.now()) || world.faults().healed()) return nullptr;
  return world.open_session(desktop, seat.epoch, *machine);
}

// Back for longer than the grace, while the store is full: only their going is reported.
void be_there_unseen(World& world, const domain::DesktopId& desktop) {
  auto rng = base::Rng(world.swarm().seed).fork("unseen" + desktop.text());
  const auto session = open_again(world, desktop, rng);
  if (!session) return;
  const auto until = world.now() + world.swarm().policy.leave_grace + 30s;
  world.fill_store(until);
  world.scheduler().sleep_until(until);
  if (!session->open) return;
  world.probe("theme: somebody was back unseen and goes again");
  world.close_session(session, true);
  GuestSteps(world, nullptr, *domain::seat_of(desktop), "theme", rng).report(session, false);
}

// Everything works that it takes to see that somebody was back.
bool is_fine(World& world, const domain::MeetingId& id) {
  const auto& process = world.processes().front();
  return process && !process->dead() && !process->paused() && !process->holds_kills() &&
         !world.cloud().down() && !world.zone().down() && !world.store_full() &&
         world.checks().readable(id);
}

// A gate that was closed for an end that is not one opens again, also before the healing (L10).
void watch_ending(World& world, const domain::MeetingId& id) {
  const auto* row = world.row(id);
  if (row == nullptr || !row->ending) return;
  const auto since = row->ending->at;
  for (auto fine_since = world.now(); world.now() < fine_since + kSettles;) {
    world.scheduler().sleep(20s);
    row = world.row(id);
    const bool same = row != nullptr && row->ending && row->ending->at == since;
    if (!same || world.faults().healed()) return;
    if (!is_fine(world, id)) fine_since = world.now();
  }
  world.violation("L10", id.text() + " is about to end for long, and somebody was back");
}

// Back for a moment while their meeting is about to end. Nobody can store that they were seen.
void flicker(World& world, const domain::DesktopId& desktop) {
  auto rng = base::Rng(world.swarm().seed).fork("flicker" + desktop.text());
  const auto session = open_again(world, desktop, rng);
  if (!session) return;
  world.probe("theme: somebody is back for a moment while their meeting is about to end");
  world.fill_store(world.now() + kWayInIsOver);
  world.scheduler().sleep(2s);
  world.close_session(session, true);
  world.scheduler().sleep(kWayInIsOver);
  watch_ending(world, *domain::meeting_of(desktop));
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
  if (!world.swarm().bridged || world.faults().healed() || before.ending || !after.ending) return;
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
