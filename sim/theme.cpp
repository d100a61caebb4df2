#include "theme.hpp"

#include <algorithm>
#include <iterator>

#include "domain/phase.hpp"
#include "people.hpp"
#include "request.hpp"
#include "theme_people.hpp"
#include "world.hpp"

namespace sim {
namespace {

constexpr std::uint32_t kCrowd = 24;
constexpr Duration kStarveFor = 70s;  // ... and to see it, not as long as a launch is tried

auto live_row(World& world) {
  const auto& rows = world.checks().rows();
  return std::find_if(rows.begin(), rows.end(), [](const auto& row) {
    return !row.second.end && row.second.seats.front().attempts > 0;
  });
}

// Too many of a seat that is in use, or half of them nobody's.
void plant_crowd(World& world, base::Rng rng) {
  world.probe("theme: a crowd");
  const auto live = live_row(world);
  const bool twins = live != world.checks().rows().end();
  const bool mixed = rng.below(2) == 0;
  for (std::uint32_t i = 0; i < kCrowd; ++i) {
    const bool twin = twins && (!mixed || i % 2 == 0);
    const auto seat = twin ? live->second.seats.front().id : *domain::SeatId::parse("lost-9");
    const auto attempt = twin ? live->second.seats.front().attempts : 1;
    world.cloud().plant({world.store_identity(), seat, attempt});
  }
}

// Just before the healing, and in half of the worlds as soon as a meeting is in use, too.
void crowd(World& world) {
  auto rng = base::Rng(world.swarm().seed).fork("crowd");
  const auto last = world.start() + world.swarm().faults_for - 1s;
  if (rng.fork("early").below(2) == 0) {
    while (live_row(world) == world.checks().rows().end() && world.now() + 10min < last) {
      world.scheduler().sleep(1min);
    }
    if (live_row(world) != world.checks().rows().end()) plant_crowd(world, rng.fork("first"));
  }
  world.scheduler().sleep_until(last);
  plant_crowd(world, rng);
}

using Machines = std::remove_reference_t<decltype(std::declval<World&>().cloud().machines())>;

// One whose person has gone some minutes ago.
std::optional<Machines::iterator> was_left(World& world) {
  auto& machines = world.cloud().machines();
  const auto found = std::find_if(machines.begin(), machines.end(), [&](const auto& one) {
    const Machine& machine = one.second;
    return machine.alive() && machine.sessions == 0 && machine.session_ended_at &&
           world.now() > *machine.session_ended_at + 3min && !machine.mute;
  });
  return found == machines.end() ? std::nullopt : std::optional(found);
}

// Of those that are there and that nobody was ever in, the n-th.
Machines::iterator one_unused(World& world, std::uint32_t n) {
  auto& machines = world.cloud().machines();
  std::vector<Machines::iterator> alive;
  for (auto one = machines.begin(); one != machines.end(); ++one) {
    const Machine& machine = one->second;
    const bool unused = machine.sessions == 0 && !machine.session_ended_at;
    if (machine.alive() && !machine.planted() && unused) alive.push_back(one);
  }
  return alive.empty() ? machines.begin() : alive[n % alive.size()];
}

// Somebody starts their desktop anew, also on a day without any faults.
void reboot_sometimes(World& world) {
  auto rng = base::Rng(world.swarm().seed).fork("restless");
  const auto until = world.start() + world.swarm().faults_for + 1h;
  while (world.now() < until) {
    world.scheduler().sleep(Duration(60'000 + rng.below(600'000)));
    auto& machines = world.cloud().machines();
    if (machines.empty()) continue;
    auto machine = machines.begin();
    std::advance(machine, rng.below(static_cast<std::uint32_t>(machines.size())));
    const bool mutes = rng.fork("mute").below(4) == 0;
    auto which = rng.fork("which");
    if (mutes) machine = one_unused(world, which.next());
    if (mutes && which.below(2) == 0) machine = was_left(world).value_or(machine);
    // A planted one would answer as its twin; one that is mute has been so since it was started
    // last.
    if (machine->second.planted() || machine->second.mute) continue;
    if (mutes) machine->second.mute = true;
    world.cloud().stop(machine->first, true);
  }
}

app::Principal owner_of(const domain::Meeting& meeting) {
  return {meeting.owner, {port::Scope::book, port::Scope::read}};
}

// One that is held up would answer when nothing is left to be seen.
Process* awake(World& world) {
  for (const auto& process : world.processes()) {
    if (process && !process->dead() && !process->paused()) return process.get();
  }
  return nullptr;
}

void cancel(World& world, const domain::MeetingId& id) {
  const auto* row = world.row(id);
  if (row == nullptr || row->end) return;
  const auto owner = owner_of(*row);
  world.checks().orders_end(id);
  world.scheduler().spawn(world.now(), [&world, owner, id] {
    const auto ended = request(world, awake(world),
                               [&](Process& process) { return process.schedule().end(owner, id); });
    world.trace("theme", "cancels", id.text(), ended ? "ok" : ended.error().message);
  });
}

// Its machines die, and the next ones never come up: somebody else has their names.
void replace(World& world, const domain::Meeting& meeting) {
  for (const auto& seat : meeting.seats) {
    if (!seat.desktop || !seat.desktop->instance || seat.desktop->closing) continue;
    world.probe("theme: a desktop is replaced while clocks are far ahead");
    world.zone().plant_stranger(Zone::name_of(domain::desktop_id(seat.id, seat.attempts + 1)));
    world.cloud().die(seat.desktop->instance->value, "hardware");
  }
}

// Long enough to see a death; in half of the worlds the clock is believed by then.
Duration ahead_for(const World& world) {
  return base::Rng(world.swarm().seed).fork("ahead").below(2) == 0 ? 2min : 4min;
}

// Just before clocks are: machines die, and there is no room for others.
void starve(World& world) {
  world.probe("theme: there is no room when clocks jump");
  for (std::uint32_t place = 0; place < world.swarm().policy.places; ++place) {
    world.cloud().fill(place, world.now() + kStarveFor + ahead_for(world));
  }
  for (const auto& [id, row] : world.checks().rows()) {
    const auto& desktop = row.seats.front().desktop;
    if (!desktop || !desktop->instance || desktop->closing) continue;
    world.cloud().die(desktop->instance->value, "hardware");
  }
}

Timestamp jump_at(const World& world) {
  return world.start() + world.swarm().faults_for - ahead_for(world) - 20s;
}

// What they store meanwhile is for long from now. In half of the worlds no row can be read when the
// next control plane starts.
void mislead(World& world) {
  world.probe("theme: clocks are far ahead");
  auto dice = base::Rng(world.swarm().seed).fork("misled");
  if (dice.below(2) == 0) {
    world.scheduler().at(world.now() + ahead_for(world) - 1s, [&world] {
      for (const auto& [id, row] : world.checks().rows()) world.hide_row(id, world.now() + 100s);
    });
  }
  for (const auto& [id, row] : world.checks().rows()) {
    switch (dice.below(4)) {
      case 0:
        cancel(world, id);
        break;
      case 1:
        break;
      default:
        replace(world, row);
        break;
    }
  }
  world.faults().next(Site::launch, Fate::lost);
  for (std::size_t i = 0; i < world.processes().size(); ++i) {
    if (world.processes().at(i)) world.processes().at(i)->step_clock(30min);
    world.scheduler().at(world.now() + ahead_for(world),
                         [&world, i] { world.kill_process(i, 5s); });
  }
}

// A server was down across its start, and somebody wants it to take place all the same.
void move(World& world, const domain::Meeting& meeting) {
  world.probe("theme: a meeting that is about to end is moved");
  world.scheduler().spawn(world.now(), [&world, owner = owner_of(meeting), id = meeting.id] {
    auto rng = base::Rng(world.swarm().seed).fork("moves");
    const auto at = world.now() + 30min;
    const auto moved = request(world, rng, [&](Process& process) {
      return process.schedule().reschedule(owner, id, {at, "", base::to_rfc3339(at)});
    });
    world.trace("theme", "moves", id.text(), moved ? "ok" : moved.error().message);
  });
}

// Of another seat, so that this one may keep the meeting from its end.
void kill_neighbour(World& world, const domain::Meeting& meeting) {
  const auto& desktop = meeting.seats.back().desktop;
  if (meeting.seats.size() < 2 || !desktop || !desktop->instance || desktop->gone) return;
  world.probe("theme: a machine dies while its meeting is about to end");
  const auto& id = desktop->instance->value;
  world.cloud().die(id, "hardware");
  world.cloud().show(id);
}

bool has_unlaunched(const domain::Meeting& meeting) {
  return std::any_of(meeting.seats.begin(), meeting.seats.end(), [](const domain::Seat& seat) {
    return seat.desktop && !seat.desktop->instance && !seat.desktop->gone;
  });
}

// It moves (and some do not answer any more), cannot count who is there, or what counts them starts
// anew.
void disturb(World& world, const domain::InstanceId& id, const domain::Meeting& meeting) {
  auto rng = base::Rng(world.swarm().seed).fork("disturb" + id.text());
  world.cloud().find(id)->disturbed = true;
  const bool restless = world.swarm().theme == Theme::restless;
  const auto what = has_unlaunched(meeting) ? 1 : rng.below(restless ? 3 : 2);
  if (!world.faults().healed()) kill_neighbour(world, meeting);
  switch (world.faults().healed() ? 0 : what) {
    case 0:
      world.probe("theme: a machine moves while its meeting is about to end");
      world.cloud().find(id)->mute = rng.below(4) == 0;
      world.cloud().stop(id, true, 1ms);  // before anybody looks
      world.scheduler().at(world.now() + 2ms, [&world, id] { world.cloud().show(id); });
      world.faults().next(Site::probe, Fate::refused);  // ... or has asked it where it was
      break;
    case 1:
      world.cloud().find(id)->counts_from = world.now() + 2min;
      break;
    default:
      world.kill_process(0, 1s);
      break;
  }
}

// A desktop that nobody used is about to be put away, and its machine cannot count any more.
void stop_counting(World& world, const domain::Meeting& before, const domain::Meeting& after) {
  for (const auto& seat : after.seats) {
    const auto* open = domain::open_desktop(*domain::find_seat(before, seat.id));
    const bool is_put_away = open != nullptr && open->instance && seat.desktop &&
                             seat.desktop->id == open->id && seat.desktop->closing &&
                             seat.desktop->closing->reason == domain::CloseReason::unused;
    if (!is_put_away) continue;
    auto* machine = world.cloud().find(open->instance->value);
    if (machine == nullptr || machine->broken || machine->disturbed) continue;
    world.probe("theme: a machine cannot count when it is about to be put away");
    machine->disturbed = true;
    machine->counts_from = world.now() + 40min;
  }
}

// One control plane between its decision and its call, while another goes on.
bool may_hold_up(World& world) {
  if (world.swarm().theme != Theme::restless || world.faults().healed()) return false;
  const auto& processes = world.processes();
  return processes.size() > 1 && std::none_of(processes.begin(), processes.end(),
                                              [](const auto& one) { return one && one->paused(); });
}

}  // namespace

