#include "adapter/local/init.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace adapter::local {
namespace {

constexpr int kTickMs = 1000;                      // how often the deadline is looked at
constexpr std::int64_t kDisplayWithinMs = 30'000;  // the X server must be up by then
constexpr std::int64_t kClockJumpMs = 30'000;     // a step of the wall clock that holds the end ...
constexpr std::int64_t kClockSettleMs = 120'000;  // ... for this long (INVARIANTS S18)
constexpr std::int64_t kRestartMinMs = 1000;
constexpr std::int64_t kRestartMaxMs = 30'000;
constexpr std::size_t kLogBytesMax = 64 * 1024;
constexpr int kDisplayFd = 5;  // in the X server; -inetd takes 0, 2 and 3 for itself

std::int64_t read_clock(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}

class Init {
 public:
  Init(const char* geometry, rlim_t processes, char** session)
      : geometry_(geometry), processes_(processes), session_(session) {}
  [[noreturn]] void run();

 private:
  [[noreturn]] void end(const char* why, int detail = 0);
  void log(const char* bytes, std::size_t count);
  void wait_for_go();
  void start_screen();
  void wait_for_display();
  void start_session();
  void collect();
  void copy_output();
  void check_deadline();
  bool wait_a_tick(int also = -1);  // true: `also` can be read
  pid_t start(char* const* argv, bool screen);
  [[noreturn]] void become(char* const* argv, bool screen);

