#include "adapter/local/slots.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <set>

namespace adapter::local {

using base::Result;

namespace {

constexpr const char* kFolder = "/run/howdah";

std::set<uid_t> users_of_processes() {
  std::set<uid_t> users;
  for (const pid_t pid : all_processes()) {
    struct stat info{};
    if (::stat(("/proc/" + std::to_string(pid)).c_str(), &info) == 0) users.insert(info.st_uid);
  }
  return users;
}

}  // namespace

Result<Slot> take_slot(std::uint32_t base, std::uint32_t count) {
  if (::geteuid() != 0) return Slot{::geteuid(), Fd()};
  const Fd folder = TRY(make_folder(kFolder, 0700));
  Fd file(::openat(folder.get(), "uids", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file) return tl::unexpected<base::Error>(os_error("open the table of user numbers"));
  std::set<uid_t> users;
  bool looked = false;
  for (uid_t uid = base; uid < base + count; ++uid) {
    if (!TRY(try_lock(file, uid))) continue;
    // A dying desktop's init lets go of the lock a moment before its last process is gone.
    if (!looked) users = users_of_processes();
    looked = true;
    if (!users.contains(uid)) return Slot{uid, std::move(file)};
  }
  return base::fail(base::ErrorKind::exhausted, "every user number for desktops is in use");
}

}  // namespace adapter::local
