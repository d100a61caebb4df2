#pragma once
// Configuration of local desktops: values that bin fills in once. Templates are the ordered list of
// places of port::Compute: place 0 is tried first.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "adapter/local/cgroup.hpp"

namespace adapter::local {

// What a desktop is made from: the "image" of a local one.
struct Template {
  std::string name = "default";
  std::string geometry = "1280x800";
  // The session's program and arguments, as the operator wrote them. Empty: openbox and a terminal
  // that shows whose desktop it is. Names of people and meetings never become part of it: they are
  // in the environment (HOWDAH_PERSON, HOWDAH_ROLE, HOWDAH_TITLE, HOWDAH_CALL_URL, HOWDAH_DESKTOP).
  std::vector<std::string> session;
  std::map<std::string, std::string> environment;
  bool network = false;  // on: the internet through slirp4netns; never the host or private networks
  Limits limits;
  std::uint64_t home_bytes = 512ULL
                             << 20;  // of memory, as /tmp: counts towards limits.memory_bytes
};

struct Config {
  std::string folder;  // of all desktops of one store; made if it is not there
  std::string store;   // identity of that store: what is listed and touched is its own
  std::string address = "127.0.0.1";  // what a desktop's name points to: where our bridge listens
  std::vector<Template> templates{Template{}};
  bool limits_required = true;  // false: `limits = "best effort"`
  std::string cgroup_parent;    // empty: "howdah" for root, else below this process's own group
  std::uint32_t uid_base = 710'000;  // desktops' user numbers when we are root: one each, from here
  std::uint32_t uid_count = 1000;
  std::string program = "/proc/self/exe";  // the program that has the desktop-init command
};

}  // namespace adapter::local
