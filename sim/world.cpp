#include "world.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "domain/meeting_json.hpp"
#include "domain/phase.hpp"
#include "probes.hpp"
#include "process.hpp"

namespace sim {

using base::Result;

namespace {
constexpr Duration kSettle = 5h;  // from healing until everything has to be at rest, at most
}  // namespace

World::World(const Swarm& swarm)
    : swarm_(swarm),
      start_(swarm.start),
      faults_(swarm.seed, swarm.mix),
      store_(store_identity(), swarm.seed, swarm.on_disk),
      checks_(*this),
      canary_(*this),
      versions_(*this),
      cloud_(*this),
      zone_(*this),
      throttle_(swarm.api),
      rates_(*this),
      passes_(*this),
      processes_(swarm.processes),
      incarnations_(swarm.processes, 0),
      scheduler_(swarm.seed, swarm.start) {}

World::~World() {
  scheduler_.end();
}

void World::violation(std::string invariant, std::string message) {
  if (violated_) return;
  trace("check", "VIOLATED", invariant, message);
  violated_ = Violation{std::move(invariant), std::move(message)};
}

void World::probe(std::string_view name) {
  const bool is_new = probes_.insert(name).second;
  CHECK(!is_new || std::find(kProbes.begin(), kProbes.end(), name) != kProbes.end());
  if (listener_ != nullptr) listener_->reached(name);
}

std::uint64_t World::store_hash() const {
  Trace image;
  for (const auto& [id, meeting] : checks_.rows()) {
    image.line(0ms, id.text(), domain::to_json(meeting), "");
  }
  return image.hash();
}

void World::cover(Site site, Fate fate, const About& about) {
  const auto id = about.seat != nullptr      ? domain::meeting_of(*about.seat)
                  : about.meeting != nullptr ? std::optional(*about.meeting)
                                             : std::nullopt;
  const auto* meeting = id ? checks_.row(*id) : nullptr;
  bool found = false;
  for (std::size_t i = 0; meeting != nullptr && i < meeting->seats.size(); ++i) {
    const auto& seat = meeting->seats[i];
    if (about.seat != nullptr && seat.id != *about.seat) continue;
    const auto step = domain::step(*meeting, seat, now(), swarm_.policy);
    ++covered_[{site, fate, static_cast<std::uint8_t>(step)}];
    found = true;
  }
  if (!found) ++covered_[{site, fate, kNoSeat}];
}

void World::mutated(const char* what, const std::string& subject) {
  static_cast<void>(what);
  static_cast<void>(subject);
  checks_.mutated();
}

// ---- Control planes.

void World::start_process(std::size_t index) {
  auto process = std::make_shared<Process>(*this, index, ++incarnations_.at(index));
  processes_.at(index) = process;
  trace(process->name(), "starts", "", versions_.name_of(process->is_newer()));
  process->start();
}

void World::kill_process(std::size_t index, Duration down_for) {
  auto& process = processes_.at(index);
  if (!process) return;
  trace(process->name(), "dies", "");
  process->die();
  process.reset();
  if (store_.on_disk()) {
    store_.open_after_death();
    check_store();
  }
  if (swarm_.bridged) {
    for (const auto& session : sessions_) close_session(session, false);
  }
  const auto incarnation = incarnations_.at(index);
  scheduler_.at(now() + std::max(down_for, Duration(1000)), [this, index, incarnation] {
    if (incarnations_.at(index) == incarnation && !processes_.at(index)) start_process(index);
  });
}

Process* World::any_process(std::uint32_t dice) {
  // In a story somebody in front of them leaves out what does not answer.
  for (const auto& process : processes_) {
    if (swarm_.plain && process && !process->dead() && !process->paused()) return process.get();
  }
  for (std::size_t i = 0; i < processes_.size(); ++i) {
    const auto& process = processes_.at((dice + i) % processes_.size());
    if (process && !process->dead()) return process.get();
  }
  return nullptr;
}

// ---- The store.

Result<std::uint64_t> World::save(std::size_t process, const port::Commit& commit) {
  if (const auto dice = power_fails(commit.meeting.id)) return save_without_power(commit, *dice);
  auto saved = store_.save(commit);
  if (!saved) {
    if (saved.error().kind == base::ErrorKind::conflict) probe("store: somebody else was faster");
    if (saved.error().kind == base::ErrorKind::exhausted) probe("store: a launch budget said no");
    return saved;
  }
  domain::Meeting after = commit.meeting;
  after.version = *saved;
  if (listener_ != nullptr) listener_->committed(process, checks_.row(after.id), after);
  passes_.committed(*checks_.row(after.id), after);
  note_commit(*this, *checks_.row(after.id), after);
  checks_.committed(checks_.row(after.id), after, commit.audit);
  if (swarm_.bridged) {
    for (const auto& session : sessions_) {
      const bool own = session->open && domain::belongs_to(session->seat, after.id);
      if (own && !domain::session_may_stay(after, session->desktop, session->epoch)) {
        close_session(session, false);
      }
    }
  }
  return saved;
}

Result<port::Created> World::create(std::size_t process, const port::Commit& commit,
                                    const std::optional<port::IdempotencyKey>& key) {
  if (const auto dice = power_fails(commit.meeting.id)) {
    return create_without_power(commit, key, *dice);
  }
  auto created = store_.create(commit, key);
  if (created && !created->replayed) {
    if (listener_ != nullptr) listener_->committed(process, nullptr, created->meeting);
    checks_.committed(nullptr, created->meeting, commit.audit);
  }
  return created;
}

// ---- Sessions.

std::shared_ptr<Session> World::open_session(const domain::DesktopId& desktop, std::uint32_t epoch,
                                             Machine& machine) {
  auto session = std::make_shared<Session>(
      Session{desktop, *domain::seat_of(desktop), machine.id, epoch, true, now()});
  sessions_.push_back(session);
  ++machine.sessions;
  return session;
}

void World::close_session(const std::shared_ptr<Session>& session, bool by_person) {
  if (!session->open) return;
  session->open = false;
  Machine* machine = cloud_.find(session->machine);
  --machine->sessions;
  if (by_person) machine->session_ended_at = now();
  if (!by_person) machine->session_lost = true;
}

void World::machine_stopped(Machine& machine) {
  for (const auto& session : sessions_) {
    if (session->machine == machine.id) close_session(session, false);
  }
}

// ---- What goes wrong by itself.

void World::weather() {
  auto rng = base::Rng(swarm_.seed).fork("weather");
  while (!faults_.healed()) {
    scheduler_.sleep(Duration(30'000 + rng.below(240'000)));
    const auto dice = faults_.strike(Site::provider);
    if (!dice) continue;
    const auto lasts = Duration(1000 + (*dice >> 8U) % 1'200'000);
    const auto until = now() + lasts;
    switch (*dice % 6) {
      case 0:
      case 1:
        trace("world", "no capacity", "place " + std::to_string((*dice >> 4U) % 3),
              base::to_text(lasts));
        cloud_.fill((*dice >> 4U) % 3, until);
        break;
      case 2:
        trace("world", "no capacity", "anywhere", base::to_text(lasts));
        for (std::uint32_t place = 0; place < 3; ++place) cloud_.fill(place, until);
        break;
      case 3:
        trace("world", "the cloud's API is down", "", base::to_text(lasts));
        cloud_.set_down(until);
        break;
      case 4:
        trace("world", "DNS is down", "", base::to_text(lasts));
        zone_.set_down(until);
        break;
      default:
        if ((*dice >> 28U) % 2 == 0) {
          fill_store(until);
          break;
        }
        trace("world", "the store is down", "", base::to_text(lasts / 8));
        store_down_until_ = now() + lasts / 8;
        break;
    }
  }
}

