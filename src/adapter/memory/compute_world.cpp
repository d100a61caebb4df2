// The world behind memory::Compute: how machines come to be, change with time and go, and the
// controls by which a test or a simulation makes things happen to them.

#include <fmt/format.h>

#include <algorithm>

#include "adapter/memory/compute.hpp"
#include "base/check.hpp"

namespace adapter::memory {

using domain::InstanceState;

void Compute::settle(Timestamp now) {
  for (const auto& late : std::exchange(late_launches_, {})) {
    if (late.at > now) {
      late_launches_.push_back(late);
    } else {
      base::ignore(start(late.spec, late.at), "nobody waits for a late answer");
    }
  }
  for (const auto& late : std::exchange(late_ends_, {})) {
    const auto found = machines_.find(late.instance);
    if (late.at > now) {
      late_ends_.push_back(late);
    } else if (found != machines_.end()) {
      end(found->second, late.at, "terminated");
    }
  }
  for (auto entry = machines_.begin(); entry != machines_.end();) {
    Machine& machine = entry->second;
    if (!machine.ending_at && machine.spec.deadline <= now) {
      end(machine, std::max(machine.spec.deadline, machine.launched_at), "its deadline passed");
    }
    if (machine.gone_at && *machine.gone_at <= now) free_address(machine);
    const bool forgotten =
        machine.gone_at &&
        *machine.gone_at + std::max(manners_.keys_kept_for, manners_.gone_shown_for) < now;
    if (forgotten) {
      const auto key = keys_.find(key_of(machine.spec));
      if (key != keys_.end() && key->second == machine.id) keys_.erase(key);
    }
    entry = forgotten ? machines_.erase(entry) : std::next(entry);
  }
}

std::string Compute::key_of(const port::LaunchSpec& spec) const {
  return manners_.zonal_keys ? fmt::format("{} at {}", spec.key, spec.place) : spec.key;
}

Compute::Machine& Compute::add(const port::LaunchSpec& spec, Timestamp now) {
  const auto high = rng_.next();  // one after the other: arguments have no order
  const auto low = rng_.next();
  const auto name = fmt::format("i-{:08x}{:08x}{:x}", high, low, rng_.below(16));
  const auto id = domain::InstanceId::parse(name);
  CHECK(id.has_value());
  const auto [entry, is_new] = machines_.emplace(
      *id, Machine{*id, spec, now, 0, false, false, std::nullopt, std::nullopt, std::nullopt, ""});
  CHECK(is_new);
  take_address(entry->second);
  keys_.emplace(key_of(spec), *id);
  ++launched_ever_;
  return entry->second;
}

void Compute::end(Machine& machine, Timestamp at, const std::string& why) {
  if (machine.ending_at) return;
  machine.ending_at = at;
  machine.gone_at = at + manners_.end_takes;
  machine.why = why;
  if (*machine.gone_at <= at) free_address(machine);
}

// The lowest free address: what one machine gave back, the next one gets at once (W9).
void Compute::take_address(Machine& machine) {
  std::uint32_t free = 1;
  for (const auto held : addresses_) {
    if (held != free) break;
    ++free;
  }
  addresses_.insert(free);
  machine.address = free;
  machine.holds_address = true;
}

void Compute::free_address(Machine& machine) {
  if (machine.holds_address) addresses_.erase(machine.address);
  machine.holds_address = false;
}

bool Compute::is_shown(const Machine& machine, Timestamp now) const {
  return !machine.gone_at || now <= *machine.gone_at + manners_.gone_shown_for;
}

Timestamp Compute::seen_as_of(Timestamp now) {
  if (manners_.list_lag <= Duration{0}) return now;
  const auto lag = static_cast<std::uint32_t>(manners_.list_lag.count());
  return now - Duration(rng_.below(lag));
}

std::optional<domain::Instance> Compute::view(const Machine& machine, Timestamp as_of) const {
  if (as_of < machine.launched_at) return std::nullopt;
  domain::Instance seen{
      machine.id, machine.spec.owner,  machine.spec.key,      InstanceState::pending,
      "",         machine.launched_at, machine.spec.deadline, ""};
  const auto running_at = machine.launched_at + manners_.boot;
  if (machine.gone_at && as_of >= *machine.gone_at) {
    seen.state = InstanceState::gone;
  } else if (machine.ending_at && as_of >= *machine.ending_at) {
    seen.state = InstanceState::stopping;
  } else if (machine.stopped_at && as_of >= *machine.stopped_at) {
    seen.state = InstanceState::stopped;
    seen.why = "stopped from inside";
  } else if (as_of >= running_at) {
    seen.state = InstanceState::running;
    if (as_of >= running_at + manners_.address_after) {
      seen.address = fmt::format("198.18.{}.{}", machine.address / 250, machine.address % 250 + 1);
    }
  }
  if (seen.state == InstanceState::gone || seen.state == InstanceState::stopping) {
    seen.why = machine.why;
  }
  return seen;
}

bool Compute::answers(const Machine& machine, Timestamp now) const {
  const auto seen = view(machine, now);
  return seen && seen->state == InstanceState::running && !machine.hung &&
         now >= machine.launched_at + manners_.boot + manners_.ready_after;
}

void Compute::die(const domain::InstanceId& instance, std::string why) {
  const auto now = clock_.now();
  const std::lock_guard lock(mutex_);
  settle(now);
  const auto found = machines_.find(instance);
  if (found == machines_.end() || found->second.ending_at) return;
  Machine& machine = found->second;
  machine.ending_at = machine.gone_at = now;
  machine.why = std::move(why);
  free_address(machine);
}

void Compute::stop(const domain::InstanceId& instance) {
  const auto now = clock_.now();
  const std::lock_guard lock(mutex_);
  settle(now);
  const auto found = machines_.find(instance);
  if (found == machines_.end() || found->second.ending_at || found->second.stopped_at) return;
  found->second.stopped_at = now;
  free_address(found->second);
}

void Compute::hang(const domain::InstanceId& instance, bool hung) {
  const std::lock_guard lock(mutex_);
  const auto found = machines_.find(instance);
  if (found != machines_.end()) found->second.hung = hung;
}

void Compute::change_address(const domain::InstanceId& instance) {
  const auto now = clock_.now();
  const std::lock_guard lock(mutex_);
  settle(now);
  const auto found = machines_.find(instance);
  if (found == machines_.end() || !found->second.holds_address) return;
  const auto old = found->second.address;
  take_address(found->second);
  addresses_.erase(old);
}

domain::InstanceId Compute::plant(const domain::Owner& owner, const std::string& launch_key) {
  const auto now = clock_.now();
  const std::lock_guard lock(mutex_);
  settle(now);
  port::LaunchSpec spec{launch_key, owner,     domain::desktop_id(owner.seat, owner.attempt),
                        0,          now + 24h, "",
                        "",         "",        ""};
  return add(spec, now).id;
}

void Compute::set_capacity(std::uint32_t place, bool available, std::string code) {
  const std::lock_guard lock(mutex_);
  if (available) {
    full_places_.erase(place);
  } else {
    full_places_.insert_or_assign(place, std::move(code));
  }
}

void Compute::next_launch(Fate fate) {
  const std::lock_guard lock(mutex_);
  launch_fates_.push(fate);
}

void Compute::next_terminate(Fate fate) {
  const std::lock_guard lock(mutex_);
  terminate_fates_.push(fate);
}

void Compute::fail_lists(std::uint32_t count) {
  const std::lock_guard lock(mutex_);
  failing_lists_ = count;
}

void Compute::on_launch(std::function<void(const port::LaunchSpec&)> hook) {
  on_launch_ = std::move(hook);
}

std::vector<domain::Instance> Compute::truth() {
  const auto now = clock_.now();
  const std::lock_guard lock(mutex_);
  settle(now);
  std::vector<domain::Instance> instances;
  for (const auto& [id, machine] : machines_) {
    auto seen = view(machine, now);
    if (seen && is_shown(machine, now)) instances.push_back(*std::move(seen));
  }
  return instances;
}

std::optional<domain::Instance> Compute::truth_of(const domain::InstanceId& instance) {
  const auto now = clock_.now();
  const std::lock_guard lock(mutex_);
  settle(now);
  const auto found = machines_.find(instance);
  if (found == machines_.end() || !is_shown(found->second, now)) return std::nullopt;
  return view(found->second, now);
}

std::optional<Compute::Screen> Compute::screen_at(const std::string& address) {
  const auto now = clock_.now();
  const std::lock_guard lock(mutex_);
  settle(now);
  for (const auto& [id, machine] : machines_) {
    const auto seen = view(machine, now);
    if (!seen || seen->address != address || address.empty()) continue;
    return Screen{id, machine.spec.desktop, machine.spec.owner.attempt, answers(machine, now)};
  }
  return std::nullopt;
}

std::optional<Compute::Screen> Compute::screen_of(const domain::InstanceId& instance) {
  const auto now = clock_.now();
  const std::lock_guard lock(mutex_);
  settle(now);
  const auto found = machines_.find(instance);
  if (found == machines_.end()) return std::nullopt;
  const Machine& machine = found->second;
  return Screen{instance, machine.spec.desktop, machine.spec.owner.attempt, answers(machine, now)};
}

std::uint64_t Compute::launched_ever() {
  const std::lock_guard lock(mutex_);
  return launched_ever_;
}

}  // namespace adapter::memory
