#include "adapter/local/child.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace adapter::local {

using base::ErrorKind;
using base::Result;

namespace {

constexpr int kBacklog = 64;
constexpr rlim_t kOpenFilesMax = 4096;
constexpr int kRunWithinMs = 5'000;
constexpr int kAbove = 100;  // numbers from here on are free for moving descriptors about

// What a child that could not become the program exits with; seen in nothing but a debugger.
enum Failure {
  no_cgroup = 120,
  no_identity,
  no_limits,
  no_user,
  no_descriptor,
  no_listen,
  no_start
};

void write_identity(int file) {
  // "pid started": field 1 of /proc/self/stat, and field 22, counted after the name's last ')'.
  std::array<char, 1024> stat{};
  const int source = ::open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
  if (source < 0 || ::read(source, stat.data(), stat.size() - 1) <= 0) ::_exit(no_identity);
  const char* at = std::strrchr(stat.data(), ')');
  for (int field = 2; at != nullptr && field < 22; ++field) at = std::strchr(at + 1, ' ');
  const char* end = at == nullptr ? nullptr : std::strchr(at + 1, ' ');
  const char* pid_end = std::strchr(stat.data(), ' ');
  if (end == nullptr || pid_end == nullptr) ::_exit(no_identity);
  std::array<char, 64> line{};
  const auto pid_size = static_cast<std::size_t>(pid_end - stat.data());
  const auto time_size = static_cast<std::size_t>(end - at);
  if (pid_size + time_size > line.size()) ::_exit(no_identity);
  std::memcpy(line.data(), stat.data(), pid_size);
  std::memcpy(line.data() + pid_size, at, time_size);
  if (::write(file, line.data(), pid_size + time_size) < 0) ::_exit(no_identity);
}

void set_limits(const Child& child) {
  const rlimit no_cores{0, 0};
  const rlimit files{kOpenFilesMax, kOpenFilesMax};
  ::setrlimit(RLIMIT_CORE, &no_cores);
  ::setrlimit(RLIMIT_NOFILE, &files);
  const rlimit processes{child.processes_max, child.processes_max};
  if (child.change_user) ::setrlimit(RLIMIT_NPROC, &processes);  // counted per user
  // When the host runs out of memory, desktops go before the server does. A server that must not be
  // dumped (SECURITY row 26) and is not root can't open this; the desktop's init does it again.
  const int adjust = ::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (adjust >= 0 && ::write(adjust, "200", 3) < 0) ::_exit(no_limits);
}

void become_user(uid_t uid) {
  // The bare system calls: the library's would try to bring along threads that are not here.
  if (::syscall(SYS_setgroups, 0, nullptr) != 0 || ::syscall(SYS_setresgid, uid, uid, uid) != 0 ||
      ::syscall(SYS_setresuid, uid, uid, uid) != 0) {
    ::_exit(no_user);
  }
}

// The device gives nothing but an interface in a namespace that its user rules anyway.
void make_own_tun() {
  if (::unshare(CLONE_NEWNS) != 0 ||
      ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
      ::mount("tmpfs", "/dev/net", "tmpfs", MS_NOSUID | MS_NOEXEC, "mode=0755,size=64k") != 0 ||
      ::mknod("/dev/net/tun", S_IFCHR | 0666, makedev(10, 200)) != 0 ||
      ::chmod("/dev/net/tun", 0666) != 0) {
    ::_exit(no_start);
  }
}

void place_descriptors(const Child& child) {
  // Out of the way first: a source may have the number of another's destination.
  std::array<int, 32> moved{};
  std::size_t count = 0;
  for (const auto& [ours, number] : child.descriptors) {
    moved[count] = ::fcntl(ours, F_DUPFD_CLOEXEC, kAbove);
    if (moved[count++] < 0 || count == moved.size()) ::_exit(no_descriptor);
  }
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  const int input = ::fcntl(child.input < 0 ? null : child.input, F_DUPFD_CLOEXEC, kAbove);
  const int log = ::fcntl(child.log < 0 ? null : child.log, F_DUPFD_CLOEXEC, kAbove);
  if (::dup2(input, 0) < 0 || ::dup2(log, 1) < 0 || ::dup2(log, 2) < 0) ::_exit(no_descriptor);
  // From here nothing of the server's is left but what was moved: not its store, not its sockets.
  ::syscall(SYS_close_range, 3U, static_cast<unsigned>(kAbove - 1), 0U);
  ::syscall(SYS_close_range, static_cast<unsigned>(kAbove), ~0U, 4U /* CLOSE_RANGE_CLOEXEC */);
  for (std::size_t at = 0; at < count; ++at) {
    if (::dup2(moved[at], child.descriptors[at].second) < 0) ::_exit(no_descriptor);
  }
}

void reset_signals() {
  for (int number = 1; number < NSIG; ++number) ::signal(number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

[[noreturn]] void become(const Child& child, char* const* argv) {
  ::setsid();
  reset_signals();
  for (const int entrance : child.cgroups) {
    if (::write(entrance, "0", 1) != 1 && child.cgroups_required) ::_exit(no_cgroup);
  }
  if (child.identity >= 0) write_identity(child.identity);
  if (child.user_namespace >= 0 && ::setns(child.user_namespace, CLONE_NEWUSER) != 0) {
    ::_exit(no_start);
  }
  if (child.net_namespace >= 0 && ::setns(child.net_namespace, CLONE_NEWNET) != 0) {
    ::_exit(no_start);
  }
  if (child.own_tun) make_own_tun();
  if (child.processes_max > 0) set_limits(child);
  if (child.change_user) become_user(child.uid);
  if (child.net_namespace < 0) ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  // Listening as the desktop's user is what a connecting server later sees as the peer's identity.
  if (child.listener >= 0 && ::listen(child.listener, kBacklog) != 0) ::_exit(no_listen);
  ::umask(022);
  if (::chdir("/") != 0) ::_exit(no_start);
  place_descriptors(child);
  const std::array<char*, 1> environment{nullptr};
  ::execve(child.program.c_str(), argv, environment.data());
  ::_exit(127);
}

std::vector<char*> argv_of(std::vector<std::string>& words) {
  std::vector<char*> argv;
  for (auto& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  return argv;
}

}  // namespace

Result<> fork_away(const Child& child) {
  auto words = child.words;
  const auto argv = argv_of(words);
  const pid_t between = ::fork();
  if (between < 0) return tl::unexpected<base::Error>(os_error("fork"));
  if (between == 0) {
    const pid_t last = ::fork();
    if (last == 0) become(child, argv.data());
    ::_exit(last < 0 ? 1 : 0);
  }
  int status = 0;
  while (::waitpid(between, &status, 0) < 0 && errno == EINTR) {
  }
  if (status != 0) return base::fail(ErrorKind::unavailable, "no process could be made");
  return {};
}

Result<> run(const Child& child, std::string_view what) {
  auto words = child.words;
  const auto argv = argv_of(words);
  const pid_t pid = ::fork();
  if (pid < 0) return tl::unexpected<base::Error>(os_error("fork"));
  if (pid == 0) become(child, argv.data());
  const Fd handle(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  pollfd wait{handle.get(), POLLIN, 0};
  if (::poll(&wait, 1, kRunWithinMs) <= 0) ::kill(pid, SIGKILL);
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (status == 0) return {};
  return base::fail(ErrorKind::unavailable, std::string(what) + " failed", {},
                    child.program + " ended with status " + std::to_string(status));
}

std::optional<ProcessId> parse_identity(std::string_view text) {
  const std::string copy(text);
  char* rest = nullptr;
  const long pid = std::strtol(copy.c_str(), &rest, 10);
  if (pid <= 1 || *rest != ' ') return {};
  char* end = nullptr;
  const auto started = std::strtoull(rest + 1, &end, 10);
  if (end == rest + 1) return {};
  return ProcessId{static_cast<pid_t>(pid), started};
}

Result<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    return tl::unexpected<base::Error>(os_error("make a pipe"));
  }
  return Pipe{Fd(ends[0]), Fd(ends[1])};
}

Result<Fd> in_memory(std::string_view bytes) {
  Fd file(::memfd_create("howdah", MFD_CLOEXEC));
  if (!file ||
      ::write(file.get(), bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size()) ||
      ::lseek(file.get(), 0, SEEK_SET) != 0) {
    return tl::unexpected<base::Error>(os_error("make a file in memory"));
  }
  return file;
}

}  // namespace adapter::local