  const char* geometry_;
  rlim_t processes_;
  char** session_;
  int signals_ = -1;
  std::array<int, 2> output_{-1, -1};   // what the X server and the session print
  std::array<int, 2> display_{-1, -1};  // the X server says here that it is up
  std::size_t logged_ = 0;
  pid_t screen_pid_ = 0;
  pid_t session_pid_ = 0;
  std::int64_t session_at_ = 0;  // when it started, or may start again
  std::int64_t session_pause_ = kRestartMinMs;
  std::int64_t deadline_ = 0;
  std::int64_t clock_gap_ = 0;   // wall clock minus time since boot
  std::int64_t held_until_ = 0;  // time since boot
};

void Init::log(const char* bytes, std::size_t count) {
  // Operators read this in a terminal: nothing from inside may reach it as a control sequence.
  std::array<char, 1024> clean{};
  count = std::min({count, clean.size(), kLogBytesMax - logged_});
  for (std::size_t at = 0; at < count; ++at) {
    const char letter = bytes[at];
    clean[at] = (letter >= ' ' && letter < 0x7f) || letter == '\n' ? letter : '?';
  }
  logged_ += count;
  if (::write(Channel::log, clean.data(), count) < 0) logged_ = kLogBytesMax;
}

void Init::end(const char* why, int detail) {
  std::array<char, 160> line{};
  const int length =
      std::snprintf(line.data(), line.size(), "\n%c%s (%d)\n", kOwnWords, why, detail);
  if (::write(Channel::log, line.data(), static_cast<std::size_t>(length)) < 0) ::_exit(4);
  ::_exit(0);  // the kernel now ends everything in this namespace
}

void Init::wait_for_go() {
  char byte = 'u';
  if (::write(Channel::go, &byte, 1) != 1) end("the launch was cut short");
  for (;;) {
    pollfd go{Channel::go, POLLIN, 0};
    if (::poll(&go, 1, kTickMs) > 0) break;
    check_deadline();
  }
  if (::read(Channel::go, &byte, 1) != 1) end("the launch was cut short");
  ::close(Channel::go);
}

void Init::become(char* const* argv, bool screen) {
  ::setsid();
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  const int input = screen ? Channel::listener : ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  ::dup2(input, 0);
  ::dup2(output_[1], 1);
  ::dup2(output_[1], 2);
  if (screen) ::dup2(display_[1], kDisplayFd);
  const auto first = screen ? kDisplayFd + 1U : 3U;
  // Until here this process holds what the session must never have: the folder outside of the
  // sandbox, the locks. So they go before the process becomes one that others here may trace,
  // which it must be to write the next file.
  if (::syscall(SYS_close_range, first, ~0U, 0U) != 0) ::_exit(126);
  if (screen) ::syscall(SYS_close_range, 3U, kDisplayFd - 1U, 0U);
  ::prctl(PR_SET_DUMPABLE, 1);
  // When memory runs out, programs die before the screen does, and the screen before the host.
  const int adjust = ::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (::write(adjust, screen ? "300" : "900", 3) < 0) std::perror("oom_score_adj");
  // Counted in this user namespace, so it holds also where no control group can be had.
  const rlimit processes{processes_, processes_};
  if (!screen) ::setrlimit(RLIMIT_NPROC, &processes);
  ::execvp(argv[0], argv);
  std::perror(argv[0]);
  ::_exit(127);
}

pid_t Init::start(char* const* argv, bool screen) {
  const pid_t pid = ::fork();
  if (pid == 0) become(argv, screen);
  return pid;
}

void Init::start_screen() {
  // -inetd with a listening socket: the server accepts on it for ever. No TCP, no authentication:
  // whoever holds the socket's folder is the server, and it asks who enters. -noreset: a session
  // whose last window closes must not start the screen anew under its viewers.
  // clang-format off
  const std::array<const char*, 20> argv{
      "/usr/bin/Xtigervnc", ":1", "-inetd", "-SecurityTypes", "None", "-rfbport", "-1",
      "-AlwaysShared", "-geometry", geometry_, "-depth", "24", "-desktop", "Howdah",
      "-displayfd", "5", "-noreset", "-nolisten", "tcp", nullptr};
  // clang-format on
  screen_pid_ = start(const_cast<char* const*>(argv.data()), true);
  if (screen_pid_ < 0) end("the X server could not be started");
  ::close(display_[1]);
  ::close(Channel::listener);
}

void Init::wait_for_display() {
  const auto until = read_clock(CLOCK_BOOTTIME) + kDisplayWithinMs;
  // It writes the number and the end of the line apart, and dies when nobody reads the second.
  for (char letter = 0; letter != '\n';) {
    if (wait_a_tick(display_[0]) && ::read(display_[0], &letter, 1) < 1) letter = 0;
    if (read_clock(CLOCK_BOOTTIME) > until) end("the X server did not come up");
  }
  ::close(display_[0]);
}

void Init::start_session() {
  session_at_ = read_clock(CLOCK_BOOTTIME);
  session_pid_ = start(session_, false);
  if (session_pid_ < 0) session_pid_ = 0;  // no process to be had just now: tried again
}

void Init::collect() {
  int status = 0;
  for (pid_t pid = ::waitpid(-1, &status, WNOHANG); pid > 0;
       pid = ::waitpid(-1, &status, WNOHANG)) {
    if (pid == screen_pid_) {
      copy_output();
      end("the X server ended", status);
    }
    if (pid != session_pid_) continue;
    // A person who closes the session gets a new one: the screen must not stay empty.
    const auto now = read_clock(CLOCK_BOOTTIME);
    const bool ran_well = now - session_at_ > 2 * kRestartMaxMs;
    session_pause_ = ran_well ? kRestartMinMs : std::min(session_pause_ * 2, kRestartMaxMs);
    session_pid_ = 0;
    session_at_ = now + session_pause_;
  }
}

void Init::copy_output() {
  std::array<char, 1024> part{};
  const ssize_t count = ::read(output_[0], part.data(), part.size());
  if (count > 0) log(part.data(), static_cast<std::size_t>(count));
}

void Init::check_deadline() {
  const auto wall = read_clock(CLOCK_REALTIME);
  const auto since_boot = read_clock(CLOCK_BOOTTIME);
  if (std::abs(wall - since_boot - clock_gap_) > kClockJumpMs) {
    if (clock_gap_ != 0) held_until_ = since_boot + kClockSettleMs;
    clock_gap_ = wall - since_boot;
  }
  const int file = ::openat(Channel::folder, "deadline", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
  std::array<char, 24> text{};
  if (file >= 0 && ::read(file, text.data(), text.size() - 1) > 0) {
    const auto read = std::strtoll(text.data(), nullptr, 10);
    if (read > 0) deadline_ = read;  // unreadable: the last one known still holds
  }
  if (file >= 0) ::close(file);
  if (deadline_ == 0) end("there is no deadline");
  if (wall >= deadline_ && since_boot >= held_until_) end("the deadline has passed");
}

bool Init::wait_a_tick(int also) {
  std::array<pollfd, 3> waits{{{signals_, POLLIN, 0}, {output_[0], POLLIN, 0}, {also, POLLIN, 0}}};
  ::poll(waits.data(), waits.size(), kTickMs);
  signalfd_siginfo info{};
  if (waits[0].revents != 0 && ::read(signals_, &info, sizeof info) < 0) end("signals are lost");
  if (waits[1].revents != 0) copy_output();
  collect();
  check_deadline();
  return waits[2].revents != 0;
}

void Init::run() {
  sigset_t all;
  sigfillset(&all);
  ::sigprocmask(SIG_SETMASK, &all, nullptr);
  sigset_t child;
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  signals_ = ::signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
  if (signals_ < 0 || ::pipe2(output_.data(), O_CLOEXEC | O_NONBLOCK) != 0 ||
      ::pipe2(display_.data(), O_CLOEXEC) != 0) {
    end("no descriptors");
  }
  ::fcntl(output_[1], F_SETFL, 0);  // writers may wait; only this side never does
  check_deadline();
  wait_for_go();
  start_screen();
  wait_for_display();
  for (;;) {
    if (session_pid_ == 0 && read_clock(CLOCK_BOOTTIME) >= session_at_) start_session();
    wait_a_tick();
  }
}

}  // namespace

int desktop_init_main(int argc, char** argv) {
  // Untraceable, and gone with the outer process even when nothing else notices.
  ::prctl(PR_SET_DUMPABLE, 0);
  ::prctl(PR_SET_NAME, kInitCommand);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::syscall(SYS_close_range, 3U, ~0U, 4U /* CLOSE_RANGE_CLOEXEC */);
  ::close(Channel::program);
  const rlimit no_cores{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_cores);
  if (argc < 4 || ::getpid() != 1) {
    std::fprintf(stderr, "%s is started by howdah itself, inside a desktop\n", kInitCommand);
    return 2;
  }
  Init(argv[1], std::strtoull(argv[2], nullptr, 10), argv + 3).run();
}

}  // namespace adapter::local