void bring_theme(World& world) {
  if (world.swarm().theme == Theme::crowded) {
    world.scheduler().spawn(world.now(), [&world] { crowd(world); });
  }
  if (world.swarm().theme == Theme::misled) {
    world.scheduler().at(jump_at(world), [&world] { mislead(world); });
    if (base::Rng(world.swarm().seed).fork("starved").below(3) == 0) {
      world.scheduler().at(jump_at(world) - kStarveFor, [&world] { starve(world); });
    }
  }
  if (world.swarm().theme == Theme::restless) {
    world.scheduler().spawn(world.now(), [&world] { reboot_sometimes(world); });
  }
}

void note_commit(World& world, const domain::Meeting& before, const domain::Meeting& after) {
  const bool restless = world.swarm().theme == Theme::restless;
  if (restless) stop_counting(world, before, after);
  if (world.swarm().theme != Theme::none) {
    come_back_unseen(world, before, after);
    come_back_late(world, before, after);
  }
  const bool elsewhere = !world.swarm().calm && world.faults().dice(Site::machine).below(4) == 0;
  if (!restless && !elsewhere) return;
  come_in_unseen(world, before, after);
  if (before.ending || !after.ending) return;
  if (restless && !domain::was_begun(after)) move(world, after);
  const auto& desktop = after.seats.front().desktop;
  const auto* machine =
      desktop && desktop->instance ? world.cloud().find(desktop->instance->value) : nullptr;
  if (machine == nullptr || machine->broken || machine->disturbed) return;
  world.scheduler().at(world.now(),
                       [&world, id = machine->id, after] { disturb(world, id, after); });
}

