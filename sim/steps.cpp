#include "steps.hpp"

#include <algorithm>

#include "host/http/codec_read.hpp"

namespace sim {

using base::Result;

// ---- Guests.

Result<app::Guest> GuestSteps::open_page(const std::string& link) {
  return request(world_, rng_, [&](Process& process) -> Result<app::Guest> {
    return TRY(process.join().exchange(link)).first;
  });
}

Result<> GuestSteps::ask_again(const app::Guest& guest) {
  world_.checks().wishes_again(seat_);
  return request(world_, rng_, [&](Process& process) -> Result<> {
    TRY(process.join().restart(guest));
    return {};
  });
}

Result<app::Entry> GuestSteps::press_enter(const app::Guest& guest) {
  return request(world_, rng_, [&](Process& process) -> Result<app::Entry> {
    auto entered = process.join().enter(guest);
    if (entered) world_.checks().entered(seat_, entered->desktop);
    return entered;
  });
}

Result<app::DeskPass> GuestSteps::pass_door(const app::Entry& entry) {
  return request(world_, rng_, [&](Process& process) -> Result<app::DeskPass> {
    auto passed = process.join().pass_door(entry.desktop, entry.token);
    if (passed) {
      world_.checks().passed_door(seat_, entry.desktop);
      world_.checks().connecting(entry.desktop, 1);
    }
    return passed;
  });
}

Result<app::DeskPass> GuestSteps::come_back(const app::DeskPass& pass) {
  return request(world_, rng_, [&](Process& process) -> Result<app::DeskPass> {
    const auto guest = TRY(process.join().desk_guest(pass.desktop, pass.cookie));
    auto back = TRY(process.join().reenter(pass.desktop, guest));
    world_.checks().connecting(pass.desktop, 1);
    return app::DeskPass{std::move(back), pass.desktop, pass.cookie};
  });
}

std::shared_ptr<Session> GuestSteps::connect(const app::DeskPass& pass) {
  const auto address = world_.zone().resolve(Zone::name_of(pass.desktop));
  Machine* machine = address ? world_.cloud().holder(*address) : nullptr;
  bool good = machine != nullptr && machine->answers(world_.now());
  if (good && machine->spec.desktop != pass.desktop) {
    if (!lost_just_now(pass)) {
      world_.violation("S10", name_ + " asked for " + pass.desktop.text() + " and got " +
                                  machine->spec.desktop.text());
    }
    good = false;  // what opens one desktop's door is refused by another
  }
  const auto epoch = pass.guest.own().epoch;
  if (!good || !may_stay(pass.desktop, epoch)) {
    if (good) world_.checks().refused_session(pass.desktop, epoch);
    world_.checks().connecting(pass.desktop, -1);
    world_.probe("guest: passed the door, no screen");
    return nullptr;
  }
  auto session = world_.open_session(pass.desktop, epoch, *machine);
  world_.checks().connecting(pass.desktop, -1);
  world_.trace(name_, "is in", pass.desktop.text());
  return session;
}

bool GuestSteps::moved_just_now(const app::DeskPass& pass, const Machine& own) const {
  const auto* row = world_.row(party_->id);
  const auto* seat = row == nullptr ? nullptr : domain::find_seat(*row, pass.guest.seat);
  if (seat == nullptr || !seat->desktop || seat->desktop->id != pass.desktop) return true;
  if (!seat->desktop->ready) return true;
  const auto name = Zone::name_of(pass.desktop);
  const auto record = world_.zone().truth_of(name);
  const auto remembered = world_.swarm().zone_lag + world_.swarm().resolve_lag;
  return record && record->address == own.address &&
         world_.now() <= *world_.zone().since(name) + remembered;
}

bool GuestSteps::lost_just_now(const app::DeskPass& pass) const {
  const auto& instance = pass.guest.own().desktop->instance;
  const Machine* own = instance ? world_.cloud().find(instance->value) : nullptr;
  const auto& swarm = world_.swarm();
  // Where the provider takes few looks, a meeting may go without while others have theirs.
  const auto turn = swarm.meetings * swarm.api.describe.every;
  const auto unseen = swarm.policy.ready_fresh + 40s + 2 * turn;
  if (own == nullptr) return false;
  if (own->alive() && moved_just_now(pass, *own)) return true;
  const auto& processes = world_.processes();
  const auto is_up = [](const auto& process) { return process != nullptr; };
  if (std::none_of(processes.begin(), processes.end(), is_up)) return true;  // nobody can see it
  // That it only moved is noted at the next look, unless the store took no writes or all slept.
  const auto full_until = world_.store_full_until();
  const auto moved_at = own->history.back().at;
  const bool watched = std::any_of(processes.begin(), processes.end(), [&](const auto& process) {
    return process && process->awake_since() <= moved_at;
  });
  const bool moved = own->alive() && !own->broken;
  if (moved && watched && full_until <= moved_at) return false;
  // Nobody could see it while the provider did not answer, or not to us.
  if (world_.denied(Site::list) || world_.denied(Site::list_all)) return true;
  auto since = std::max({moved_at, world_.cloud().down_until(), full_until,
                         world_.checks().unreadable_until(party_->id)});
  for (const auto& process : processes) {  // nor while all slept
    if (process) since = std::max(since, process->awake_since());
  }
  return world_.now() < since + unseen;
}

bool GuestSteps::may_stay(const domain::DesktopId& desktop, std::uint32_t epoch) const {
  const auto* row = world_.row(party_->id);
  if (!world_.swarm().bridged) return true;  // the machine let them in by itself
  return row != nullptr && domain::session_may_stay(*row, desktop, epoch);
}

void GuestSteps::report(const std::shared_ptr<Session>& session, bool used) {
  if (!world_.swarm().bridged) return;
  const Machine* machine = world_.cloud().find(session->machine);
  base::ignore(request(world_, rng_,
                       [&](Process& process) {
                         return process.join().report_presence(session->desktop, machine->sessions,
                                                               used);
                       }),
               "presence is probed, too");
}

Result<> GuestSteps::press_end(const std::string& link) {
  world_.checks().asks_end(seat_, link);
  return request(world_, rng_, [&](Process& process) -> Result<> {
    auto guest = TRY(process.join().exchange(link)).first;
    world_.trace(name_, "asks to end", seat_.text());
    return process.join().ask_end(guest);
  });
}

// ---- Organisers.

Result<port::Created> OrganiserSteps::book(
    const std::string& body, const std::optional<std::pair<std::string, std::string>>& key) {
  return request(world_, rng_, [&](Process& process) -> Result<port::Created> {
    return process.schedule().book(who_, TRY(host::http::parse_booking(body)), key);
  });
}

Result<> OrganiserSteps::fetch_links(Party& party) {
  return request(world_, rng_, [&](Process& process) -> Result<> {
    const auto asked_at = world_.now();
    const auto meeting = TRY(process.schedule().get(who_, party.id));
    for (const auto& seat : meeting.seats) {
      party.links[seat.id] = TRY(process.join().link_token(seat));
      world_.checks().link_made(seat, party.links[seat.id], asked_at);
    }
    return {};
  });
}

Result<> OrganiserSteps::cancel(const Party& party) {
  world_.checks().orders_end(party.id);
  return order([&](app::Schedule& schedule, const app::Principal& who) {
    auto cancelled = schedule.cancel(who, party.id);
    if (cancelled) world_.checks().ended(party.id);
    return cancelled;
  });
}

Result<> OrganiserSteps::end(const Party& party) {
  world_.checks().orders_end(party.id);
  return order([&](app::Schedule& schedule, const app::Principal& who) {
    auto ended = schedule.end(who, party.id);
    if (ended) world_.checks().ended(party.id);
    return ended;
  });
}

Result<> OrganiserSteps::rotate(const domain::SeatId& seat) {
  return order([&](app::Schedule& schedule, const app::Principal& who) {
    const auto former = world_.checks().links_of(seat);
    auto rotated = schedule.rotate(who, seat);
    if (rotated) world_.checks().rotated(former);
    return rotated;
  });
}

Result<> OrganiserSteps::reschedule(const Party& party, Timestamp at) {
  return order([&](app::Schedule& schedule, const app::Principal& who) {
    return schedule.reschedule(who, party.id, {at, "", base::to_rfc3339(at)});
  });
}

Result<> OrganiserSteps::extend(const Party& party, Duration by) {
  return order([&](app::Schedule& schedule, const app::Principal& who) {
    return schedule.extend(who, party.id, by);
  });
}

}  // namespace sim
