#include "adapter/sqlite/state_lock.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <utility>

#include "adapter/sqlite/files.hpp"

namespace adapter::sqlite {
namespace {

using base::ErrorKind;
using base::fail;
using base::Result;

constexpr mode_t kFolderMode = 0700;
constexpr mode_t kFileMode = 0600;

Result<> make_folder(const std::string& folder) {
  for (auto at = folder.find('/', 1);; at = folder.find('/', at + 1)) {
    const auto part = folder.substr(0, at);
    if (::mkdir(part.c_str(), kFolderMode) != 0 && errno != EEXIST) {
      return system_error("can't make the state folder", part);
    }
    if (at == std::string::npos) return {};
  }
}

// What lies in the folder is as secret as the folder is closed. It is not closed here: it may be
// one that was named by mistake.
Result<> check_folder(const std::string& folder) {
  struct stat info{};
  if (::stat(folder.c_str(), &info) != 0) return system_error("can't look at", folder);
  if (!S_ISDIR(info.st_mode)) return fail(ErrorKind::denied, folder + " is not a folder");
  if (info.st_uid != ::geteuid()) {
    return fail(ErrorKind::denied,
                folder + " belongs to another user: run as that one, or choose another folder");
  }
  if ((info.st_mode & 077) != 0) {
    return fail(ErrorKind::denied,
                folder + " is open to other users: chmod 700 it, or choose another folder");
  }
  return {};
}

std::string read_holder(int descriptor) {
  std::array<char, 200> bytes{};
  const auto size = ::pread(descriptor, bytes.data(), bytes.size(), 0);
  if (size <= 0) return "unknown";
  std::string holder(bytes.data(), static_cast<std::size_t>(size));
  return holder.substr(0, holder.find('\n'));
}

bool is_gone(const std::string& holder) {
  constexpr std::string_view kProcess = "process ";
  if (!holder.starts_with(kProcess)) return false;
  const auto pid = static_cast<pid_t>(std::atol(holder.c_str() + kProcess.size()));
  return pid > 0 && ::kill(pid, 0) != 0 && errno == ESRCH;
}

// A server that was killed while it was starting a desktop leaves, for moments, a child that has
// not yet become another program and so still holds what its parent held: that is no other server.
bool lock_file(int descriptor) {
  constexpr int kTries = 150;
  constexpr int kPauseMs = 20;
  for (int i = 0; i < kTries; ++i) {
    if (::flock(descriptor, LOCK_EX | LOCK_NB) == 0) return true;
    if (errno != EWOULDBLOCK) return false;
    if (!is_gone(read_holder(descriptor))) break;
    ::poll(nullptr, 0, kPauseMs);
  }
  errno = EWOULDBLOCK;
  return false;
}

Result<> write_holder(int descriptor, const std::string& path, base::Timestamp now) {
  const auto holder =
      "process " + std::to_string(::getpid()) + ", started " + base::to_rfc3339(now) + "\n";
  const auto wanted = static_cast<ssize_t>(holder.size());
  if (::ftruncate(descriptor, 0) != 0 ||
      ::pwrite(descriptor, holder.data(), holder.size(), 0) != wanted) {
    return system_error("can't write", path);
  }
  return {};
}

}  // namespace

Result<StateLock> StateLock::take(const std::string& folder, base::Timestamp now) {
  TRY(make_folder(folder));
  TRY(check_folder(folder));
  const auto path = folder + "/lock";
  StateLock lock(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, kFileMode));
  if (lock.descriptor_ < 0) return system_error("can't open", path);
  if (!lock_file(lock.descriptor_)) {
    if (errno != EWOULDBLOCK) return system_error("can't lock", path);
    return fail(ErrorKind::conflict, "another howdah uses " + folder + " (" +
                                         read_holder(lock.descriptor_) +
                                         "): stop it, or choose another state folder");
  }
  TRY(write_holder(lock.descriptor_, path, now));
  return lock;
}

bool StateLock::is_held(const std::string& folder) {
  const StateLock look(::open((folder + "/lock").c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (look.descriptor_ < 0) return errno != ENOENT;
  return ::flock(look.descriptor_, LOCK_SH | LOCK_NB) != 0;
}

StateLock::StateLock(StateLock&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)) {}

StateLock::~StateLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace adapter::sqlite