void note_unknown_launch(World& world, const port::LaunchSpec& spec) {
  const auto dice = world.faults().dice(Site::launch).below(3);
  if (world.swarm().theme == Theme::misled && dice > 0 && world.now() >= jump_at(world)) {
    cancel(world, *domain::meeting_of(spec.owner.seat));
  }
  if (world.swarm().theme != Theme::restless) return;
  if (dice == 0) cancel(world, *domain::meeting_of(spec.owner.seat));
  if (dice == 1) {
    world.probe("theme: another machine bears the marks of one that may come");
    world.cloud().plant(spec.owner);
  }
}

void note_unknown_deadline(World& world, const domain::MeetingId& meeting) {
  const auto* row = world.row(meeting);
  if (world.swarm().theme != Theme::restless || world.faults().healed() || row == nullptr) return;
  world.scheduler().spawn(world.now() + 1s, [&world, meeting, owner = owner_of(*row)] {
    auto rng = base::Rng(world.swarm().seed).fork("extends");
    const auto done = request(world, rng, [&](Process& process) {
      return process.schedule().extend(owner, meeting, 1min);
    });
    if (done) world.probe("theme: extended while nobody knows of the last time");
    world.trace("theme", "extends", meeting.text(), done ? "ok" : done.error().message);
  });
}

