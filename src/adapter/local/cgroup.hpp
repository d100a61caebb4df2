#pragma once
// Limits on a desktop's processes and memory, by control groups of version 1 or 2, whichever this
// machine has. One group per desktop and controller, named after the instance. Where a controller
// is not there or may not be written, limits are either required (an error that says why) or best
// effort (what can be had is used). The share of the processor is always best effort.

#include <string>
#include <vector>

#include "adapter/local/os.hpp"
#include "base/result.hpp"

namespace adapter::local {

struct Limits {
  std::uint64_t memory_bytes = 1024ULL << 20;
  std::uint32_t processes = 256;
};

class Cgroups {
 public:
  // `root` is /sys/fs/cgroup except in tests; `parent` the path below it under which the groups are
  // made: empty = "howdah" for root, else this process's own (delegated) group.
  static Cgroups find(const std::string& root, const std::string& parent);

  // Makes the group of `name` with its limits; `required`: both memory and processes must hold.
  base::Result<> make(const std::string& name, const Limits& limits, bool required) const;
  // Files to which a process writes "0" to enter: opened here because it may not open them later.
  base::Result<std::vector<Fd>> entrances(const std::string& name) const;
  std::vector<pid_t> processes(const std::string& name) const;
  // SIGKILL to everything in the group, now. Not a proof that it is gone: processes() is.
  void kill_all(const std::string& name) const;
  // True when there is no group of that name any more.
  bool remove(const std::string& name) const;
  // Current value of a file of the group, for tests and metrics ("memory.max", "pids.current").
  std::string read(const std::string& name, const std::string& controller,
                   const std::string& file) const;

 private:
  struct Hierarchy {
    std::string controller;  // "memory", "pids", "cpu"; "" for all of version 2
    std::string folder;      // where the groups are made
    std::string missing;     // why it can't be used; empty = usable
  };
  static Hierarchy version_1(const std::string& root, const std::string& controller,
                             const std::string& parent);
  static Hierarchy version_2(const std::string& root, const std::string& parent);
  base::Result<> set_limits(const Hierarchy& hierarchy, const std::string& folder,
                            const Limits& limits, bool required) const;

  std::vector<Hierarchy> hierarchies_;
};

}  // namespace adapter::local
