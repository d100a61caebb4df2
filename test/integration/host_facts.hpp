#pragma once
// What this machine itself says about desktops: processes by their user number, environment and
// namespace, control groups, sockets, mounts, files. Nothing here asks howdah. Each test gives its
// server user numbers and a control group of its own (Grounds), so that everything a desktop could
// leave behind can be told from what others run here.

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace live {

struct Grounds {
  std::string folder;  // of the server's state
  uid_t uid_base = 0;
  uid_t uid_count = 0;
  std::string cgroup_parent;
};

struct Process {
  pid_t pid = 0;
  std::uint64_t started = 0;        // clock ticks since boot
  std::uint64_t pid_namespace = 0;  // inode
  std::string desktop;              // HOWDAH_DESKTOP of its environment
  std::string command;
  bool operator==(const Process&) const = default;
};

// Whole, or as far as it goes: a file of /proc may end with its process at any moment.
inline std::string slurp(const std::string& path) {
  std::string text;
  std::array<char, 16 * 1024> part{};
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  for (ssize_t count = 1; fd >= 0 && count > 0;) {
    count = ::read(fd, part.data(), part.size());
    if (count > 0) text.append(part.data(), static_cast<std::size_t>(count));
  }
  if (fd >= 0) ::close(fd);
  return text;
}

inline std::uint64_t pid_namespace_of(pid_t pid) {
  struct stat status{};
  const auto path = "/proc/" + std::to_string(pid) + "/ns/pid";
  return ::stat(path.c_str(), &status) == 0 ? status.st_ino : 0;
}

inline std::string variable_of(pid_t pid, const std::string& name) {
  const auto all = '\0' + slurp("/proc/" + std::to_string(pid) + "/environ");
  const auto at = all.find('\0' + name + "=");
  if (at == std::string::npos) return "";
  const auto begin = at + name.size() + 2;
  return all.substr(begin, all.find('\0', begin) - begin);
}

// Nothing when it is gone, or dead and only not collected yet.
inline std::optional<Process> process(pid_t pid) {
  const auto stat = slurp("/proc/" + std::to_string(pid) + "/stat");
  const auto name_end = stat.rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  std::istringstream fields(stat.substr(name_end + 2));
  std::string state;
  fields >> state;
  if (state == "Z" || state == "X") return std::nullopt;
  std::string field;
  for (int i = 0; i < 19; ++i) fields >> field;
  Process found{pid, std::strtoull(field.c_str(), nullptr, 10), pid_namespace_of(pid),
                variable_of(pid, "HOWDAH_DESKTOP"),
                stat.substr(stat.find('(') + 1, name_end - stat.find('(') - 1)};
  return found;
}

inline std::vector<pid_t> all_pids() {
  std::vector<pid_t> pids;
  DIR* folder = ::opendir("/proc");
  while (const dirent* entry = ::readdir(folder)) {
    if (const int pid = std::atoi(entry->d_name); pid > 0) pids.push_back(pid);
  }
  ::closedir(folder);
  return pids;
}

// All live processes of the desktops' users, whatever they are.
inline std::vector<Process> processes(const Grounds& grounds) {
  std::vector<Process> found;
  for (const auto pid : all_pids()) {
    struct stat status{};
    if (::stat(("/proc/" + std::to_string(pid)).c_str(), &status) != 0) continue;
    // The folder of a process that may not be traced is root's: its own file of ids says it all.
    auto uid = status.st_uid;
    if (uid == 0) {
      const auto text = slurp("/proc/" + std::to_string(pid) + "/status");
      const auto at = text.find("\nUid:\t");
      if (at != std::string::npos) uid = static_cast<uid_t>(std::atol(text.c_str() + at + 6));
    }
    if (uid < grounds.uid_base || uid >= grounds.uid_base + grounds.uid_count) continue;
    if (auto one = process(pid)) found.push_back(*std::move(one));
  }
  return found;
}

// "<meeting>-<seat>-<attempt>" -> "<meeting>-<seat>".
inline std::string seat_of(const std::string& desktop) {
  return desktop.substr(0, desktop.rfind('-'));
}

// Which desktops live now, by seat: one for each process namespace. (The number of a namespace
// tells desktops apart that live at one time; it is used again when they are gone.)
using DesktopsBySeat = std::map<std::string, std::map<std::uint64_t, Process>>;
inline DesktopsBySeat desktops(const Grounds& grounds) {
  static const auto own = pid_namespace_of(::getpid());
  DesktopsBySeat found;
  for (const auto& one : processes(grounds)) {
    if (one.desktop.empty() || one.pid_namespace == 0 || one.pid_namespace == own) continue;
    found[seat_of(one.desktop)].emplace(one.pid_namespace, one);
  }
  return found;
}

inline bool still_lives(const Process& known) {
  const auto now = process(known.pid);
  return now && now->started == known.started;
}

// Seats with two desktops at one moment, with both. A desktop may end and the next begin between
// the readings of one look, so the first must still live after the second was seen.
inline std::vector<std::string> doubled_seats(const Grounds& grounds) {
  std::vector<std::string> doubled;
  for (const auto& [seat, living] : desktops(grounds)) {
    std::size_t alive = 0;
    std::string names;
    for (const auto& [space, one] : living) {
      if (!still_lives(one)) continue;
      ++alive;
      names += " " + one.desktop + "(" + one.command + " " + std::to_string(one.pid) + ")";
    }
    if (alive > 1) doubled.push_back(seat + ":" + names);
  }
  return doubled;
}

inline std::vector<std::string> control_groups(const Grounds& grounds) {
  std::vector<std::string> found;
  std::error_code none;
  std::vector<std::filesystem::path> roots{"/sys/fs/cgroup"};
  for (const auto& entry : std::filesystem::directory_iterator("/sys/fs/cgroup", none)) {
    if (entry.is_directory(none)) roots.push_back(entry.path());
  }
  for (const auto& root : roots) {
    const auto parent = root / grounds.cgroup_parent;
    for (const auto& entry : std::filesystem::directory_iterator(parent, none)) {
      if (entry.is_directory(none)) found.push_back(entry.path());
    }
  }
  return found;
}

inline std::vector<std::string> mounts(const Grounds& grounds) {
  std::vector<std::string> found;
  std::istringstream lines(slurp("/proc/self/mountinfo"));
  for (std::string line; std::getline(lines, line);) {
    if (line.find(grounds.folder) != std::string::npos) found.push_back(line);
  }
  return found;
}

// Sockets that a process holds, as /proc/net knows them: "tcp 01 127.0.0.1..." or "unix ...".
inline std::vector<std::string> sockets_of(pid_t pid) {
  std::set<std::string> inodes;
  std::error_code none;
  const auto folder = "/proc/" + std::to_string(pid) + "/fd";
  for (const auto& entry : std::filesystem::directory_iterator(folder, none)) {
    const auto target = std::filesystem::read_symlink(entry.path(), none).string();
    if (target.starts_with("socket:[")) inodes.insert(target.substr(8, target.size() - 9));
  }
  std::vector<std::string> found;
  for (const std::string kind : {"tcp", "tcp6", "unix"}) {
    const std::size_t inode_at = kind == "unix" ? 6 : 9;
    std::istringstream lines(slurp("/proc/net/" + kind));
    for (std::string line; std::getline(lines, line);) {
      std::istringstream words(line);
      std::vector<std::string> fields{std::istream_iterator<std::string>(words), {}};
      if (fields.size() <= inode_at || !inodes.contains(fields[inode_at])) continue;
      found.push_back(kind + " " + fields[kind == "unix" ? 5 : 3] + " " + line);
    }
  }
  return found;
}

// Sockets of a server that are more than listeners: connections to people and to screens.
inline std::vector<std::string> connections_of(pid_t pid) {
  auto all = sockets_of(pid);
  std::erase_if(
      all, [](const auto& one) { return one.starts_with("tcp 0A") || one.starts_with("tcp6 0A"); });
  return all;
}

// Files that only a living desktop has.
inline std::vector<std::string> files_of_the_living(const Grounds& grounds) {
  static const std::set<std::string> kLiving{"rfb.sock", "identity", "inside", "deadline"};
  std::vector<std::string> found;
  std::error_code none;
  for (auto at = std::filesystem::recursive_directory_iterator(grounds.folder, none);
       at != std::filesystem::recursive_directory_iterator(); at.increment(none)) {
    if (none) break;
    if (at->is_socket(none) || kLiving.contains(at->path().filename())) {
      found.push_back(at->path());
    }
  }
  return found;
}

// The names of desktops: one file each.
inline std::vector<std::string> names(const Grounds& grounds) {
  std::vector<std::string> found;
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator(grounds.folder + "/names", none)) {
    found.push_back(entry.path());
  }
  return found;
}

// Everything that is left of any desktop on these grounds, in words; empty when there is nothing.
inline std::vector<std::string> leftovers(const Grounds& grounds) {
  std::vector<std::string> left;
  for (const auto& one : processes(grounds)) {
    left.push_back("process " + std::to_string(one.pid) + " " + one.command + " " + one.desktop);
  }
  for (const auto& one : control_groups(grounds)) left.push_back("control group " + one);
  for (const auto& one : mounts(grounds)) left.push_back("mount " + one);
  for (const auto& one : files_of_the_living(grounds)) left.push_back("file " + one);
  for (const auto& one : names(grounds)) left.push_back("name " + one);
  return left;
}

// Ends whatever a failed test has left, so that it does not disturb the next one.
inline void clean(const Grounds& grounds) {
  for (int round = 0; round < 100; ++round) {
    const auto left = processes(grounds);
    if (left.empty()) break;
    for (const auto& one : left) ::kill(one.pid, SIGKILL);
    ::poll(nullptr, 0, 10);
  }
  for (const auto& group : control_groups(grounds)) ::rmdir(group.c_str());
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator("/sys/fs/cgroup", none)) {
    ::rmdir((entry.path() / grounds.cgroup_parent).c_str());
  }
}

}  // namespace live
