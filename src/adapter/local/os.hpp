#pragma once
// The operating system as this adapter needs it: descriptors that close themselves, small files,
// locks that outlive a process tree, and processes known by more than a number. Every call either
// works or says why with the errno's text; nothing here knows what a desktop is.

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace adapter::local {

// A file descriptor, owned. Always close-on-exec; a child that needs it says so itself.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int number) : number_(number) {}
  Fd(Fd&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    if (this != &other) {
      close();
      number_ = std::exchange(other.number_, -1);
    }
    return *this;
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd() { close(); }

  int get() const { return number_; }
  int release() { return std::exchange(number_, -1); }
  explicit operator bool() const { return number_ >= 0; }
  void close();

 private:
  int number_ = -1;
};

// The error of the last system call: `what` failed, with errno's text.
base::Error os_error(std::string_view what, base::ErrorKind kind = base::ErrorKind::unavailable);

// Monotonic milliseconds, suspends included.
std::int64_t boottime_ms();
void pause_ms(int milliseconds);

// --- files, below an open folder ---

base::Result<Fd> open_folder(const std::string& path);
base::Result<Fd> open_folder_at(const Fd& folder, const std::string& name);
// Makes it (with its parents) if it is not there; mode applies to the last part.
base::Result<Fd> make_folder(const std::string& path, mode_t mode);
base::Result<std::optional<std::string>> read_file_at(const Fd& folder, const std::string& name);
// All or nothing for every reader, also when we are killed in between: written beside, renamed. Not
// fsynced: after a loss of power no desktop lives that such a file could speak of.
base::Result<> replace_file_at(const Fd& folder, const std::string& name, std::string_view bytes,
                               mode_t mode = 0600);
base::Result<std::vector<std::string>> names_in(const Fd& folder);
// Removes the entry and, when it is a folder, all that is in it; links are never followed.
base::Result<> remove_tree_at(const Fd& folder, const std::string& name);
std::optional<std::string> read_path(const std::string& path);
base::Result<> write_path(const std::string& path, std::string_view bytes);

// --- locks on one byte of a file, owned by the open file (F_OFD_SETLK): inherited by children, and
// free when the last process that has it is gone, however it ended ---

base::Result<bool> try_lock(const Fd& file, std::int64_t byte);
base::Result<bool> is_locked(const Fd& file, std::int64_t byte);  // by another open file

// --- processes ---

// A process by number, start time and boot: a bare number may be somebody else's by now.
struct ProcessId {
  pid_t pid = 0;
  std::uint64_t started = 0;  // clock ticks since boot
  bool operator==(const ProcessId&) const = default;
};

std::string boot_id();
// Start time of a live process; nothing when it is gone or a zombie.
std::optional<std::uint64_t> started_of(pid_t pid);
bool is_alive(const ProcessId& process);
// Sends SIGKILL to that very process; false when it is gone already.
bool kill_process(const ProcessId& process);
std::vector<pid_t> all_processes();
// The inode that names a process's pid namespace; 0 when it cannot be told.
std::uint64_t pid_namespace_of(pid_t pid);

}  // namespace adapter::local
