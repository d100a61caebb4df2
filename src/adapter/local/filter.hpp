#pragma once
// The system calls that no program of a desktop needs, refused (seccomp): kernel logs, keyrings,
// modules, mounts, clocks, and the sources of most kernel holes. And sockets other than Unix, IP
// and netlink: a vsock reaches the hypervisor from every network namespace (SECURITY rows 16 and
// 17).

#include <string>

namespace adapter::local {

// A compiled filter, as bubblewrap reads it. Calls of another architecture than ours are refused.
std::string system_call_filter();

}  // namespace adapter::local