// Credentials expire, are revoked, or turn out to be too narrow: some or all calls of a provider
// are denied for a while.
void World::clerk() {
  auto rng = base::Rng(swarm_.seed).fork("clerk");
  constexpr std::array kCalls{
      Site::launch, Site::terminate, Site::set_deadline, Site::list,          Site::list_all,
      Site::put,    Site::drop,      Site::zone_list,    Site::zone_list_all, Site::secrets};
  while (!faults_.healed()) {
    scheduler_.sleep(Duration(60'000 + rng.below(600'000)));
    const auto dice = faults_.strike(Site::credentials);
    if (!dice) continue;
    const bool all = *dice % 4 == 0;
    const auto lasts = Duration(60'000 + (*dice >> 8U) % 2'400'000);
    const auto one = kCalls.at((*dice >> 2U) % kCalls.size());
    trace("world", "credentials are denied", all ? "all calls" : name_of(one),
          base::to_text(lasts));
    for (const auto site : kCalls) {
      auto& until = denied_until_.at(static_cast<std::size_t>(site));
      if (all || site == one) until = std::max(until, now() + lasts);
    }
  }
}

void World::gremlin() {
  auto rng = base::Rng(swarm_.seed).fork("gremlin");
  while (!faults_.healed()) {
    scheduler_.sleep(Duration(30'000 + rng.below(180'000)));
    const auto dice = faults_.strike(Site::process);
    if (dice) trouble_process(*dice);
  }
}

