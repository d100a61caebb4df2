#include "bin/holder.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

namespace bin {
namespace {

namespace fs = std::filesystem;

// Inodes of the sockets that listen on this port, whatever their address.
std::set<std::string> listeners(std::uint16_t port) {
  constexpr auto kListening = "0A";
  std::set<std::string> inodes;
  const auto suffix = fmt::format(":{:04X}", port);
  for (const auto* table : {"/proc/net/tcp", "/proc/net/tcp6"}) {
    std::ifstream in(table);
    std::string line;
    std::getline(in, line);
    while (std::getline(in, line)) {
      std::istringstream words(line);
      std::string number, local, remote, state, queues, timer, retransmits, uid, timeout, inode;
      words >> number >> local >> remote >> state >> queues >> timer >> retransmits >> uid >>
          timeout >> inode;
      if (state == kListening && local.ends_with(suffix)) inodes.insert(inode);
    }
  }
  return inodes;
}

bool holds(const fs::path& process, const std::set<std::string>& inodes) {
  std::error_code error;
  for (fs::directory_iterator it(process / "fd", error), end; !error && it != end;
       it.increment(error)) {
    std::error_code unreadable;
    const auto target = fs::read_symlink(it->path(), unreadable).string();
    if (target.starts_with("socket:[") && inodes.contains(target.substr(8, target.size() - 9))) {
      return true;
    }
  }
  return false;
}

}  // namespace

std::string holder_of_port(std::uint16_t port) {
  const auto inodes = listeners(port);
  if (inodes.empty()) return "";
  std::error_code error;
  for (fs::directory_iterator it("/proc", error), end; !error && it != end; it.increment(error)) {
    const auto name = it->path().filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    if (!holds(it->path(), inodes)) continue;
    std::ifstream in(it->path() / "comm");
    std::string command;
    std::getline(in, command);
    return fmt::format("{} (process {})", command, name);
  }
  return "a process of another user";
}

}  // namespace bin
