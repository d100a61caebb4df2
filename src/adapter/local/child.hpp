#pragma once
// Turning a fork of this process, which has threads, into another program. Everything the child
// needs is prepared beforehand; between fork and exec it only makes calls that are safe in a signal
// handler and allocates nothing. Nothing of ours reaches the program but the descriptors listed.

#include <sys/types.h>

#include <string>
#include <utility>
#include <vector>

#include "adapter/local/os.hpp"
#include "base/result.hpp"

namespace adapter::local {

struct Child {
  std::string program;             // absolute path
  std::vector<std::string> words;  // its arguments, argv[0] first; the environment is empty
  std::vector<std::pair<int, int>> descriptors;  // (ours, its number in the child, 3 to 99)
  int input = -1;                                // its standard input; -1: /dev/null
  int log = -1;                                  // its standard error; -1: /dev/null
  std::vector<int> cgroups;                      // files to write "0" to
  bool cgroups_required = false;
  int identity = -1;        // "pid started" is written here first
  int listener = -1;        // listen() on it once the user has been changed
  int user_namespace = -1;  // entered in this order, before the user is changed
  int net_namespace = -1;
  bool own_tun = false;  // gets a view of /dev/net in which every user may open the tun device
  uid_t uid = 0;         // user and group to become
  bool change_user = false;
  std::uint64_t processes_max = 0;  // of that user, with change_user; 0: no limits of ours at all
};

// Runs it as nobody's child: it neither dies with us nor is ours to collect. Success says that it
// was forked; what became of it is seen by what it writes.
base::Result<> fork_away(const Child& child);

// Runs it and waits, at most 5 s (then it is killed): its exit status must be 0.
base::Result<> run(const Child& child, std::string_view what);

// "pid started", as a child wrote it; nothing when it did not come that far.
std::optional<ProcessId> parse_identity(std::string_view text);

struct Pipe {
  Fd read;
  Fd write;
};
base::Result<Pipe> make_pipe();
base::Result<Fd> in_memory(std::string_view bytes);  // a file to read from its start

}  // namespace adapter::local
