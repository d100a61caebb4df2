#pragma once
// The folder of one desktop, which is all that we remember about it, and what its files mean:
//   lock       byte 0 is held while anything of the desktop lives, byte 1 by whoever changes it
//   spec       what was asked; written before anything is started
//   identity   "pid started" of the sandbox, written by itself first of all
//   started    which processes it is, and the spec again; written before the session may begin
//   rfb.sock   the screen; no session ever sees this folder
//   inside/    what its init may see: the deadline
//   log        what it printed, bounded
//   ended      it is gone, and why; nothing else but spec, lock and log is left then
// A folder without `started` whose lock is free is a launch cut short: nothing ever ran.

#include <optional>
#include <string>

#include "adapter/local/os.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "domain/outside.hpp"

namespace adapter::local {

struct Spec {
  std::string key;
  domain::Owner owner;
  domain::DesktopId desktop;
  std::uint32_t place = 0;
  base::Timestamp launched_at;
  bool operator==(const Spec&) const = default;
};

struct Marks {
  ProcessId outer;
  ProcessId init;
  ProcessId helper;  // slirp4netns; pid 0: none
  std::uint64_t pid_namespace = 0;
  uid_t uid = 0;
  std::string boot;  // numbers of processes mean nothing after another boot
};

struct Ended {
  base::Timestamp at;
  std::string why;
};

// The id under which a key's desktop is known: the same for the same store and key, for ever.
domain::InstanceId instance_id(const std::string& store, const std::string& key);

class Record {
 public:
  // Opens (or makes) the folder `id` below `root`. not_found when it is not there.
  static base::Result<Record> open(const Fd& root, const domain::InstanceId& id);
  static base::Result<Record> make(const Fd& root, const domain::InstanceId& id);

  const domain::InstanceId& id() const { return id_; }
  const Fd& folder() const { return folder_; }

  // Takes byte 1 for as long as this Record lives; false when another has it. gone: the folder was
  // removed meanwhile (not_found).
  base::Result<bool> claim();
  bool claimed_by_another() const;
  bool alive() const;  // byte 0 is held by another open file than ours
  // A new open file that holds byte 0, for the desktop to inherit.
  base::Result<Fd> take_alive() const;

  base::Result<std::optional<Spec>> spec() const;
  base::Result<std::optional<Marks>> marks() const;
  base::Result<std::optional<Ended>> ended() const;
  std::optional<base::Timestamp> deadline() const;
  std::optional<ProcessId> identity() const;
  std::string printed() const;     // the end of all that was printed, in one line
  std::string last_words() const;  // why its init says that it ended

  base::Result<> write(const Spec& spec) const;
  base::Result<> write(const Marks& marks, const Spec& spec) const;  // a second copy of it
  base::Result<> write(const Ended& ended) const;
  base::Result<> write_deadline(base::Timestamp deadline) const;

  // Removes all files but the lock and those named.
  base::Result<> clear(const std::vector<std::string>& keep) const;

 private:
  Record(domain::InstanceId id, Fd folder, Fd lock)
      : id_(std::move(id)), folder_(std::move(folder)), lock_(std::move(lock)) {}

  domain::InstanceId id_;
  Fd folder_;
  Fd lock_;
};

}  // namespace adapter::local
