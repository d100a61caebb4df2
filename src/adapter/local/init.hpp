#pragma once
// desktop-init: process 1 of a desktop's sandbox, a hidden mode of our own program. It starts the X
// server on the listening socket it was given, then the session, collects the dead, and ends (and
// with it, by the kernel's rule for process 1, the whole desktop) when
//   - the X server ends,
//   - the deadline in a file passes that only the server can write (SECURITY row 20),
//   - the sandbox's outer process is gone, or
//   - the server went away before it said "go": a launch cut short leaves nothing.
// It needs nothing of the server once it has started. Nobody inside can trace it, signal it to
// death or reach its descriptors. It starts no thread and allocates next to nothing.

namespace adapter::local {

// Descriptors that the sandbox is started with, by number.
struct Channel {
  static constexpr int listener = 10;  // listening Unix socket for RFB, nobody else has it
  static constexpr int alive = 11;     // lock: held while anything of the desktop lives
  static constexpr int folder = 12;    // holds the file `deadline`, unix milliseconds
  static constexpr int go = 13;       // socket: it says that it is up, the server that it may go on
  static constexpr int log = 14;      // bounded text for operators
  static constexpr int program = 15;  // our own program file
  static constexpr int uid = 16;      // lock: this desktop's user number is taken
  static constexpr int network = 17;  // pipe whose closing ends the network helper
  static constexpr int info = 18;     // file in which bubblewrap tells the process id
  static constexpr int arguments = 19;  // bubblewrap reads its arguments here
  static constexpr int filter = 20;     // bubblewrap reads its system call filter here
  static constexpr int data = 21;       // first of the files that it copies in
};

// Begins the line of the log in which the init says why it ends. Nothing that a program inside
// prints can hold it: control characters are taken out.
constexpr char kOwnWords = '\x01';

constexpr const char* kInitCommand = "desktop-init";

// argv: "desktop-init" <geometry> <processes at most> <session command> <its arguments>...
int desktop_init_main(int argc, char** argv);

}  // namespace adapter::local
