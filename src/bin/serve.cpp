// `howdah serve`: start, wait for a signal, stop. What goes to the terminal and what to the log.
#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "adapter/system/environment.hpp"
#include "bin/commands.hpp"
#include "bin/exit_code.hpp"
#include "bin/holder.hpp"
#include "bin/service.hpp"
#include "bin/version.hpp"

namespace bin {
namespace {

using base::ErrorKind;
using base::fail;
using base::LogLevel;

// Keys live in this process: no core file, no debugger of another of this user's programs (row 26).
void keep_memory_private() {
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  ::prctl(PR_SET_DUMPABLE, 0);
}

// Of the store, logs, passes and desktops, beside connections.
constexpr rlim_t kOtherDescriptors = 256;

// As many connections as are allowed find a descriptor, or two where a screen is bridged: else
// strangers could take all of them, and our own probes and ends would find none (row 22).
void allow_descriptors(host::http::Limits& limits) {
  const rlim_t others = limits.connections_reserve + kOtherDescriptors;
  const rlim_t wanted = 2 * limits.connections_max + others;
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur >= wanted) return;
  files.rlim_cur = std::min(wanted, files.rlim_max);
  if (::setrlimit(RLIMIT_NOFILE, &files) != 0 || ::getrlimit(RLIMIT_NOFILE, &files) != 0) return;
  if (files.rlim_cur >= wanted) return;
  const auto left = std::max<rlim_t>(files.rlim_cur, others + 2) - others;
  limits.connections_max = static_cast<std::size_t>(left / 2);
  base::log(LogLevel::warn, "fewer connections than configured: too few open files are allowed",
            {{"connections_max", static_cast<std::int64_t>(limits.connections_max)},
             {"open_files", static_cast<std::int64_t>(files.rlim_cur)},
             {"wanted", static_cast<std::int64_t>(wanted)}});
}

LogLevel level_of(const std::string& name) {
  if (name == "debug") return LogLevel::debug;
  if (name == "warn") return LogLevel::warn;
  return name == "error" ? LogLevel::error : LogLevel::info;
}

// Whole lines to one descriptor; a full disk loses lines, never the server.
base::Result<> start_log(const LogSettings& settings, port::Clock& clock) {
  int fd = STDERR_FILENO;
  if (!settings.file.empty()) {
    fd =
        ::open(settings.file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
      return fail(ErrorKind::invalid, settings.file + ": the log cannot be written there");
  }
  base::set_log(
      level_of(settings.level), [&clock] { return base::to_rfc3339(clock.now()); },
      [fd](std::string_view line) {
        const auto whole = std::string(line) + "\n";
        if (::write(fd, whole.data(), whole.size()) < 0) return;
      });
  return {};
}

void stop_log() {
  base::set_log(LogLevel::error, {}, {});
}

// A service manager's journal is a log, not a terminal.
bool stdout_is_journal() {
  const auto journal = adapter::system::environment("JOURNAL_STREAM");
  struct stat status{};
  if (!journal || ::fstat(STDOUT_FILENO, &status) != 0) return false;
  return *journal == fmt::format("{}:{}", status.st_dev, status.st_ino);
}

void greet(Service& service, const StateFolder& state) {
  std::string text = fmt::format("howdah {} serves {}\n", version(), service.public_url());
  const auto url =
      stdout_is_journal() ? fail(ErrorKind::denied, "a journal is kept") : service.login_url();
  if (url) {
    text += fmt::format("Organiser, log in here (good once, for 24 h):\n\n  {}\n\n", url->reveal());
  } else {
    text += "Organiser: `howdah url` prints a login address.\n";
  }
  text += fmt::format("State is in {}. Ctrl-C stops the server; desktops live on.\n", state.path);
  std::fputs(text.c_str(), stdout);
  std::fflush(stdout);
}

sigset_t signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&set, number);
  return set;
}

// Until somebody wants us to stop; SIGHUP: the certificate's files were renewed.
int wait_for_stop(Service& service) {
  const auto set = signals();
  for (;;) {
    int number = 0;
    if (::sigwait(&set, &number) != 0 || number != SIGHUP) return number;
    const auto done = service.reload_certificate();
    if (!done) base::log_error(LogLevel::error, "certificate not reloaded", done.error());
  }
}

base::Result<> explain(base::Error error, const Config& config) {
  const auto listen = split_listen(config.server.listen);
  if (error.kind == ErrorKind::unavailable && listen) {
    const auto holder = holder_of_port(listen->second);
    if (!holder.empty()) error.message += fmt::format("; it is held by {}", holder);
  }
  return tl::unexpected(std::move(error));
}

base::Result<> run(const Config& config, const StateFolder& state, Providers& providers) {
  Service service(config, state, providers);
  if (auto started = service.start(); !started) {
    service.stop();
    return explain(started.error(), config);
  }
  base::log(LogLevel::info, "server started",
            {{"url", service.public_url()}, {"state", state.path}, {"version", version()}});
  greet(service, state);
  const int number = wait_for_stop(service);
  base::log(LogLevel::info, "server stops", {{"signal", number}});
  service.stop();
  base::log(LogLevel::info, "server stopped");
  return {};
}

base::Result<> open_and_run(const Shared& shared) {
  auto config = TRY(load_config(shared));
  const auto state = TRY(state_folder(config));
  adapter::system::Clock clock;
  TRY(start_log(config.log, clock));
  allow_descriptors(config.limits);
  const auto providers = TRY(Providers::open(config, state));
  auto done = run(config, state, *providers);
  stop_log();
  return done;
}

}  // namespace

int serve(const Shared& shared) {
  keep_memory_private();
  const auto set = signals();
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  const auto done = open_and_run(shared);
  stop_log();
  // Nothing secret is left; a sanitizer looks for leaks after this.
  ::prctl(PR_SET_DUMPABLE, 1);
  if (done) return kExitOk;
  const int code = tell(done.error());
  return code == kExitUsage ? kExitUsage : kExitFailed;
}

}  // namespace bin