void World::trouble_process(std::uint32_t dice) {
  const auto index = (dice >> 4U) % processes_.size();
  const auto lasts = Duration(1000 + (dice >> 6U) % 1'200'000);
  const auto process = processes_.at(index);
  switch (dice % 8) {
    case 0:
    case 1:
    case 2:
      kill_process(index, lasts / 20);
      break;
    case 3:
      trace("world", "all control planes are down", "", base::to_text(lasts * 3));
      probe("world: all control planes down for long");
      for (std::size_t i = 0; i < processes_.size(); ++i) kill_process(i, lasts * 3);
      break;
    case 4:
    case 5:
      if (!process) break;
      trace(process->name(), "is paused", "", base::to_text(lasts));
      process->pause(now() + lasts);
      break;
    default:
      if (!process || swarm_.skew_max < 2s) break;  // in worlds with bad clocks only
      trace(process->name(), "clock is set", "", base::to_text(lasts));
      process->step_clock(dice % 8 == 6 ? lasts / 2 : -(lasts / 2));
      break;
  }
}

void World::meddler() {
  auto rng = base::Rng(swarm_.seed).fork("meddler");
  while (!faults_.healed()) {
    scheduler_.sleep(Duration(60'000 + rng.below(400'000)));
    if (const auto dice = faults_.strike(Site::operator_)) meddle(*dice);
  }
}

void World::meddle(std::uint32_t dice) {
  const auto records = zone_.truth();
  auto& machines = cloud_.machines();
  if (machines.empty() || checks_.rows().empty()) return;
  auto machine = machines.begin();
  std::advance(machine, (dice >> 8U) % machines.size());
  const auto& owner = machine->second.spec.owner;
  switch (dice % 7) {
    case 6:  // somebody else's record stands where the next desktop's is to be
      zone_.plant_stranger(Zone::name_of(domain::desktop_id(owner.seat, owner.attempt + 1)));
      break;
    case 0:
      cloud_.die(machine->first, "terminated by hand");
      break;
    case 1:
      if (!records.empty()) zone_.remove_by_hand(records.at((dice >> 8U) % records.size()).name);
      break;
    case 2:  // an attempt that nobody has made: a forged or forgotten mark
      cloud_.plant({owner.store, owner.seat, owner.attempt + 7});
      break;
    case 3:  // of a meeting that is not in the store
      for (const char* seat : {"lost-1", "lost-2", "lost-3"}) {
        cloud_.plant({owner.store, *domain::SeatId::parse(seat), 1});
      }
      zone_.plant({"lost-1-1.desk.example.org",
                   "10.9.9.9",
                   {owner.store, *domain::SeatId::parse("lost-1"), 1},
                   1});
      break;
    case 4:  // another store's
      cloud_.plant({"store2", owner.seat, owner.attempt});
      break;
    default: {
      auto row = checks_.rows().begin();
      std::advance(row, (dice >> 8U) % checks_.rows().size());
      // For a moment, or until somebody repairs it long after everything else works again: some
      // only when its machines have ended themselves.
      const auto later = (dice >> 21U) % 2 == 0 ? 15min : 240min;
      const bool short_time = (dice >> 20U) % 2 == 0;
      hide_row(row->first, short_time ? now() + 3min : start_ + swarm_.faults_for + later);
      break;
    }
  }
}

