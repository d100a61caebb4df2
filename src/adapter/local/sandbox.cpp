#include "adapter/local/sandbox.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "adapter/local/child.hpp"
#include "adapter/local/filter.hpp"
#include "adapter/local/init.hpp"
#include "adapter/local/sandbox_files.hpp"

namespace adapter::local {

using base::ErrorKind;
using base::Result;

namespace {

constexpr const char* kBubblewrap = "/usr/bin/bwrap";
constexpr int kUpWithinMs = 10'000;
constexpr std::uint64_t kHelperProcesses =
    16;  // bubblewrap and slirp4netns count as the user's too

Result<Fd> open_program(const SandboxSpec& spec) {
  Fd file(::open(spec.program.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat info{};
  if (!file || ::fstat(file.get(), &info) != 0) {
    return tl::unexpected<base::Error>(os_error("open " + spec.program, ErrorKind::invalid));
  }
  if (spec.change_user && (info.st_mode & S_IXOTH) == 0) {
    return base::fail(ErrorKind::invalid, "the howdah program must be executable by every user", {},
                      spec.program);
  }
  return file;
}

// The last line of what was written into the log, which may be open for writing alone; empty:
// nothing was.
std::string last_words(int log) {
  const std::string path = "/proc/self/fd/" + std::to_string(log);
  const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::array<char, 512> text{};
  const auto size = file ? ::lseek(file.get(), 0, SEEK_END) : 0;
  const auto from = std::max<off_t>(0, size - static_cast<off_t>(text.size()));
  const ssize_t count = file ? ::pread(file.get(), text.data(), text.size(), from) : 0;
  std::string_view words(text.data(), static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
  while (words.ends_with('\n')) words.remove_suffix(1);
  return std::string(words.substr(words.rfind('\n') + 1));
}

// The init is process 1 and says so; the end of the file instead means that nothing came of it:
// bubblewrap has said why, which is for who runs the machine, not for who waits for a desktop.
Result<> wait_until_up(const Fd& go, int log) {
  pollfd wait{go.get(), POLLIN, 0};
  char byte = 0;
  if (::poll(&wait, 1, kUpWithinMs) == 1 && ::read(go.get(), &byte, 1) == 1) return {};
  const auto why = last_words(log);
  return base::fail(ErrorKind::unavailable,
                    "the desktop's sandbox did not come up; the server's log says more", "",
                    why.empty() ? "bubblewrap said nothing" : why);
}

// What bubblewrap wrote before it let the init begin: one JSON object.
Result<pid_t> read_info(const Fd& file) {
  std::array<char, 1024> text{};
  const ssize_t count = ::pread(file.get(), text.data(), text.size(), 0);
  boost::system::error_code error;
  const auto value = boost::json::parse(
      std::string_view(text.data(), static_cast<std::size_t>(std::max<ssize_t>(count, 0))), error);
  const auto* object = value.if_object();
  const auto* pid = object == nullptr ? nullptr : object->if_contains("child-pid");
  if (pid != nullptr && pid->is_int64()) return static_cast<pid_t>(pid->as_int64());
  return base::fail(ErrorKind::internal, "bubblewrap does not say what it started");
}

Result<Pipe> make_socket_pair() {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return tl::unexpected<base::Error>(os_error("make a pair of sockets"));
  }
  return Pipe{Fd(ends[0]), Fd(ends[1])};
}

std::string joined(const std::vector<std::string>& parts) {
  std::string all;
  for (const auto& part : parts) {
    all += part;
    all += '\0';
  }
  return all;
}

std::vector<std::string> command(const SandboxSpec& spec) {
  std::vector<std::string> words{"bwrap",
                                 "--args",
                                 std::to_string(Channel::arguments),
                                 "--",
                                 "/proc/self/fd/" + std::to_string(Channel::program),
                                 kInitCommand,
                                 spec.image.geometry,
                                 std::to_string(spec.image.limits.processes)};
  for (const auto& word : session_command(spec.image)) words.push_back(word);
  return words;
}

Child child_of(const SandboxSpec& spec, const SandboxFiles& files) {
  Child child;
  child.program = kBubblewrap;
  child.words = command(spec);
  child.descriptors = {{files.listener, Channel::listener},
                       {files.alive, Channel::alive},
                       {files.folder, Channel::folder},
                       {files.log, Channel::log}};
  if (files.uid_lock >= 0) child.descriptors.emplace_back(files.uid_lock, Channel::uid);
  child.log = files.log;
  for (const auto& entrance : files.cgroups) child.cgroups.push_back(entrance.get());
  child.cgroups_required = spec.limits_required;
  child.identity = files.identity;
  child.listener = files.listener;
  child.uid = spec.uid;
  child.change_user = spec.change_user;
  child.processes_max = spec.image.limits.processes + kHelperProcesses;
  return child;
}

Result<ProcessId> read_identity(int file) {
  std::array<char, 64> text{};
  const ssize_t size = ::pread(file, text.data(), text.size(), 0);
  const auto who =
      parse_identity({text.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0))});
  if (!who) return base::fail(ErrorKind::unavailable, "the sandbox ended at once");
  return *who;
}

}  // namespace

Result<Started> start_sandbox(const SandboxSpec& spec, const SandboxFiles& files) {
  if (::access(kBubblewrap, X_OK) != 0) {
    return base::fail(ErrorKind::invalid, "local desktops need bubblewrap", {}, kBubblewrap);
  }
  const Fd program = TRY(open_program(spec));
  const Fd arguments = TRY(in_memory(joined(sandbox_arguments(spec))));
  const Fd filter = TRY(in_memory(system_call_filter()));
  // A file, not a pipe: bubblewrap must not die of our death while its child waits for it.
  const Fd info = TRY(in_memory(""));
  Pipe go = TRY(make_socket_pair());
  Pipe network = TRY(make_pipe());
  Child child = child_of(spec, files);
  child.descriptors.insert(child.descriptors.end(), {{program.get(), Channel::program},
                                                     {arguments.get(), Channel::arguments},
                                                     {filter.get(), Channel::filter},
                                                     {go.read.get(), Channel::go},
                                                     {info.get(), Channel::info},
                                                     {network.write.get(), Channel::network}});
  std::vector<Fd> made;
  for (const auto& file : sandbox_files(spec.image)) {
    made.push_back(TRY(in_memory(file.text)));
    child.descriptors.emplace_back(made.back().get(),
                                   Channel::data + static_cast<int>(made.size()) - 1);
  }
  TRY(fork_away(child));
  go.read.close();
  network.write.close();
  TRY(wait_until_up(go.write, files.log));
  const pid_t init = TRY(read_info(info));
  const auto started = started_of(init);
  const auto outer = TRY(read_identity(files.identity));
  if (!started) return base::fail(ErrorKind::unavailable, "the sandbox ended at once");
  return Started{outer,
                 {init, *started},
                 pid_namespace_of(init),
                 std::move(go.write),
                 std::move(network.read)};
}

}  // namespace adapter::local
