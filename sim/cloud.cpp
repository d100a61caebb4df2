#include "cloud.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "theme.hpp"
#include "world.hpp"

namespace sim {

using base::ErrorKind;
using base::fail;
using base::Result;
using domain::InstanceState;

namespace {

constexpr Duration kGoneShown = 1h;

bool same_parameters(const port::LaunchSpec& a, const port::LaunchSpec& b) {
  return a.owner == b.owner && a.desktop == b.desktop && a.place == b.place &&
         a.deadline == b.deadline && a.title == b.title && a.role == b.role &&
         a.person == b.person && a.call_url == b.call_url;
}

Duration up_to(base::Rng& rng, Duration most) {
  return Duration(rng.below(static_cast<std::uint32_t>(most.count()) + 1));
}

}  // namespace

bool Cloud::down() const {
  return world_.now() < down_until_;
}

Machine* Cloud::find(const domain::InstanceId& id) {
  const auto found = machines_.find(id);
  return found == machines_.end() ? nullptr : &found->second;
}

Timestamp Machine::deadline_at(Timestamp at) const {
  for (const auto& [until, deadline] : former_deadlines) {
    if (at < until) return deadline;
  }
  return spec.deadline;
}

bool Machine::ever_had(Timestamp deadline) const {
  return spec.deadline == deadline ||
         std::any_of(former_deadlines.begin(), former_deadlines.end(),
                     [&](const auto& former) { return former.second == deadline; });
}

std::optional<Timestamp> Cloud::deadline_of(const domain::Owner& owner, Timestamp as_of) const {
  std::optional<Timestamp> first;
  for (const auto& [id, machine] : machines_) {
    if (machine.spec.owner != owner) continue;
    const auto deadline = machine.deadline_at(as_of);
    first = std::min(first.value_or(deadline), deadline);
  }
  return first;
}

std::optional<Cloud::Ended> Cloud::ended(const domain::Owner& owner) const {
  std::optional<Ended> last;
  for (const auto& [id, machine] : machines_) {
    if (machine.spec.owner != owner) continue;
    if (!machine.gone_at) return std::nullopt;
    if (!last) last.emplace();
    last->at = std::max(last->at, *machine.gone_at);
    last->deadline = std::max(last->deadline, machine.spec.deadline);
  }
  return last;
}

Machine* Cloud::holder(const std::string& address) {
  for (auto& [id, machine] : machines_) {
    if (!address.empty() && machine.address == address) return &machine;
  }
  return nullptr;
}

Timestamp Cloud::answered_at(const std::string& key) const {
  const auto found = answered_at_.find(key);
  return found == answered_at_.end() ? Timestamp{} : found->second;
}

domain::Instance Cloud::view(const Machine& machine, Timestamp as_of) const {
  domain::Instance seen{.id = machine.id,
                        .owner = machine.spec.owner,
                        .launch_key = machine.spec.key,
                        .state = InstanceState::pending,
                        .address = "",
                        .launched_at = machine.launched_at,
                        .deadline = machine.deadline_at(as_of),
                        .why = machine.why};
  for (const auto& view : machine.history) {
    if (view.at > as_of) break;
    seen.state = view.state;
    seen.address = view.address;
  }
  return seen;
}

std::vector<domain::Instance> Cloud::list(const std::optional<domain::MeetingId>& meeting) {
  auto rng = world_.faults().dice(meeting ? Site::list : Site::list_all);
  const auto as_of = world_.now() - up_to(rng, world_.swarm().list_lag);
  std::vector<domain::Instance> seen;
  for (const auto& [id, machine] : machines_) {
    if (machine.spec.owner.store != world_.store_identity()) continue;
    if (meeting && !domain::belongs_to(machine.spec.owner.seat, *meeting)) continue;
    if (machine.launched_at > as_of) continue;
    if (machine.gone_at && *machine.gone_at + kGoneShown < as_of) continue;
    if (meeting && is_hidden(id, rng)) continue;
    seen.push_back(view(machine, as_of));
  }
  return seen;
}

// A list may leave out what is there (W2), for less than three looks that count.
bool Cloud::is_hidden(const domain::InstanceId& id, base::Rng& rng) {
  if (world_.swarm().theme != Theme::hiding || world_.faults().healed()) return false;
  auto& until = hidden_until_[id];
  if (world_.now() >= until + 3min && rng.below(4) == 0) {
    world_.probe("theme: a list leaves out a machine");
    until =
        world_.now() + Duration(rng.below(4) > 0 ? 10'000 + rng.below(7'000) : rng.below(10'000));
    if (rng.below(3) == 0) {  // nobody can write down that it was seen again
      world_.probe("theme: a list leaves out a machine, and the store is full then");
      world_.scheduler().at(until, [this, until] {
        if (!world_.faults().healed()) world_.fill_store(until + 3min);
      });
    }
    note_hidden(world_, *domain::meeting_of(find(id)->spec.owner.seat));
  }
  return world_.now() < until;
}

bool Cloud::was_hidden(const domain::InstanceId& id) const {
  const auto found = hidden_until_.find(id);
  return found != hidden_until_.end() && world_.now() < found->second + 1min;
}

Result<domain::Instance> Cloud::launch(const port::LaunchSpec& spec, Timestamp called_at) {
  const auto now = world_.now();
  answered_at_[spec.key] = now;
  const auto known = keys_.find({spec.place, spec.key});
  if (known != keys_.end()) {
    Machine& machine = *find(known->second.machine);
    world_.probe("launch: key already used");
    if (!same_parameters(known->second.spec, spec)) {
      world_.violation("S3", "key " + spec.key + " comes again with other parameters");
      return fail(ErrorKind::internal, "a launch was repeated with other parameters");
    }
    if (!machine.alive() && world_.faults().dice(Site::launch).below(2) == 0) {
      world_.probe("launch: key of a machine that is gone");
      return fail(ErrorKind::conflict, "the machine of this launch is gone");
    }
    return view(machine, now);
  }
  const auto full = full_until_.find(spec.place);
  if (full != full_until_.end() && now < full->second) {
    world_.probe("launch: no capacity");
    return fail(ErrorKind::exhausted, "no desktop can be had at this place now");
  }
  const auto id = *domain::InstanceId::parse("i-" + std::to_string(++launches_));
  auto& machine = machines_.emplace(id, Machine{.id = id, .spec = spec}).first->second;
  machine.launched_at = now;
  machine.called_at = called_at;
  machine.history.push_back({now, InstanceState::pending, ""});
  keys_.emplace(std::pair{spec.place, spec.key}, Key{spec, id});
  world_.trace("cloud", "launched", id.text(), spec.key);
  boot(machine);
  arm_deadline(id, spec.deadline);
  world_.checks().launched(machine);
  return view(machine, now);
}

void Cloud::boot(Machine& machine) {
  const auto& swarm = world_.swarm();
  auto rng = world_.faults().dice(Site::machine);
  const auto now = world_.now();
  const auto takes = [&](Duration most) { return swarm.plain ? most : up_to(rng, most); };
  const auto running = now + takes(swarm.boot_max);
  const auto addressed = running + takes(swarm.address_max);
  machine.answers_from = addressed + takes(swarm.answer_max);
  spoil(machine);
  if (!machine.boots) return;
  const auto id = machine.id;
  world_.scheduler().at(running, [this, id, addressed] {
    Machine& one = *find(id);
    if (one.state != InstanceState::pending) return;
    set_state(one, InstanceState::running);
    world_.scheduler().at(addressed, [this, id] {
      Machine& same = *find(id);
      if (same.state == InstanceState::running && same.address.empty()) give_address(same);
    });
  });
}

void Cloud::spoil(Machine& machine) {
  const auto dice = world_.faults().strike(Site::machine);
  if (!dice) return;
  machine.broken = true;
  const auto after = Duration((*dice >> 4U) % 3'600'000U >> ((*dice >> 26U) % 12U));
  switch (*dice % 9U) {
    case 0:
      machine.boots = false;
      break;
    case 1:
      machine.answers_ever = false;
      break;
    case 2:
      machine.impostor = true;
      break;
    default:
      spoil_later(machine.id, *dice % 9U, after);
      break;
  }
}

void Cloud::spoil_later(const domain::InstanceId& id, std::uint32_t dice, Duration after) {
  world_.scheduler().at(world_.now() + after, [this, id, dice, after] {
    Machine& machine = *find(id);
    if (!machine.alive() || world_.faults().healed()) return;
    switch (dice) {
      case 3:
      case 4:
        die(id, "hardware");
        break;
      case 5:
        world_.trace("world", "hangs", id.text());
        machine.hung_until = world_.now() + after;
        break;
      case 6:
        stop(id, false);
        break;
      case 7:
        stop(id, true);
        break;
      default:
        world_.trace("world", "cannot count", id.text());
        machine.counts_from = world_.now() + after;
        break;
    }
  });
}

void Cloud::set_state(Machine& machine, InstanceState state) {
  machine.state = state;
  machine.history.push_back({world_.now(), state, machine.address});
}

void Cloud::give_address(Machine& machine) {
  if (free_addresses_.empty()) {
    const auto n = ++addresses_made_;
    machine.address = "10.0." + std::to_string(n / 250) + "." + std::to_string(n % 250 + 1);
  } else {
    machine.address = free_addresses_.back();  // the pool gives the last one out first
    free_addresses_.pop_back();
  }
  machine.history.push_back({world_.now(), machine.state, machine.address});
  world_.trace("cloud", "address", machine.id.text(), machine.address);
}

void Cloud::take_address(Machine& machine) {
  if (machine.address.empty()) return;
  world_.checks().address_released(machine);
  free_addresses_.push_back(machine.address);
  machine.address.clear();
}

Result<Machine*> Cloud::find_own(const domain::InstanceId& id, const domain::Owner& owner) {
  Machine* machine = find(id);
  auto rng = world_.faults().dice(Site::terminate);
  const auto as_of = world_.now() - up_to(rng, world_.swarm().list_lag);
  const bool shown = machine != nullptr && machine->launched_at <= as_of;
  if (!shown) return fail(ErrorKind::not_found, "no such machine is known now");
  if (machine->spec.owner != owner) {
    world_.violation("S6", "asked to change " + id.text() + ", which is not the owner's");
    return fail(ErrorKind::denied, "this machine is not the owner's");
  }
  return machine;
}

Result<> Cloud::terminate(const domain::InstanceId& id, const domain::Owner& owner) {
  Machine& machine = *TRY(find_own(id, owner));
  if (!machine.alive() || machine.end_asked_at) {
    world_.probe("terminate: again");
    return {};
  }
  world_.checks().terminating(machine);
  world_.trace("cloud", "terminating", id.text(), machine.spec.desktop.text());
  machine.end_asked_at = world_.now();
  begin_end(machine);
  return {};
}

void Cloud::begin_end(Machine& machine) {
  set_state(machine, InstanceState::stopping);
  auto rng = world_.faults().dice(Site::terminate);
  const auto id = machine.id;
  const auto& swarm = world_.swarm();
  const auto takes = swarm.plain ? swarm.end_max : up_to(rng, swarm.end_max);
  world_.scheduler().at(world_.now() + takes, [this, id] { finish_end(id, "terminated"); });
}

void Cloud::finish_end(const domain::InstanceId& id, const std::string& why) {
  Machine& machine = *find(id);
  if (!machine.alive()) return;
  take_address(machine);
  machine.why = why;
  machine.gone_at = world_.now();
  set_state(machine, InstanceState::gone);
  world_.trace("cloud", "gone", id.text(), why);
  world_.machine_stopped(machine);
}

void Cloud::die(const domain::InstanceId& id, const std::string& why) {
  Machine& machine = *find(id);
  if (!machine.alive()) return;
  machine.broken = true;
  finish_end(id, why);
}

void Cloud::stop(const domain::InstanceId& id, bool start_again, Duration down) {
  Machine& machine = *find(id);
  if (machine.state != InstanceState::running) return;
  machine.broken = true;
  world_.trace("world", start_again ? "stops and starts" : "stops", id.text());
  const auto former = machine.address;
  take_address(machine);
  set_state(machine, InstanceState::stopped);
  world_.machine_stopped(machine);
  if (!start_again) return;
  world_.scheduler().at(world_.now() + down, [this, id, former] {
    Machine& one = *find(id);
    if (one.state != InstanceState::stopped) return;
    set_state(one, InstanceState::running);
    const bool is_free = std::erase(free_addresses_, former) > 0;
    give_address(one);  // another one (W9)
    world_.rates().moved(one.spec.desktop);
    if (is_free) free_addresses_.push_back(former);
  });
}

void Cloud::arm_deadline(const domain::InstanceId& id, Timestamp deadline) {
  // The machine's own timer is not exact; it may be up to five minutes late (L14).
  auto rng = world_.faults().dice(Site::set_deadline);
  const auto at = deadline + (world_.swarm().plain ? 1min : up_to(rng, 4min));
  world_.scheduler().at(at, [this, id, deadline] {
    Machine& machine = *find(id);
    if (!machine.alive() || machine.spec.deadline != deadline) return;
    world_.probe("machine: ended itself at its deadline");
    world_.checks().deadline_passed(machine);
    finish_end(id, "deadline");
  });
}

Result<> Cloud::set_deadline(const domain::InstanceId& id, const domain::Owner& owner,
                             Timestamp deadline) {
  Machine& machine = *TRY(find_own(id, owner));
  if (!machine.alive()) return fail(ErrorKind::not_found, "this desktop is gone");
  world_.mutated("set_deadline", id.text());
  machine.former_deadlines.emplace_back(world_.now(), machine.spec.deadline);
  machine.spec.deadline = deadline;
  arm_deadline(id, deadline);
  return {};
}

void Cloud::show(const domain::InstanceId& id) {
  for (auto& view : find(id)->history) {
    view.at = std::min(view.at, world_.now() - world_.swarm().list_lag);
  }
}

domain::InstanceId Cloud::plant(const domain::Owner& owner) {
  const auto id = *domain::InstanceId::parse("i-planted-" + std::to_string(++launches_));
  auto& machine =
      machines_
          .emplace(id, Machine{.id = id,
                               .spec = {.key = "planted-" + id.text(),
                                        .owner = owner,
                                        .desktop = domain::desktop_id(owner.seat, owner.attempt),
                                        .deadline = world_.now() + 24h}})
          .first->second;
  machine.launched_at = machine.called_at = world_.now();
  machine.broken = true;
  set_state(machine, InstanceState::running);
  world_.trace("world", "plants", id.text(), owner.seat.text());
  return id;
}

void Cloud::heal() {
  full_until_.clear();
  down_until_ = std::min(down_until_, world_.now());
  for (auto& [id, machine] : machines_) {
    machine.hung_until = std::min(machine.hung_until, world_.now());
    machine.counts_from = std::min(machine.counts_from, world_.now());
  }
}

}  // namespace sim