void World::fill_store(Timestamp until) {
  trace("world", "the store is full", "", base::to_text(until - now()));
  store_full_until_ = until;
}

void World::hide_row(const domain::MeetingId& id, Timestamp until) {
  trace("world", "row cannot be read", id.text());
  probe("store: a row cannot be read");
  store_.spoil(id);
  checks_.unreadable(id, until);
  scheduler_.at(until, [this, id] {
    if (checks_.readable(id)) store_.spoil(id, false);
  });
}

// ---- A run.

// Nobody is there for a long time, and then everything is due at once (L13).
void World::outage() {
  if (swarm_.outage == 0s) return;
  scheduler_.at(start_ + swarm_.faults_for - swarm_.outage, [this] {
    trace("world", "all control planes are down", "", base::to_text(swarm_.outage));
    for (std::size_t i = 0; i < processes_.size(); ++i) kill_process(i, swarm_.outage + 1min);
  });
}

void World::heal() {
  trace("world", "HEALED", "");
  faults_.heal();
  passes_.healed();
  throttle_ = Throttle(
      swarm_.api.launch.burst == 0 ? ApiLimits{} : ApiLimits::real(swarm_.api.lock_out.calls > 0));
  cloud_.heal();
  zone_.heal();
  store_down_until_ = store_full_until_ = Timestamp{};
  denied_until_.fill(Timestamp{});
  for (std::size_t i = 0; i < processes_.size(); ++i) {
    if (!processes_.at(i)) {
      start_process(i);
    } else {
      processes_.at(i)->pause(now());
    }
  }
  versions_.finish();
  checks_.healed();
}

void World::watch() {
  for (;;) {
    scheduler_.sleep(20s);
    checks_.after_healing();
  }
}

bool World::run(const std::function<void(World&)>& people) {
  const auto stop = [this] { return violated_.has_value(); };
  for (std::size_t i = 0; i < processes_.size(); ++i) start_process(i);
  scheduler_.spawn(now(), [this] { weather(); });
  scheduler_.spawn(now(), [this] { gremlin(); });
  if (swarm_.mix.rate.at(static_cast<std::size_t>(Site::credentials)) > 0) {
    scheduler_.spawn(now(), [this] { clerk(); });
  }
  scheduler_.spawn(now(), [this] { meddler(); });
  if (store_.on_disk()) scheduler_.spawn(now(), [this] { power(); });
  if (swarm_.newer_rows != NewerRows::none) {
    scheduler_.spawn(now(), [this] { versions_.roll_out(); });
  }
  scheduler_.spawn(now(), [this] { watch(); });
  outage();
  if (swarm_.first_place_full) cloud_.fill(0, start_ + 24h);
  people(*this);
  scheduler_.run(start_ + swarm_.faults_for, stop);
  if (violated_) return false;
  heal();
  return finish();
}

// After healing: all meetings come to their end, then nothing moves any more.
bool World::finish() {
  const auto stop = [this] { return violated_.has_value(); };
  const auto all_over = [this] {
    return std::all_of(checks_.rows().begin(), checks_.rows().end(), [this](const auto& row) {
      return row.second.over_at.has_value() && checks_.readable(row.first);
    });
  };
  const auto last = now() + kSettle;
  while (now() < last && !violated_) {
    scheduler_.run(now() + 5min, stop);
    if (all_over()) break;
  }
  // Late calls and self-made ends of the faulty time, then orphans.
  // By a clock that is behind they are young for longer.
  scheduler_.run(now() + 30min + clock_error_, stop);
  check_store();
  if (violated_) return false;
  checks_.at_rest();
  const auto mutations = checks_.mutations();
  const auto switches = scheduler_.switches();
  scheduler_.run(now() + (swarm_.long_rest ? 24h : 10min), stop);
  static_cast<void>(switches);
  if (checks_.mutations() != mutations) violation("L11", "something was changed while at rest");
  return !violated_;
}

}  // namespace sim
