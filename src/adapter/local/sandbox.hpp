#pragma once
// Starts the sandbox of one desktop: forks away from the server for good, enters the desktop's
// control groups, becomes its user, and turns into bubblewrap, which makes the namespaces and runs
// our init as their process 1. The init waits for one byte on `go`; until then nothing of the
// person's session exists, and when the server dies first it ends by itself.

#include <map>
#include <string>
#include <vector>

#include "adapter/local/config.hpp"
#include "adapter/local/os.hpp"
#include "base/result.hpp"

namespace adapter::local {

// What the child is given. All are the caller's, and stay open in it.
struct SandboxFiles {
  int listener = -1;  // bound, not yet listening: the child listens as the desktop's user
  int alive = -1;     // the desktop's lock, already held
  int folder = -1;    // what of the desktop's folder its init may see
  int log = -1;
  int identity = -1;  // the child writes here who it is before it becomes anything else
  int uid_lock = -1;  // -1: none
  std::vector<Fd> cgroups;
};

struct SandboxSpec {
  Template image;
  std::map<std::string, std::string> environment;
  std::string program;
  uid_t uid = 0;
  bool change_user = false;
  bool limits_required = true;
};

struct Started {
  ProcessId outer;  // bubblewrap, outside: it collects the init, so it goes last
  ProcessId init;   // process 1 of the sandbox, by its number outside
  std::uint64_t pid_namespace = 0;
  Fd go;       // write one byte to begin
  Fd network;  // read end of a pipe that closes with the sandbox
};

// invalid: bubblewrap or our own program cannot be run here; unavailable: it did not come up. In
// both cases what was started ends by itself, and the lock tells when.
base::Result<Started> start_sandbox(const SandboxSpec& spec, const SandboxFiles& files);

// The arguments for bubblewrap, without the command; for tests.
std::vector<std::string> sandbox_arguments(const SandboxSpec& spec);

}  // namespace adapter::local
