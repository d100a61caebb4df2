#include "adapter/local/os.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>

namespace adapter::local {

using base::ErrorKind;
using base::Result;

void Fd::close() {
  if (number_ >= 0) ::close(number_);
  number_ = -1;
}

base::Error os_error(std::string_view what, ErrorKind kind) {
  const int code = errno;
  std::array<char, 128> text{};
  return {kind, std::string(what) + ": " + ::strerror_r(code, text.data(), text.size()), {}, {}};
}

std::int64_t boottime_ms() {
  timespec now{};
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  return std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}

void pause_ms(int milliseconds) {
  const timespec length{milliseconds / 1000, (milliseconds % 1000) * 1'000'000L};
  ::nanosleep(&length, nullptr);
}

namespace {

constexpr std::size_t kFileBytesMax = 1 << 20;

tl::unexpected<base::Error> fail_os(std::string_view what) {
  return tl::unexpected<base::Error>(os_error(what));
}

Result<std::string> read_all(int fd) {
  std::string bytes;
  std::array<char, 4096> part{};
  while (bytes.size() < kFileBytesMax) {
    const ssize_t count = ::read(fd, part.data(), part.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail_os("read");
    if (count == 0) break;
    bytes.append(part.data(), static_cast<std::size_t>(count));
  }
  return bytes;
}

Result<> write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(fd, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail_os("write");
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return {};
}

std::vector<std::string> entries(DIR* stream) {
  std::vector<std::string> names;
  while (const dirent* entry = ::readdir(stream)) {
    const std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(name);
  }
  return names;
}

}  // namespace

Result<Fd> open_folder(const std::string& path) {
  Fd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return fail_os("open " + path);
  return fd;
}

Result<Fd> open_folder_at(const Fd& folder, const std::string& name) {
  Fd fd(::openat(folder.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd) {
    const auto kind = errno == ENOENT ? ErrorKind::not_found : ErrorKind::unavailable;
    return tl::unexpected<base::Error>(os_error("open folder " + name, kind));
  }
  return fd;
}

Result<Fd> make_folder(const std::string& path, mode_t mode) {
  for (std::size_t slash = path.find('/', 1); slash != std::string::npos;
       slash = path.find('/', slash + 1)) {
    ::mkdir(path.substr(0, slash).c_str(), 0755);  // what matters is whether the open below works
  }
  if (::mkdir(path.c_str(), mode) != 0 && errno != EEXIST) return fail_os("make folder " + path);
  return open_folder(path);
}

Result<std::optional<std::string>> read_file_at(const Fd& folder, const std::string& name) {
  const Fd fd(::openat(folder.get(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd && errno == ENOENT) return std::optional<std::string>();
  if (!fd) return fail_os("open " + name);
  return std::optional<std::string>(TRY(read_all(fd.get())));
}

Result<> replace_file_at(const Fd& folder, const std::string& name, std::string_view bytes,
                         mode_t mode) {
  static std::atomic<unsigned> serial{0};  // two threads must not write into one temporary file
  const std::string beside = name + ".new" + std::to_string(serial++);
  Fd fd(::openat(folder.get(), beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode));
  if (!fd) return fail_os("create " + beside);
  ::fchmod(fd.get(), mode);  // whatever the umask says
  auto written = write_all(fd.get(), bytes);
  if (written && ::renameat(folder.get(), beside.c_str(), folder.get(), name.c_str()) != 0) {
    written = fail_os("rename " + beside);
  }
  if (!written) ::unlinkat(folder.get(), beside.c_str(), 0);
  return written;
}

Result<std::vector<std::string>> names_in(const Fd& folder) {
  const int copy = ::openat(folder.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (copy < 0) return fail_os("list folder");
  const std::unique_ptr<DIR, int (*)(DIR*)> stream(::fdopendir(copy), &::closedir);
  if (!stream) {
    ::close(copy);
    return fail_os("list folder");
  }
  return entries(stream.get());
}

Result<> remove_tree_at(const Fd& folder, const std::string& name) {
  if (::unlinkat(folder.get(), name.c_str(), 0) == 0 || errno == ENOENT) return {};
  if (errno != EISDIR && errno != EPERM) return fail_os("remove " + name);
  const Fd inside = TRY(open_folder_at(folder, name));
  for (const auto& entry : TRY(names_in(inside))) TRY(remove_tree_at(inside, entry));
  if (::unlinkat(folder.get(), name.c_str(), AT_REMOVEDIR) != 0 && errno != ENOENT) {
    return fail_os("remove folder " + name);
  }
  return {};
}

std::optional<std::string> read_path(const std::string& path) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return {};
  auto bytes = read_all(fd.get());
  if (!bytes) return {};
  return *std::move(bytes);
}

Result<> write_path(const std::string& path, std::string_view bytes) {
  const Fd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd) return fail_os("open " + path);
  if (::write(fd.get(), bytes.data(), bytes.size()) < 0) return fail_os("write " + path);
  return {};
}

namespace {
struct flock one_byte(std::int64_t byte) {
  struct flock lock{};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  lock.l_start = byte;
  lock.l_len = 1;
  return lock;
}
}  // namespace

Result<bool> try_lock(const Fd& file, std::int64_t byte) {
  auto lock = one_byte(byte);
  if (::fcntl(file.get(), F_OFD_SETLK, &lock) == 0) return true;
  if (errno == EAGAIN || errno == EACCES) return false;
  return fail_os("lock");
}

Result<bool> is_locked(const Fd& file, std::int64_t byte) {
  auto lock = one_byte(byte);
  if (::fcntl(file.get(), F_OFD_GETLK, &lock) != 0) return fail_os("look at a lock");
  return lock.l_type != F_UNLCK;
}

std::string boot_id() {
  auto text = read_path("/proc/sys/kernel/random/boot_id").value_or("");
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

std::optional<std::uint64_t> started_of(pid_t pid) {
  const auto stat = read_path("/proc/" + std::to_string(pid) + "/stat");
  if (!stat) return {};
  // The name in parentheses may hold anything; the state is field 3, the start time field 22.
  const auto name_end = stat->rfind(')');
  if (name_end == std::string::npos || name_end + 2 >= stat->size()) return {};
  const char state = (*stat)[name_end + 2];
  if (state == 'Z' || state == 'X') return {};
  std::size_t at = name_end + 2;
  for (int field = 3; field < 22; ++field) {
    at = stat->find(' ', at);
    if (at == std::string::npos) return {};
    ++at;
  }
  return std::strtoull(stat->c_str() + at, nullptr, 10);
}

bool is_alive(const ProcessId& process) {
  return process.pid > 0 && started_of(process.pid) == process.started;
}

bool kill_process(const ProcessId& process) {
  if (process.pid <= 1) return false;
  // The descriptor holds on to one process; only then is the start time worth comparing.
  const Fd handle(static_cast<int>(::syscall(SYS_pidfd_open, process.pid, 0)));
  if (!handle || !is_alive(process)) return false;
  return ::syscall(SYS_pidfd_send_signal, handle.get(), SIGKILL, nullptr, 0) == 0;
}

std::vector<pid_t> all_processes() {
  std::vector<pid_t> pids;
  const std::unique_ptr<DIR, int (*)(DIR*)> stream(::opendir("/proc"), &::closedir);
  if (!stream) return pids;
  for (const auto& name : entries(stream.get())) {
    if (name.find_first_not_of("0123456789") == std::string::npos) pids.push_back(std::stoi(name));
  }
  return pids;
}

std::uint64_t pid_namespace_of(pid_t pid) {
  struct stat info{};
  if (::stat(("/proc/" + std::to_string(pid) + "/ns/pid").c_str(), &info) != 0) return 0;
  return info.st_ino;
}

}  // namespace adapter::local
