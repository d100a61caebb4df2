#include "process.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "domain/phase.hpp"
#include "ports.hpp"

namespace sim {

namespace {
constexpr Duration kIdleTick = 60s;
constexpr Duration kUnknownTick = 5s;  // the store does not say what is next
constexpr Duration kLookSpacing = 50ms;
// While something due is running, or rests as its pass has failed: the end of either makes the
// dispatcher look, too.
constexpr Duration kCrowdedTick = 1s;
constexpr Duration kClockJump = 30s;
constexpr Duration kClockSettle = 2min;
constexpr Duration kBackoffMin{250};
constexpr Duration kBackoffMax = 30s;
constexpr std::size_t kBatch = 64;
constexpr Duration kMayBeBehind = 15h;
}  // namespace

Process::Process(World& world, std::size_t index, std::uint32_t incarnation)
    : world_(world),
      index_(index),
      newer_(world.versions().is_newer(index, incarnation)),
      name_("p" + std::to_string(index + 1) +
            (incarnation > 1 ? "." + std::to_string(incarnation) : "")),
      born_(world.now()),
      born_healed_(world.faults().healed()),
      alarms_(*this) {
  const auto& swarm = world.swarm();
  settings_.policy = swarm.policy;
  settings_.limits = swarm.limits;
  settings_.roles = {"teacher", "student", "guest"};
  // Skew belongs to the machine, not to the process on it.
  auto rng = base::Rng(swarm.seed).fork("skew" + std::to_string(index));
  const auto most = static_cast<std::uint32_t>(swarm.skew_max.count());
  offset_ = Duration(rng.below(most + 1)) - swarm.skew_max / 2;
  world.clock_is_wrong(offset_);
  ports_ = std::make_unique<PortSet>(*this);
  schedule_ = std::make_unique<app::Schedule>(ports_->all, settings_);
  join_ = std::make_unique<app::Join>(ports_->all, settings_);
  reconcile_ = std::make_unique<app::Reconcile>(
      ports_->all, settings_,
      std::set{domain::Capability::launch, domain::Capability::name, domain::Capability::terminate,
               domain::Capability::deadline});
  sweep_ = std::make_unique<app::Sweep>(ports_->all, swarm.sweep);
}

Process::~Process() = default;

void Process::sleep(Duration duration) {
  auto until = world_.now() + duration;
  do {
    world_.scheduler().sleep_until(until);
    if (dead_) throw ProcessDied{};
    until = std::min(paused_until_, world_.now() + 10s);  // it may be woken before
  } while (world_.now() < until);
}

void Process::die() {
  dead_ = true;
}

void Process::start() {
  const auto self = shared_from_this();
  const auto body = [self](void (Process::*run)()) {
    return [self, run] {
      try {
        ((*self).*run)();
      } catch (const ProcessDied&) {
        return;
      }
    };
  };
  dispatcher_ = world_.scheduler().spawn(world_.now(), body(&Process::loop));
  world_.scheduler().spawn(world_.now(), body(&Process::sweep_loop));
}

void Process::hint(const domain::MeetingId& meeting, Timestamp at) {
  if (dead_) return;
  const auto found = hints_.find(meeting);
  if (found == hints_.end()) {
    hints_.emplace(meeting, at);
  } else {
    found->second = std::min(found->second, at);
  }
  if (at <= wall()) look_now();
}

// Not in the middle of a call: what came meanwhile is seen after it.
void Process::look_now() {
  if (resting_) world_.scheduler().wake(dispatcher_);
}

void Process::watch_clock() {
  if (known_offset_) {
    const auto jump = offset_ - *known_offset_;
    if (jump > kClockJump || jump < -kClockJump) {
      world_.probe("process: clock jumped, ends are held");
      hold_until_ = world_.now() + kClockSettle;
      look_at_all_ = true;
    }
  }
  known_offset_ = offset_;
}

void Process::loop() {
  if (!world_.swarm().plain) sleep(Duration(world_.faults().dice(Site::process).below(1000)));
  for (;;) {
    watch_clock();
    const auto rested = tick();
    const auto spacing = busy_.empty() && !rested ? kLookSpacing : kCrowdedTick;
    auto next = world_.now() + world_.swarm().tick;
    const auto wake = ports_->store.next_wake();
    if (wake && store_answers_) alarms_.looked(*wake, holds_kills());
    alarms_.check();
    if (wake && !*wake && hints_.empty())
      next = world_.now() + std::max(kIdleTick, world_.swarm().tick);
    if (!wake) next = std::min(next, world_.now() + kUnknownTick);
    if (wake && *wake) next = std::min(next, world_.now() + (**wake - wall()));
    for (const auto& [id, at] : hints_) next = std::min(next, world_.now() + (at - wall()));
    next = std::max(next, world_.now() + spacing);
    if (rested) next = std::min(next, *rested);
    resting_ = true;
    sleep(next - world_.now());
    resting_ = false;
  }
}

// Starts what is due; until when that rests which has failed.
std::optional<Timestamp> Process::tick() {
  std::set<domain::MeetingId> due;
  for (auto it = hints_.begin(); it != hints_.end();) {
    const bool now = it->second <= wall();
    if (now) due.insert(it->first);
    it = now ? hints_.erase(it) : std::next(it);
  }
  if (look_at_all_) {  // wakes that a wrong clock has set may lie anywhere
    if (const auto live = ports_->store.live()) {
      due.insert(live->begin(), live->end());
      look_at_all_ = false;
    }
  }
  // At start the clock may have been set while nobody watched.
  const auto stored = ports_->store.due(started_ ? wall() : wall() + kMayBeBehind, kBatch);
  store_answers_ = stored.has_value();
  if (stored) {
    due.insert(stored->begin(), stored->end());
    if (!started_) add_parked(due);
    started_ = true;
  }
  std::optional<Timestamp> rested;
  for (const auto& id : in_order(due)) {
    if (busy_.contains(id)) continue;
    const auto backoff = backoff_.find(id);
    if (backoff != backoff_.end() && world_.now() < backoff->second) {
      rested = std::min(rested.value_or(backoff->second), backoff->second);
      hint(id, wall() + (backoff->second - world_.now()));
      continue;
    }
    if (busy_.size() >= world_.swarm().workers) {  // waits for the next tick
      hint(id, wall());
      continue;
    }
    busy_.insert(id);
    world_.passes().begins(*this, id);
    world_.scheduler().spawn(world_.now(), [self = shared_from_this(), id] {
      try {
        self->run_pass(id);
      } catch (const ProcessDied&) {
        return;
      }
    });
  }
  return rested;
}

// A store that was just opened does not know yet which rows cannot be read.
void Process::add_parked(std::set<domain::MeetingId>& due) const {
  const auto parked = world_.store().parked();
  if (!parked) return;
  for (const auto& [text, why] : *parked) {
    if (auto id = domain::MeetingId::parse(text)) due.insert(*std::move(id));
  }
}

// As host::loop::Queue takes them.
std::vector<domain::MeetingId> Process::in_order(const std::set<domain::MeetingId>& due) const {
  std::vector<domain::MeetingId> ids;
  std::vector<domain::MeetingId> others;
  for (const auto& id : due) {
    const auto* row = world_.row(id);
    (row != nullptr && domain::takes_down(*row, wall()) ? ids : others).push_back(id);
  }
  ids.insert(ids.end(), others.begin(), others.end());
  return ids;
}

bool Process::is_passing(const domain::MeetingId& id) const {
  const auto began = began_.find(id);
  return began != began_.end() && began->second.by == world_.scheduler().current();
}

void Process::has_looked(const domain::MeetingId& id) {
  if (!is_passing(id) || std::chrono::abs(offset_ - began_.at(id).offset) <= kClockJump) return;
  world_.probe("process: clock jumped during a pass");
  held_.insert(id);
}

void Process::run_pass(const domain::MeetingId& id) {
  sleep(Duration{0});
  watch_clock();
  if (holds_kills()) held_.insert(id);
  began_[id] = {world_.scheduler().current(), offset_};
  const auto report = reconcile_->pass(id, holds_kills());
  busy_.erase(id);
  held_.erase(id);
  began_.erase(id);
  look_now();
  if (report) {
    world_.passes().rests(*this, id);
    alarms_.passed(*report);
    backoff_.erase(id);
    backoff_step_.erase(id);
    return;
  }
  alarms_.failed(report.error());
  auto& step = backoff_step_[id];
  step = std::clamp(step * 2, kBackoffMin, kBackoffMax);
  backoff_[id] = world_.now() + step;
  hint(id, wall() + step);  // it is tried again, whatever its row says
}

void Process::sweep_loop() {
  sweeper_ = world_.scheduler().current();
  auto rng = base::Rng(world_.swarm().seed).fork(name_ + "sweep");
  auto pause = world_.swarm().sweep.period;
  for (;;) {
    const auto jitter = Duration(rng.below(5000));
    sleep(pause + (world_.swarm().plain ? 0ms : jitter));
    watch_clock();
    if (holds_kills()) continue;
    const auto report = sweep_->run();
    pause = app::pause_after(report, world_.swarm().sweep.period);
    alarms_.swept(report);
    if (!report) continue;
    world_.passes().swept(*this, *report);
    if (report->ended > 0) world_.probe("sweep: ended an orphan");
    if (report->suspects > 0) world_.probe("sweep: saw a suspect");
  }
}

}  // namespace sim