void note_decided_launch(World& world, Process& process, const domain::MeetingId& meeting) {
  const auto dice = world.faults().dice(Site::launch).below(4);
  if (!may_hold_up(world) || dice > 1) return;
  if (dice == 0) {
    process.pause(world.now() + 3min);
  } else {
    world.probe("theme: a launch comes about as late as it may");
    process.pause(world.now() + domain::kDecisionLife - 2s);
    world.faults().next(Site::launch, Fate::late);
  }
  cancel(world, meeting);
  process.sleep(Duration{0});  // held up before it calls
}

void note_decided_put(World& world, Process& process, const domain::MeetingId& meeting) {
  const auto dice = world.faults().dice(Site::put).below(4);
  if (!may_hold_up(world) || dice > 1) return;
  world.probe("theme: a name is set long after it was noted");
  // Others look meanwhile, and may have time to ask for it, too.
  world.scheduler().at(world.now() + (dice == 0 ? 0s : 8s),
                       [&world, meeting] { cancel(world, meeting); });
  process.pause(world.now() + domain::kDecisionLife - 5s);
  process.sleep(Duration{0});
}

void note_put(World& world, const domain::Record& record) {
  if (world.swarm().theme != Theme::restless || world.faults().healed()) return;
  if (world.faults().dice(Site::put).below(4) > 0) return;
  world.probe("theme: cancelled when a name was just set");
  cancel(world, *domain::meeting_of(record.owner.seat));
}

void note_unknown_put(World& world, const domain::Record& record) {
  const auto* machine = world.cloud().holder(record.address);
  if (machine == nullptr) return;
  const auto dice = world.faults().dice(Site::put).below(4);
  const bool restless = world.swarm().theme == Theme::restless;
  if (dice % 2 == 1) {
    world.cloud().stop(machine->id, true);
    if (dice == 3 && restless) cancel(world, *domain::meeting_of(record.owner.seat));
  } else if (restless) {
    world.cloud().die(machine->id, "hardware");
  }
}

// Somebody looks again, and the next one does as soon as that list has come at last.
void note_hidden(World& world, const domain::MeetingId& meeting) {
  auto dice = world.faults().dice(Site::list).fork("hidden");
  if (dice.below(2) == 0) return;
  const auto look = [&world, meeting, target = dice.next()](Duration lasts) {
    if (world.faults().healed()) return;
    world.faults().next(Site::list, Fate::slow, lasts);
    if (auto* process = world.any_process(target)) process->hint(meeting, process->wall());
  };
  world.probe("theme: a machine does not show in lists that come late, one after the other");
  world.scheduler().at(world.now() + 3s, [look] { look(9s); });
  world.scheduler().at(world.now() + 6s, [look] { look(12s); });
}

}  // namespace sim
