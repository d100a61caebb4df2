#include "adapter/file/private_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string_view>

namespace adapter::file {
namespace {

using base::ErrorKind;
using base::fail;
namespace fs = std::filesystem;

constexpr std::size_t kSizeMax = 64 * 1024;

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

tl::unexpected<base::Error> no(ErrorKind kind, const std::string& path, std::string_view why) {
  return fail(kind, fmt::format("{}: {}", path, why));
}

tl::unexpected<base::Error> no_errno(const std::string& path, int error) {
  const auto kind = error == ENOENT                     ? ErrorKind::not_found
                    : error == EACCES || error == ELOOP ? ErrorKind::denied
                    : error == EEXIST                   ? ErrorKind::conflict
                                                        : ErrorKind::unavailable;
  return no(kind, path, std::strerror(error));
}

base::Result<> check_owner_only(int fd, const std::string& path) {
  struct stat status{};
  if (::fstat(fd, &status) != 0) return no_errno(path, errno);
  if (!S_ISREG(status.st_mode)) return no(ErrorKind::denied, path, "not a regular file");
  if (status.st_uid != ::geteuid()) {
    return no(ErrorKind::denied, path,
              "belongs to another user; it must belong to who runs howdah");
  }
  if ((status.st_mode & 077U) != 0) {
    return no(
        ErrorKind::denied, path,
        fmt::format("others may read or write it (mode {:04o}); chmod 600 it, and replace what "
                    "is in it if they may have",
                    status.st_mode & 07777U));
  }
  return {};
}

base::Result<> write_all(int fd, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const auto written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return no_errno(path, errno);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::fsync(fd) != 0) return no_errno(path, errno);
  return {};
}

base::Result<> put_in_place(const std::string& temporary, const std::string& path, bool only_new) {
  // link() refuses to replace, rename() replaces atomically.
  const int moved = only_new ? ::link(temporary.c_str(), path.c_str())
                             : ::rename(temporary.c_str(), path.c_str());
  const int error = errno;
  if (only_new || moved != 0) ::unlink(temporary.c_str());
  if (moved != 0) return no_errno(path, error);
  const Descriptor folder(
      ::open(fs::path(path).parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.get() < 0 || ::fsync(folder.get()) != 0) return no_errno(path, errno);
  return {};
}

}  // namespace

base::Result<base::Secret> read_private(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0) return no_errno(path, errno);
  TRY(check_owner_only(file.get(), path));
  std::string content(kSizeMax + 1, '\0');
  std::size_t size = 0;
  while (size < content.size()) {
    const auto got = ::read(file.get(), content.data() + size, content.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return no_errno(path, errno);
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  if (size > kSizeMax) return no(ErrorKind::invalid, path, "longer than 64 KiB");
  base::Secret secret(content.substr(0, size));
  ::explicit_bzero(content.data(), content.size());
  return secret;
}

base::Result<> write_private(const std::string& path, const base::Secret& content, bool only_new) {
  const auto temporary = fmt::format("{}.{}.tmp", path, ::getpid());
  ::unlink(temporary.c_str());
  base::Result<> written;
  {
    const Descriptor file(
        ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (file.get() < 0) return no_errno(path, errno);
    written = write_all(file.get(), content.reveal(), path);
  }
  if (!written) {
    ::unlink(temporary.c_str());
    return written;
  }
  return put_in_place(temporary, path, only_new);
}

base::Result<> write_recent(const std::string& path, std::string_view content) {
  const Descriptor file(
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (file.get() < 0) return no_errno(path, errno);
  const auto written = ::write(file.get(), content.data(), content.size());
  if (written != static_cast<ssize_t>(content.size())) return no_errno(path, errno);
  return {};
}

base::Result<> make_private_folder(const std::string& path) {
  std::error_code error;
  const fs::path folder(path);
  if (folder.has_parent_path()) fs::create_directories(folder.parent_path(), error);
  if (::mkdir(path.c_str(), 0700) == 0) return {};
  if (errno != EEXIST) return no_errno(path, errno);
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return no_errno(path, errno);
  if (!S_ISDIR(status.st_mode)) return no(ErrorKind::invalid, path, "is not a folder");
  if ((status.st_mode & 022U) != 0) {
    return no(ErrorKind::denied, path, "others may write to this folder; chmod 700 it");
  }
  return {};
}

}  // namespace adapter::file
