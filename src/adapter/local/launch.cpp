// Starting desktops. The order of the steps is what makes a launch safe to be cut short: the record
// first, then the sandbox, which waits; then what it is on the disk; and only then "go".

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "adapter/local/environment.hpp"
#include "adapter/local/local_desktops.hpp"
#include "adapter/local/network.hpp"
#include "adapter/local/sandbox.hpp"

namespace adapter::local {

using base::ErrorKind;
using base::Result;
using domain::Instance;

namespace {

constexpr std::int64_t kClaimWithinMs = 8'000;

// A socket bound in the record's folder, not yet listening. By way of /proc, because a path of any
// length must fit where there is room for 107 characters.
Result<Fd> bind_screen(const Fd& folder) {
  Fd listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!listener) return tl::unexpected<base::Error>(os_error("make a socket"));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const auto path = "/proc/self/fd/" + std::to_string(folder.get()) + "/rfb.sock";
  std::memcpy(static_cast<char*>(address.sun_path), path.c_str(), path.size() + 1);
  const auto* generic = reinterpret_cast<const sockaddr*>(&address);
  if (::bind(listener.get(), generic, sizeof address) != 0 ||
      ::fchmodat(folder.get(), "rfb.sock", 0600, 0) != 0) {
    return tl::unexpected<base::Error>(os_error("bind the screen's socket"));
  }
  return listener;
}

Result<Fd> make_file(const Fd& folder, const char* name, int flags) {
  Fd file(::openat(folder.get(), name, O_CREAT | O_NOFOLLOW | O_CLOEXEC | flags, 0600));
  if (!file) return tl::unexpected<base::Error>(os_error(std::string("make the file ") + name));
  return file;
}

bool same_launch(const Spec& known, const port::LaunchSpec& asked) {
  return known.key == asked.key && known.owner == asked.owner && known.desktop == asked.desktop &&
         known.place == asked.place;
}

}  // namespace

Result<Record> LocalDesktops::claim_for_launch(const domain::InstanceId& id) const {
  const auto until = boottime_ms() + kClaimWithinMs;
  while (boottime_ms() < until) {
    auto record = Record::make(root_, id);
    auto claimed = record ? record->claim() : Result<bool>(false);
    if (claimed && *claimed) return record;
    pause_ms(5);  // another launch or an end of the same desktop, or its folder was just removed
  }
  return base::fail(ErrorKind::unknown_outcome, "the same desktop is being started by another");
}

Result<Instance> LocalDesktops::launch(const port::LaunchSpec& spec) {
  if (spec.key.empty() || spec.key.size() > 64) {
    return base::fail(ErrorKind::invalid, "a launch key has 1 to 64 characters");
  }
  if (spec.place >= config_.templates.size()) {
    return base::fail(ErrorKind::invalid, "there is no such template");
  }
  if (spec.owner.store != config_.store) {
    return base::fail(ErrorKind::denied, "desktops here belong to another store");
  }
  purge();
  auto record = TRY(claim_for_launch(instance_id(config_.store, spec.key)));
  return launch_claimed(record, spec);
}

Result<Instance> LocalDesktops::launch_claimed(Record& record, const port::LaunchSpec& spec) {
  const auto known = record.spec();
  const bool is_known = known && *known;
  if (is_known && !same_launch(**known, spec)) {
    return base::fail(ErrorKind::invalid, "the launch key was used with other parameters");
  }
  switch (TRY(life_of(record))) {
    case Life::ended:
      return base::fail(ErrorKind::conflict, "the desktop of this launch key is gone");
    case Life::dead:
      if (!is_known) break;  // power was lost: nobody can tell any more what it was
      TRY(settle(record, record.last_words()));
      return base::fail(ErrorKind::conflict, "the desktop of this launch key is gone");
    case Life::living:
      if (!is_known) return base::fail(ErrorKind::internal, "nobody can tell whose it is");
      return describe(record, **known, Life::living);
    case Life::launching:  // we hold the claim, so its server died; the init never hears "go"
    case Life::leftover:
      break;
  }
  TRY(kill(record));
  TRY(record.clear({}));
  const Spec made{spec.key, spec.owner, spec.desktop, spec.place, clock_.now()};
  TRY(record.write(made));
  if (auto started = start(record, spec, made); !started) {
    auto error = started.error();
    error.detail += " | " + record.printed();
    TRY(discard(record));  // its error is unknown_outcome: something may still be ending
    return tl::unexpected<base::Error>(std::move(error));
  }
  return describe(record, made, Life::living);
}

Result<> LocalDesktops::start(Record& record, const port::LaunchSpec& spec, const Spec& made) {
  const Template& image = config_.templates[spec.place];
  TRY(record.write_deadline(spec.deadline));
  TRY(cgroups_.make(record.id().text(), image.limits, config_.limits_required));
  const Slot slot = TRY(take_slot(config_.uid_base, config_.uid_count));
  const Fd alive = TRY(record.take_alive());
  Fd go;
  const Marks marks = TRY(start_processes(record, spec, slot, alive, go));
  TRY(record.write(marks, made));
  if (::write(go.get(), "g", 1) != 1) {
    return tl::unexpected<base::Error>(os_error("the desktop ended before it began"));
  }
  return {};
}

Result<Marks> LocalDesktops::start_processes(Record& record, const port::LaunchSpec& spec,
                                             const Slot& slot, const Fd& alive, Fd& go) {
  const Template& image = config_.templates[spec.place];
  const Fd listener = TRY(bind_screen(record.folder()));
  const Fd inside = TRY(open_folder_at(record.folder(), "inside"));
  const Fd log = TRY(make_file(record.folder(), "log", O_WRONLY | O_APPEND));
  const Fd identity = TRY(make_file(record.folder(), "identity", O_RDWR));
  SandboxFiles files{listener.get(),
                     alive.get(),
                     inside.get(),
                     log.get(),
                     identity.get(),
                     slot.lock.get(),
                     TRY(cgroups_.entrances(record.id().text()))};
  const bool change_user = ::geteuid() == 0;
  auto started =
      TRY(start_sandbox(SandboxSpec{image, session_environment(image, spec), config_.program,
                                    slot.uid, change_user, config_.limits_required},
                        files));
  Marks marks{started.outer, started.init, {}, started.pid_namespace, slot.uid, boot_id()};
  if (image.network) {
    marks.helper = TRY(
        start_network(NetworkSpec{started.init.pid, slot.uid, change_user, started.network.get(),
                                  files.alive, files.log, files.cgroups, image.limits.processes}));
  }
  go = std::move(started.go);
  return marks;
}

}  // namespace adapter::local
