#include "adapter/memory/compute.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

namespace adapter::memory {
namespace {

using base::ErrorKind;
using base::fail;
using base::Result;

bool same_parameters(const port::LaunchSpec& a, const port::LaunchSpec& b) {
  const auto all = [](const port::LaunchSpec& spec) {
    return std::tie(spec.owner.store, spec.owner.seat, spec.owner.attempt, spec.desktop, spec.place,
                    spec.deadline, spec.title, spec.role, spec.person, spec.call_url);
  };
  return all(a) == all(b);
}

Result<> check_spec(const port::LaunchSpec& spec, const ComputeManners& manners) {
  const bool printable =
      std::all_of(spec.key.begin(), spec.key.end(), [](char c) { return c > ' ' && c <= '~'; });
  if (spec.key.empty() || spec.key.size() > 64 || !printable) {
    return fail(ErrorKind::invalid, "the launch key must be 1 to 64 printable ASCII characters");
  }
  if (spec.owner.store != manners.store) {
    return fail(ErrorKind::denied, "this provider is not for that store");
  }
  if (spec.desktop != domain::desktop_id(spec.owner.seat, spec.owner.attempt)) {
    return fail(ErrorKind::invalid, "the desktop is not the owner's");
  }
  if (spec.place >= manners.places) return fail(ErrorKind::invalid, "there is no such place");
  return {};
}

auto unknown(const char* what) {
  return fail(ErrorKind::unknown_outcome, "the provider did not answer in time", {}, what);
}
auto refused(const char* what) {
  return fail(ErrorKind::unavailable, "the provider is not available now", {}, what);
}

}  // namespace

Compute::Compute(port::Clock& clock, ComputeManners manners)
    : clock_(clock),
      manners_(std::move(manners)),
      rng_(base::Rng(manners_.seed).fork("compute")),
      launch_bucket_(manners_.launches),
      terminate_bucket_(manners_.terminates),
      list_bucket_(manners_.lists) {}

Result<std::vector<domain::Instance>> Compute::list(const domain::MeetingId& meeting) {
  return list_if([&](const domain::Owner& owner) { return meeting_of(owner.seat) == meeting; });
}

Result<std::vector<domain::Instance>> Compute::list_all() {
  return list_if([](const domain::Owner&) { return true; });
}

Result<std::vector<domain::Instance>> Compute::list_if(
    const std::function<bool(const domain::Owner&)>& wanted) {
  const auto now = clock_.now();
  const std::lock_guard lock(mutex_);
  settle(now);
  if (!list_bucket_.take(now)) return refused("RequestLimitExceeded");
  if (failing_lists_ > 0) {
    --failing_lists_;
    return refused("list");
  }
  std::vector<domain::Instance> instances;
  for (const auto& [id, machine] : machines_) {
    const auto& owner = machine.spec.owner;
    if (owner.store != manners_.store || !wanted(owner) || !is_shown(machine, now)) continue;
    if (auto seen = view(machine, seen_as_of(now))) instances.push_back(*std::move(seen));
  }
  return instances;
}

Result<domain::Instance> Compute::launch(const port::LaunchSpec& spec) {
  if (on_launch_) on_launch_(spec);
  const auto now = clock_.now();
  const std::lock_guard lock(mutex_);
  settle(now);
  TRY(check_spec(spec, manners_));
  if (!launch_bucket_.take(now)) return refused("RequestLimitExceeded");
  const auto fate = launch_fates_.take();
  switch (fate.kind) {
    case Fate::Kind::normal:
      return start(spec, now);
    case Fate::Kind::refused:
      return refused("launch");
    case Fate::Kind::done_unknown:
      base::ignore(start(spec, now), "the answer is lost on the way");
      return unknown("launch");
    case Fate::Kind::lost_unknown:
      return unknown("launch");
    case Fate::Kind::late_unknown:
      late_launches_.push_back({now + fate.delay, spec});
      return unknown("launch");
  }
  return fail(ErrorKind::internal, "no such fate");
}

Result<domain::Instance> Compute::start(const port::LaunchSpec& spec, Timestamp now) {
  if (const auto key = keys_.find(key_of(spec)); key != keys_.end()) {
    return answer_known(machines_.at(key->second), spec, now);
  }
  if (const auto full = full_places_.find(spec.place); full != full_places_.end()) {
    return fail(ErrorKind::exhausted, "no desktop can be had at this place now", {}, full->second);
  }
  return *view(add(spec, now), now);
}

Result<domain::Instance> Compute::answer_known(const Machine& machine, const port::LaunchSpec& spec,
                                               Timestamp now) {
  if (!same_parameters(machine.spec, spec)) {
    return fail(ErrorKind::internal, "a launch was repeated with other parameters", {},
                "IdempotentParameterMismatch");
  }
  auto seen = *view(machine, now);
  if (seen.state != domain::InstanceState::gone) return seen;
  const bool shown = manners_.dead_key == DeadKey::shown ||
                     (manners_.dead_key == DeadKey::either && rng_.below(2) == 0);
  if (shown) return seen;
  return fail(ErrorKind::conflict, "the machine of this launch is gone", {},
              "IdempotentInstanceTerminated");
}

Result<> Compute::terminate(const domain::InstanceId& instance, const domain::Owner& owner) {
  const auto now = clock_.now();
  const std::lock_guard lock(mutex_);
  settle(now);
  if (!terminate_bucket_.take(now)) return refused("RequestLimitExceeded");
  Machine* machine = TRY(find_own(instance, owner, now));
  const auto fate = terminate_fates_.take();
  switch (fate.kind) {
    case Fate::Kind::normal:
      end(*machine, now, "terminated");
      return {};
    case Fate::Kind::refused:
      return refused("terminate");
    case Fate::Kind::done_unknown:
      end(*machine, now, "terminated");
      return unknown("terminate");
    case Fate::Kind::lost_unknown:
      return unknown("terminate");
    case Fate::Kind::late_unknown:
      late_ends_.push_back({now + fate.delay, instance});
      return unknown("terminate");
  }
  return fail(ErrorKind::internal, "no such fate");
}

Result<> Compute::set_deadline(const domain::InstanceId& instance, const domain::Owner& owner,
                               Timestamp deadline) {
  const auto now = clock_.now();
  const std::lock_guard lock(mutex_);
  settle(now);
  Machine* machine = TRY(find_own(instance, owner, now));
  if (machine->ending_at) {
    return fail(ErrorKind::not_found, "this desktop is ending or gone", {}, instance.text());
  }
  machine->spec.deadline = deadline;
  return {};
}

Result<Compute::Machine*> Compute::find_own(const domain::InstanceId& instance,
                                            const domain::Owner& owner, Timestamp now) {
  const auto found = machines_.find(instance);
  if (found == machines_.end() || !is_shown(found->second, now) ||
      !view(found->second, seen_as_of(now))) {
    return fail(ErrorKind::not_found, "no such machine is known now", {}, instance.text());
  }
  if (found->second.spec.owner != owner) {
    return fail(ErrorKind::denied, "this machine is not the owner's", {}, instance.text());
  }
  return &found->second;
}

}  // namespace adapter::memory
