#include "adapter/local/cgroup.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <sstream>

namespace adapter::local {

using base::ErrorKind;
using base::Result;

namespace {

constexpr const char* kParent = "howdah";

bool exists(const std::string& path) {
  return ::access(path.c_str(), F_OK) == 0;
}

// This process's own group, by controller ("" = version 2), from lines "4:memory:/a/b".
std::string own_group(const std::string& controller) {
  std::istringstream lines(read_path("/proc/self/cgroup").value_or(""));
  for (std::string line; std::getline(lines, line);) {
    const auto first = line.find(':');
    const auto second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const auto names = "," + line.substr(first + 1, second - first - 1) + ",";
    if (controller.empty() ? names == ",,"
                           : names.find("," + controller + ",") != std::string::npos) {
      return line.substr(second + 1);
    }
  }
  return "";
}

std::string parent_for(const std::string& parent, const std::string& controller) {
  if (!parent.empty()) return "/" + parent;
  if (::geteuid() == 0) return std::string("/") + kParent;
  const auto own = own_group(controller);
  return (own == "/" ? "" : own) + "/" + kParent;
}

// Makes the folder; answers why it could not, or nothing.
std::string make_usable(const std::string& folder) {
  if (::mkdir(folder.c_str(), 0755) != 0 && errno != EEXIST) return os_error(folder).message;
  if (::access(folder.c_str(), W_OK) != 0) return os_error(folder).message;
  return "";
}

}  // namespace

Cgroups::Hierarchy Cgroups::version_1(const std::string& root, const std::string& controller,
                                      const std::string& parent) {
  Hierarchy found{controller, root + "/" + controller + parent_for(parent, controller), ""};
  found.missing = make_usable(found.folder);
  return found;
}

Cgroups::Hierarchy Cgroups::version_2(const std::string& root, const std::string& parent) {
  Hierarchy found{"", root + parent_for(parent, ""), ""};
  found.missing = make_usable(found.folder);
  // A group's children have the controllers that it hands down, each level in its turn.
  for (const auto& level : {found.folder.substr(0, found.folder.rfind('/')), found.folder}) {
    for (const auto* controller : {"+memory", "+pids", "+cpu"}) {
      base::ignore(write_path(level + "/cgroup.subtree_control", controller),
                   "a limit that cannot be set is found out when it is set");
    }
  }
  return found;
}

Cgroups Cgroups::find(const std::string& root, const std::string& parent) {
  Cgroups cgroups;
  if (exists(root + "/cgroup.controllers")) {
    cgroups.hierarchies_.push_back(version_2(root, parent));
    return cgroups;
  }
  for (const auto* controller : {"memory", "pids", "cpu"}) {
    cgroups.hierarchies_.push_back(version_1(root, controller, parent));
  }
  return cgroups;
}

Result<> Cgroups::set_limits(const Hierarchy& hierarchy, const std::string& folder,
                             const Limits& limits, bool required) const {
  struct Setting {
    const char* controller;
    const char* file;
    std::string value;
    bool needed;
  };
  const auto memory = std::to_string(limits.memory_bytes);
  const auto processes = std::to_string(limits.processes);
  const std::vector<Setting> first{
      {"memory", "memory.limit_in_bytes", memory, true},
      // Only there when swap is accounted; then it must not be a way out.
      {"memory", "memory.memsw.limit_in_bytes", memory, false},
      {"pids", "pids.max", processes, true},
      {"cpu", "cpu.shares", "512", false}};
  const std::vector<Setting> second{{"", "memory.max", memory, true},
                                    {"", "memory.swap.max", "0", false},
                                    {"", "pids.max", processes, true},
                                    {"", "cpu.weight", "50", false}};
  for (const auto& setting : hierarchy.controller.empty() ? second : first) {
    if (setting.controller != hierarchy.controller) continue;
    auto set = write_path(folder + "/" + setting.file, setting.value);
    if (!set && setting.needed && required) {
      set.error().kind = ErrorKind::invalid;
      return set;
    }
  }
  return {};
}

Result<> Cgroups::make(const std::string& name, const Limits& limits, bool required) const {
  for (const auto& hierarchy : hierarchies_) {
    const bool needed = required && hierarchy.controller != "cpu";
    const auto folder = hierarchy.folder + "/" + name;
    const auto& missing = hierarchy.missing;
    if (!missing.empty() || (::mkdir(folder.c_str(), 0755) != 0 && errno != EEXIST)) {
      const auto why = missing.empty() ? os_error(folder).message : missing;
      if (!needed) continue;
      return base::fail(
          ErrorKind::invalid,
          "limits on memory and processes cannot be set here; limits = \"best effort\" "
          "goes without",
          "limits", why);
    }
    TRY(set_limits(hierarchy, folder, limits, needed));
  }
  return {};
}

Result<std::vector<Fd>> Cgroups::entrances(const std::string& name) const {
  std::vector<Fd> files;
  for (const auto& hierarchy : hierarchies_) {
    const auto folder = hierarchy.folder + "/" + name;
    if (!exists(folder)) continue;  // best effort
    Fd file(::open((folder + "/cgroup.procs").c_str(), O_WRONLY | O_CLOEXEC));
    if (!file) return tl::unexpected<base::Error>(os_error("open cgroup.procs of " + folder));
    files.push_back(std::move(file));
  }
  return files;
}

std::vector<pid_t> Cgroups::processes(const std::string& name) const {
  std::vector<pid_t> pids;
  for (const auto& hierarchy : hierarchies_) {
    std::istringstream lines(
        read_path(hierarchy.folder + "/" + name + "/cgroup.procs").value_or(""));
    for (pid_t pid = 0; lines >> pid;) pids.push_back(pid);
  }
  std::sort(pids.begin(), pids.end());
  pids.erase(std::unique(pids.begin(), pids.end()), pids.end());
  return pids;
}

void Cgroups::kill_all(const std::string& name) const {
  for (const auto& hierarchy : hierarchies_) {
    if (write_path(hierarchy.folder + "/" + name + "/cgroup.kill", "1")) return;
  }
  for (const pid_t pid : processes(name)) {
    const auto started = started_of(pid);
    if (!started) continue;
    // Between the two readings the number may have become another's: only one still inside is ours.
    const auto now = processes(name);
    if (std::binary_search(now.begin(), now.end(), pid)) kill_process({pid, *started});
  }
}

bool Cgroups::remove(const std::string& name) const {
  bool gone = true;
  for (const auto& hierarchy : hierarchies_) {
    const auto folder = hierarchy.folder + "/" + name;
    if (::rmdir(folder.c_str()) != 0 && errno != ENOENT && errno != ENOTDIR) gone = false;
  }
  return gone;
}

std::string Cgroups::read(const std::string& name, const std::string& controller,
                          const std::string& file) const {
  for (const auto& hierarchy : hierarchies_) {
    if (!hierarchy.controller.empty() && hierarchy.controller != controller) continue;
    return read_path(hierarchy.folder + "/" + name + "/" + file).value_or("");
  }
  return "";
}

}  // namespace adapter::local
