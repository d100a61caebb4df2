#pragma once
// The internet for one desktop, and nothing nearer (SECURITY row 17): packet filter rules inside
// its own network namespace, set from outside before its session begins, then slirp4netns, which
// carries what passes them. Nothing inside may change the rules: the namespace belongs to a user
// namespace in which no process of the desktop has a capability.

#include <string>
#include <vector>

#include "adapter/local/os.hpp"
#include "base/result.hpp"

namespace adapter::local {

struct NetworkSpec {
  pid_t init = 0;  // a process in the network namespace
  uid_t uid = 0;   // the desktop's user, as which slirp4netns runs
  bool change_user = false;
  int ends = -1;   // a pipe that closes with the desktop: slirp4netns ends then
  int alive = -1;  // the desktop's lock, which it holds too
  int log = -1;
  const std::vector<Fd>& cgroups;  // the desktop's
  std::uint32_t processes = 0;
};

// invalid: nft or slirp4netns is not here, or cannot work here. The network is closed before it is
// opened: whatever fails on the way leaves a desktop without one.
base::Result<ProcessId> start_network(const NetworkSpec& spec);

// The rules, for nft; `own` are this host's addresses, which are refused too. For tests.
std::string packet_rules(const std::vector<std::string>& own);

}  // namespace adapter::local
