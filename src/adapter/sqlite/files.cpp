#include "adapter/sqlite/files.hpp"

#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace adapter::sqlite {
namespace {

using base::ErrorKind;
using base::fail;
using base::Result;

constexpr mode_t kPrivate = 0600;

class File {
 public:
  File(const std::string& path, int flags, mode_t mode = 0)
      : descriptor_(::open(path.c_str(), flags | O_CLOEXEC, mode)) {}
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  bool opened() const { return descriptor_ >= 0; }
  int descriptor() const { return descriptor_; }

 private:
  int descriptor_;
};

Result<> sync(const std::string& path, int flags) {
  const File file(path, flags);
  if (!file.opened()) return system_error("can't open", path);
  if (::fsync(file.descriptor()) != 0) return system_error("can't sync", path);
  return {};
}

std::string folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

ErrorKind kind_of(int code) {
  switch (code) {
    case ENOENT:
      return ErrorKind::not_found;
    case EEXIST:
      return ErrorKind::conflict;
    case EACCES:
    case EPERM:
      return ErrorKind::denied;
    default:
      return ErrorKind::unavailable;
  }
}

}  // namespace

tl::unexpected<base::Error> system_error(const std::string& what, const std::string& path) {
  const int code = errno;
  return fail(kind_of(code), what + " " + path + ": " + std::strerror(code));
}

bool exists(const std::string& path) {
  struct stat info{};
  return ::lstat(path.c_str(), &info) == 0;
}

Result<> create_private_file(const std::string& path) {
  const File file(path, O_CREAT | O_EXCL | O_RDWR | O_NOFOLLOW, kPrivate);
  if (!file.opened()) return system_error("can't create", path);
  // Whatever the umask left out.
  if (::fchmod(file.descriptor(), kPrivate) != 0) return system_error("can't protect", path);
  return {};
}

Result<> check_may_write(const std::string& path) {
  for (const auto& each : {path, folder_of(path)}) {
    if (::faccessat(AT_FDCWD, each.c_str(), W_OK, AT_EACCESS) != 0) {
      return fail(ErrorKind::unavailable, "the store is read-only: make " + path +
                                              " and its folder writable (" + each + ": " +
                                              std::strerror(errno) + ")");
    }
  }
  return {};
}

Result<> make_private(const std::string& path) {
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0) return system_error("can't look at", path);
  if ((info.st_mode & 077) == 0) return {};
  if (::chmod(path.c_str(), kPrivate) != 0) return system_error("can't protect", path);
  return {};
}

Result<> remove_file(const std::string& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return system_error("can't remove", path);
  return {};
}

Result<> sync_file(const std::string& path) {
  return sync(path, O_RDONLY);
}

Result<> rename_file(const std::string& from, const std::string& to) {
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) != 0) {
    return system_error("can't create", to);
  }
  return {};
}

Result<> sync_folder(const std::string& path) {
  return sync(folder_of(path), O_RDONLY | O_DIRECTORY);
}

Result<> copy_file(const std::string& from, const std::string& to) {
  TRY(remove_file(to));
  TRY(create_private_file(to));
  const File source(from, O_RDONLY);
  const File target(to, O_WRONLY);
  if (!source.opened()) return system_error("can't open", from);
  if (!target.opened()) return system_error("can't open", to);
  for (;;) {
    const auto sent = ::sendfile(target.descriptor(), source.descriptor(), nullptr, 1U << 20U);
    if (sent == 0) return {};
    if (sent < 0) return system_error("can't copy to", to);
  }
}

Result<std::string> read_head(const std::string& path, std::size_t count) {
  const File file(path, O_RDONLY);
  if (!file.opened()) return system_error("can't open", path);
  std::string bytes(count, '\0');
  const auto size = ::read(file.descriptor(), bytes.data(), bytes.size());
  if (size < 0) return system_error("can't read", path);
  bytes.resize(static_cast<std::size_t>(size));
  return bytes;
}

}  // namespace adapter::sqlite
