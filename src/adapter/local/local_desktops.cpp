#include "adapter/local/local_desktops.hpp"

#include <unistd.h>

namespace adapter::local {

using base::ErrorKind;
using base::Result;
using domain::Instance;
using domain::InstanceState;

LocalDesktops::LocalDesktops(Config config, port::Clock& clock, Fd root, Cgroups cgroups)
    : config_(std::move(config)),
      clock_(clock),
      root_(std::move(root)),
      cgroups_(std::move(cgroups)) {}

Result<std::unique_ptr<LocalDesktops>> LocalDesktops::open(Config config, port::Clock& clock) {
  for (const auto* program : {"/usr/bin/bwrap", "/usr/bin/Xtigervnc"}) {
    if (::access(program, X_OK) != 0) {
      return base::fail(ErrorKind::invalid, "local desktops need a program that is not here", {},
                        program);
    }
  }
  if (config.templates.empty()) return base::fail(ErrorKind::invalid, "there is no template");
  Fd root = TRY(make_folder(config.folder, 0700));
  auto cgroups = Cgroups::find("/sys/fs/cgroup", config.cgroup_parent);
  return std::unique_ptr<LocalDesktops>(
      new LocalDesktops(std::move(config), clock, std::move(root), std::move(cgroups)));
}

Result<LocalDesktops::Life> LocalDesktops::life_of(const Record& record) const {
  const auto ended = record.ended();
  if (ended && *ended) return Life::ended;
  // In this order: what starts a desktop writes `started` while it still holds the lock.
  const bool alive = record.alive();
  const auto marks = record.marks();
  if (alive) return TRY(marks) ? Life::living : Life::launching;
  // A loss of power leaves files empty that were just written, and nothing that lives.
  return !ended || !marks || *marks ? Life::dead : Life::leftover;
}

Instance LocalDesktops::describe(const Record& record, const Spec& spec, Life life) const {
  Instance instance{record.id(),     spec.owner,       spec.key,          InstanceState::pending,
                    config_.address, spec.launched_at, record.deadline(), ""};
  if (life == Life::living) instance.state = InstanceState::running;
  if (life != Life::dead && life != Life::ended) return instance;
  instance.state = InstanceState::gone;
  instance.address.clear();
  const auto ended = record.ended();
  instance.why = ended && *ended ? (*ended)->why : record.last_words();
  return instance;
}

// What is found dead is settled on the way: nobody else would, and a second look finds the same.
Result<LocalDesktops::Life> LocalDesktops::settled_life(Record& record) const {
  const auto life = TRY(life_of(record));
  if (life != Life::dead && life != Life::leftover) return life;
  if (!TRY(record.claim())) return Life::launching;  // somebody is at it: starting or ending
  const auto again = TRY(life_of(record));
  const auto spec = record.spec();
  const bool is_known = spec && *spec;  // else nobody can ever ask for it
  if (again == Life::dead && is_known) TRY(settle(record, record.last_words()));
  if (again == Life::leftover || (again == Life::dead && !is_known)) TRY(discard(record));
  return again;
}

// One desktop as it is; nothing when it is not wanted, not ours, or was never there.
Result<std::optional<Instance>> LocalDesktops::look(
    const domain::InstanceId& id, const std::function<bool(const Spec&)>& wanted) {
  const auto nothing = std::optional<Instance>();
  auto record = Record::open(root_, id);
  if (!record && record.error().kind == ErrorKind::not_found) return nothing;
  if (!record) return tl::unexpected<base::Error>(record.error());
  const auto spec = record->spec();
  if (spec && *spec && !wanted(**spec)) return nothing;
  const auto life = settled_life(*record);
  if (!life && life.error().kind == ErrorKind::not_found) return nothing;  // removed meanwhile
  if (TRY(life) == Life::leftover) return nothing;
  if (spec && *spec) return std::optional<Instance>(describe(*record, **spec, *life));
  if (*life == Life::living || *life == Life::launching) TRY(spec);
  return nothing;
}

// Complete or an error: a living desktop of which nobody can tell whose it is makes the whole list
// unknown, for else it would look gone. It ends at its deadline at the latest.
Result<std::vector<Instance>> LocalDesktops::list_if(
    const std::function<bool(const Spec&)>& wanted) {
  std::vector<Instance> all;
  for (const auto& name : TRY(names_in(root_))) {
    const auto id = domain::InstanceId::parse(name);
    if (!id) continue;
    if (auto seen = TRY(look(*id, wanted))) all.push_back(*std::move(seen));
  }
  return all;
}

Result<std::vector<Instance>> LocalDesktops::list_all() {
  return list_if([&](const Spec& spec) { return spec.owner.store == config_.store; });
}

Result<std::vector<Instance>> LocalDesktops::list(const domain::MeetingId& meeting) {
  return list_if([&](const Spec& spec) {
    return spec.owner.store == config_.store && meeting_of(spec.owner.seat) == meeting;
  });
}

Result<Record> LocalDesktops::find(const domain::InstanceId& id, const domain::Owner& owner) const {
  auto record = TRY(Record::open(root_, id));
  const auto spec = TRY(record.spec());
  if (!spec) return base::fail(ErrorKind::not_found, "no such desktop is known here");
  if (spec->owner != owner) {
    return base::fail(ErrorKind::denied, "the desktop belongs to another seat or attempt");
  }
  return record;
}

Result<> LocalDesktops::set_deadline(const domain::InstanceId& instance, const domain::Owner& owner,
                                     base::Timestamp deadline) {
  const auto record = TRY(find(instance, owner));
  if (TRY(life_of(record)) != Life::living) {
    return base::fail(ErrorKind::not_found, "the desktop is gone");
  }
  return record.write_deadline(deadline);
}

}  // namespace adapter::local
