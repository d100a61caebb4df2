#include "ports.hpp"

#include <algorithm>

#include "base/crypto.hpp"
#include "pass_checks.hpp"
#include "rate_checks.hpp"
#include "theme.hpp"

namespace sim {

using base::ErrorKind;
using base::fail;
using base::Result;

namespace {

constexpr Duration kNear{3};   // the store
constexpr Duration kFar{400};  // providers
constexpr Duration kLooking{900};
constexpr std::size_t kTokenBytes = 24;  // ids are made of fewer

auto down(const char* what) {
  return fail(ErrorKind::unavailable, std::string(what) + " is down (drawn)");
}

// EC2's RequestLimitExceeded, Route 53's Throttling, Cloudflare's 429: nothing happened, and it may
// be tried again.
Result<> admit(World& world, Site site) {
  if (world.throttle().admits(site, world.now())) return {};
  world.probe("throttle: a call was refused");
  if (world.throttle().locked_out(world.now())) world.probe("throttle: locked out");
  return fail(ErrorKind::unavailable, "too many requests (RequestLimitExceeded)");
}

void note_change(World& world, Site site, const domain::DesktopId& desktop) {
  world.rates().changes(site, desktop);
  world.passes().changes(*domain::meeting_of(desktop));
}

// Of the machine that the row knows; strays have no pauses of their own but the pass's.
void note_terminate(Process& process, const domain::InstanceId& instance,
                    const domain::Owner& owner) {
  auto& world = process.world();
  const auto meeting = domain::meeting_of(owner.seat);
  const auto* row = meeting ? world.row(*meeting) : nullptr;
  const auto* seat = row == nullptr ? nullptr : domain::find_seat(*row, owner.seat);
  const bool known = seat != nullptr && seat->desktop && seat->desktop->instance &&
                     seat->desktop->instance->value == instance;
  const bool by_pass = !process.is_sweeping();
  if (by_pass && row != nullptr) world.passes().ends(process, instance, row->id);
  if (known) {
    const bool has_name = !seat->desktop->name_given_up_at && !seat->desktop->gone;
    if (by_pass && has_name) world.passes().ends_named(process, seat->desktop->id);
    note_change(world, Site::terminate, seat->desktop->id);
  } else {
    world.passes().ends_stray(process, instance, owner);
  }
}

}  // namespace

Duration ClockPort::since_boot() {
  return process_.world().now() - process_.world().start() + 24h;
}

std::string EntropyPort::bytes(std::size_t count) {
  std::string out;
  while (out.size() < count) out += static_cast<char>(rng_.next() >> 24U);
  if (count >= kTokenBytes) world_.canary().know(base::to_base64url(out));
  return out;
}

Result<std::vector<base::Secret>> SecretsPort::fetch(std::string_view name) {
  const auto drawn = process_.world().faults().draw(Site::secrets);
  if (drawn.fate != Fate::normal) return down("the secret store");
  if (process_.world().denied(Site::secrets)) {
    return fail(ErrorKind::denied, "this secret may not be read (drawn)");
  }
  return std::vector<base::Secret>{secret_of(name)};
}

void WakeupsPort::wake(const domain::MeetingId& meeting, Timestamp at) {
  auto& world = process_.world();
  auto dice = world.faults().dice(Site::wakeup);
  const auto drawn = world.faults().draw(Site::wakeup);
  if (dice.below(100) >= world.swarm().hints_delivered) return;
  // A hint reaches any of the processes; or it is late, doubled, or nobody's.
  const auto count = drawn.fate == Fate::normal ? 1 : drawn.dice % 3;
  for (std::uint32_t i = 0; i < count; ++i) {
    const auto late = drawn.fate == Fate::normal ? Duration{0} : drawn.delay;
    const auto target = dice.next();
    world.scheduler().at(world.now() + late, [&world, target, meeting, at] {
      if (auto* process = world.any_process(target)) process->hint(meeting, at);
    });
  }
}

// ---- Compute.

Result<std::vector<domain::Instance>> ComputePort::list(const domain::MeetingId& meeting) {
  auto& world = process_.world();
  process_.about(meeting);
  world.rates().called(process_, Site::list);
  world.passes().looks(process_, meeting);
  const auto asked_at = world.now();
  auto listed =
      process_.call(Site::list, kFar, [&world, meeting]() -> Result<std::vector<domain::Instance>> {
        if (world.cloud().down()) return down("the cloud");
        TRY(admit(world, Site::list));
        return world.cloud().list(meeting);
      });
  process_.has_looked(meeting);
  world.passes().listed(process_, meeting, listed);
  if (listed) world.checks().listed(*listed, asked_at);
  return listed;
}

Result<std::vector<domain::Instance>> ComputePort::list_all() {
  auto& world = process_.world();
  world.rates().called(process_, Site::list_all);
  return process_.call(Site::list_all, kFar, [&world]() -> Result<std::vector<domain::Instance>> {
    if (world.cloud().down()) return down("the cloud");
    TRY(admit(world, Site::list_all));
    return world.cloud().list(std::nullopt);
  });
}

Result<domain::Instance> ComputePort::launch(const port::LaunchSpec& spec) {
  auto& world = process_.world();
  process_.about(spec.owner.seat);
  world.rates().called(process_, Site::launch);
  world.passes().launches(process_, *domain::meeting_of(spec.owner.seat));
  note_change(world, Site::launch, spec.desktop);
  world.checks().launch_called(spec);
  world.versions().acts(process_, spec.owner);
  world.canary().look(spec);
  const auto called_at = world.now();
  auto launched = process_.call(
      Site::launch, kFar,
      [&world, spec, called_at]() -> Result<domain::Instance> {
        // Calls with one key take effect in order: an older one than the last answered is void.
        if (called_at < world.cloud().answered_at(spec.key)) {
          return fail(ErrorKind::unavailable, "void by now");
        }
        if (world.cloud().down()) return down("the cloud");
        TRY(admit(world, Site::launch));
        if (world.now() - called_at > 30s) world.probe("launch: took effect late");
        return world.change_outside(
            [&world, spec, called_at] { return world.cloud().launch(spec, called_at); });
      },
      spec.key);
  if (!launched && launched.error().kind == ErrorKind::unknown_outcome) {
    note_unknown_launch(world, spec);
  }
  return launched;
}

Result<> ComputePort::terminate(const domain::InstanceId& instance, const domain::Owner& owner) {
  auto& world = process_.world();
  process_.about(owner.seat);
  ++ends_;
  world.rates().called(process_, Site::terminate);
  note_terminate(process_, instance, owner);
  auto* machine = world.cloud().find(instance);
  // As its list showed it, which may be of before an extension.
  const auto listed = world.now() - world.swarm().list_lag - 5s;
  const auto deadline =
      machine == nullptr ? std::nullopt : std::optional(machine->deadline_at(listed));
  if (machine != nullptr) world.checks().end_called(*machine);
  if (world.versions().acts(process_, owner, deadline)) {
    machine->end_unread = true;
  } else {
    world.checks().mutation_called("terminate", domain::desktop_id(owner.seat, owner.attempt));
  }
  world.checks().orphan_called(process_.uptime(), owner);
  auto ended = process_.call(Site::terminate, kFar, [&world, instance, owner]() -> Result<> {
    if (world.cloud().down()) return down("the cloud");
    TRY(admit(world, Site::terminate));
    return world.change_outside(
        [&world, instance, owner] { return world.cloud().terminate(instance, owner); });
  });
  world.checks().orphan_answered(process_.name(), instance.text(), owner, ended);
  return ended;
}

Result<> ComputePort::set_deadline(const domain::InstanceId& instance, const domain::Owner& owner,
                                   Timestamp deadline) {
  auto& world = process_.world();
  process_.about(owner.seat);
  world.rates().called(process_, Site::set_deadline);
  const auto desktop = domain::desktop_id(owner.seat, owner.attempt);
  world.rates().sets_deadline(desktop, deadline);
  world.checks().mutation_called("set_deadline", desktop);
  world.versions().acts(process_, owner);
  auto set =
      process_.call(Site::set_deadline, kFar, [&world, instance, owner, deadline]() -> Result<> {
        if (world.cloud().down()) return down("the cloud");
        TRY(admit(world, Site::set_deadline));
        return world.change_outside([&world, instance, owner, deadline] {
          return world.cloud().set_deadline(instance, owner, deadline);
        });
      });
  if (!set && set.error().kind == ErrorKind::unknown_outcome) {
    note_unknown_deadline(world, *domain::meeting_of(owner.seat));
  }
  return set;
}

// ---- DNS.

Result<std::vector<domain::Record>> ZonePort::list(const domain::MeetingId& meeting) {
  auto& world = process_.world();
  process_.about(meeting);
  world.rates().called(process_, Site::zone_list);
  auto listed = process_.call(Site::zone_list, kFar,
                              [&world, meeting]() -> Result<std::vector<domain::Record>> {
                                if (world.zone().down()) return down("the DNS provider");
                                TRY(admit(world, Site::zone_list));
                                return world.zone().list(meeting);
                              });
  process_.has_looked(meeting);
  world.passes().names_listed(process_, meeting, listed);
  return listed;
}

Result<std::vector<domain::Record>> ZonePort::list_all() {
  auto& world = process_.world();
  world.rates().called(process_, Site::zone_list_all);
  return process_.call(Site::zone_list_all, kFar,
                       [&world]() -> Result<std::vector<domain::Record>> {
                         if (world.zone().down()) return down("the DNS provider");
                         TRY(admit(world, Site::zone_list_all));
                         return world.zone().list(std::nullopt);
                       });
}

Result<> ZonePort::put(const domain::Record& record) {
  auto& world = process_.world();
  process_.about(record.owner.seat);
  world.rates().called(process_, Site::put);
  note_change(world, Site::put, domain::desktop_id(record.owner.seat, record.owner.attempt));
  world.checks().mutation_called("put_record",
                                 domain::desktop_id(record.owner.seat, record.owner.attempt));
  world.canary().look("a record", record.name + " " + record.address);
  world.versions().acts(process_, record.owner);
  const auto called_at = world.now();
  const auto answered = std::make_shared<bool>(false);  // without the call having arrived
  auto put = process_.call(Site::put, kFar, [&world, record, called_at, answered]() -> Result<> {
    if (world.zone().down()) return down("the DNS provider");
    TRY(admit(world, Site::put));
    return world.change_outside([&world, record, called_at, answered] {
      const bool late = *answered || world.now() - called_at > 1s;
      if (late) world.late_records().insert(record.name);
      return world.zone().put(record);
    });
  });
  *answered = true;
  const bool may_come_late = !put && put.error().kind == ErrorKind::unknown_outcome;
  if (may_come_late) note_unknown_put(world, record);
  if (put) note_put(world, record);
  return put;
}

Result<> ZonePort::drop(const std::string& name, const domain::Owner& owner) {
  auto& world = process_.world();
  process_.about(owner.seat);
  ++drops_;
  world.rates().called(process_, Site::drop);
  note_change(world, Site::drop, domain::desktop_id(owner.seat, owner.attempt));
  const auto listed = world.now() - world.swarm().list_lag - 5s;
  if (!world.versions().acts(process_, owner, world.cloud().deadline_of(owner, listed))) {
    world.checks().mutation_called("drop_record", domain::desktop_id(owner.seat, owner.attempt));
  }
  world.checks().orphan_called(process_.uptime(), owner);
  auto dropped = process_.call(Site::drop, kFar, [&world, name, owner]() -> Result<> {
    if (world.zone().down()) return down("the DNS provider");
    TRY(admit(world, Site::drop));
    return world.change_outside([&world, name, owner] { return world.zone().drop(name, owner); });
  });
  world.checks().orphan_answered(process_.name(), name, owner, dropped);
  return dropped;
}

// ---- Pace.

Result<std::vector<domain::Instance>> AskedCompute::list(const domain::MeetingId& meeting) {
  process_.world().passes().asks(process_, meeting);
  return paced_.list(meeting);
}

Result<> AskedCompute::terminate(const domain::InstanceId& instance, const domain::Owner& owner) {
  const auto before = inner_.ends();
  auto ended = paced_.terminate(instance, owner);
  if (!ended && inner_.ends() == before)
    process_.world().rates().held_back(process_, Site::terminate);
  return ended;
}

Result<> AskedZone::drop(const std::string& name, const domain::Owner& owner) {
  const auto before = inner_.drops();
  auto dropped = paced_.drop(name, owner);
  if (!dropped && inner_.drops() == before)
    process_.world().rates().held_back(process_, Site::drop);
  return dropped;
}

// ---- Prober.

Result<domain::Probe> ProberPort::probe(const port::ProbeTarget& target) {
  auto& world = process_.world();
  const auto seat = domain::seat_of(target.desktop);
  if (seat) process_.about(*seat);
  const bool bridged = world.swarm().bridged;
  const bool young = process_.uptime() < world.swarm().policy.leave_grace;
  auto seen = process_.call(Site::probe, kLooking,
                            [&world, target, bridged, young]() -> Result<domain::Probe> {
                              domain::Probe probe;
                              const auto address = world.zone().resolve(target.name);
                              if (!address) {
                                probe.why_not = "its name is not known";
                                return probe;
                              }
                              Machine* machine = world.cloud().holder(*address);
                              if (machine == nullptr || !machine->answers(world.now())) {
                                probe.why_not = "it does not answer";
                                return probe;
                              }
                              if (machine->spec.desktop != target.desktop || machine->impostor) {
                                world.probe("prober: another desktop answers");
                                probe.why_not = "another desktop answers";
                                return probe;
                              }
                              probe.answers = true;
                              probe.connections = machine->sessions;
                              if (world.now() < machine->counts_from) probe.connections.reset();
                              // A bridge that has just started does not know who is about to come
                              // back.
                              if (bridged && young && machine->sessions == 0)
                                probe.connections.reset();
                              return probe;
                            });
  if (seat) process_.has_looked(*domain::meeting_of(*seat));
  return seen;
}

// ---- Store.

template <class Act>
auto StorePort::read(Act act) -> decltype(act()) {
  auto& world = process_.world();
  return process_.call(Site::store_read, kNear, [&world, act]() -> decltype(act()) {
    if (world.store_down()) return down("the store");
    return act();
  });
}

Result<port::Created> StorePort::create(const port::Commit& commit,
                                        const std::optional<port::IdempotencyKey>& key) {
  auto& world = process_.world();
  world.canary().look(commit);
  return process_.call(Site::store_write, kNear,
                       [&world, index = process_.index(), newer = process_.is_newer(), commit,
                        key]() -> Result<port::Created> {
                         if (world.store_full()) return down("the store");
                         auto created = TRY(world.create(index, commit, key));
                         if (!created.replayed) world.versions().wrote(newer, created.meeting);
                         TRY(world.versions().read(newer, created.meeting));
                         return created;
                       });
}

Result<std::optional<domain::Meeting>> StorePort::made_by(const port::IdempotencyKey& key) {
  return read([&world = process_.world(), newer = process_.is_newer(),
               key]() -> Result<std::optional<domain::Meeting>> {
    auto made = TRY(world.store().made_by(key));
    if (made) TRY(world.versions().read(newer, *made));
    return made;
  });
}

Result<domain::Meeting> StorePort::load(const domain::MeetingId& id) {
  process_.about(id);
  return read([&world = process_.world(), newer = process_.is_newer(), id] {
    return world.versions().read(newer, world.store().load(id));
  });
}

Result<std::uint64_t> StorePort::save(const port::Commit& commit) {
  auto& world = process_.world();
  process_.about(commit.meeting.id);
  if (process_.pass_holds(commit.meeting.id)) world.checks().held_save(commit.meeting);
  world.canary().look(commit);
  auto saved = process_.call(Site::store_write, kNear,
                             [&world, index = process_.index(), newer = process_.is_newer(),
                              commit]() -> Result<std::uint64_t> {
                               if (world.store_full()) return down("the store");
                               const auto version = TRY(world.save(index, commit));
                               world.versions().wrote(newer, commit.meeting);
                               return version;
                             });
  if (!saved && saved.error().kind == ErrorKind::exhausted) {
    world.passes().refused(process_, commit.meeting.id);
  } else {
    world.passes().stored(process_, commit.meeting.id);
  }
  if (saved) world.passes().wrote(process_, commit.meeting.id, commit.audit);
  const bool puts = std::any_of(commit.audit.begin(), commit.audit.end(), [](const auto& entry) {
    return entry.kind == port::AuditEntry::Kind::intent && entry.action == "put_record";
  });
  if (saved && commit.launches > 0) note_decided_launch(world, process_, commit.meeting.id);
  if (saved && puts) note_decided_put(world, process_, commit.meeting.id);
  return saved;
}

Result<> StorePort::append_audit(const domain::MeetingId& id,
                                 const std::vector<port::AuditEntry>& entries) {
  auto& world = process_.world();
  process_.about(id);
  world.canary().look(entries);
  auto appended = process_.call(Site::store_write, kNear, [&world, id, entries]() -> Result<> {
    if (world.store_full()) return down("the store");
    return world.store().append_audit(id, entries);
  });
  if (appended) world.passes().wrote(process_, id, entries);
  return appended;
}

Result<std::vector<port::AuditEntry>> StorePort::audit(const domain::MeetingId& id) {
  return read([&store = process_.world().store(), id] { return store.audit(id); });
}

Result<std::vector<domain::MeetingId>> StorePort::due(Timestamp now, std::size_t limit) {
  return read([&versions = process_.world().versions(), newer = process_.is_newer(), now, limit] {
    return versions.due(newer, now, limit);
  });
}

Result<std::optional<Timestamp>> StorePort::next_wake() {
  return read([&versions = process_.world().versions(), newer = process_.is_newer()] {
    return versions.next_wake(newer);
  });
}

Result<port::Page> StorePort::list(const std::optional<domain::PrincipalId>& owner,
                                   const std::string& from, std::size_t limit) {
  return read([&versions = process_.world().versions(), newer = process_.is_newer(), owner, from,
               limit] { return versions.list(newer, owner, from, limit); });
}

Result<std::vector<domain::MeetingId>> StorePort::live() {
  return read([&store = process_.world().store()] { return store.live(); });
}

Result<std::vector<std::pair<std::string, std::string>>> StorePort::parked() {
  return read([&store = process_.world().store()] { return store.parked(); });
}

Result<std::vector<port::Change>> StorePort::changes(std::uint64_t after, std::size_t limit) {
  return read(
      [&store = process_.world().store(), after, limit] { return store.changes(after, limit); });
}

Result<std::uint64_t> StorePort::cursor(const std::string& consumer) {
  return read([&store = process_.world().store(), consumer] { return store.cursor(consumer); });
}

Result<> StorePort::set_cursor(const std::string& consumer, std::uint64_t cursor) {
  return process_.world().store().set_cursor(consumer, cursor);
}

Result<std::size_t> StorePort::purge(Timestamp before, std::size_t limit) {
  return process_.world().store().purge(before, limit);
}

}  // namespace sim
