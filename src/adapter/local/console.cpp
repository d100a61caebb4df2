// The way to a desktop's screen (SECURITY row 14). The socket lies in a folder that no session
// sees; it is opened without following a link, connected to as the very file that was opened, and
// what listens there must be the desktop's own user.

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "adapter/local/local_desktops.hpp"

namespace adapter::local {

using base::ErrorKind;
using base::Result;

namespace {

Result<Fd> connect_to(const Fd& socket_file) {
  Fd stream(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!stream) return tl::unexpected<base::Error>(os_error("make a socket"));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const auto path = "/proc/self/fd/" + std::to_string(socket_file.get());
  std::memcpy(static_cast<char*>(address.sun_path), path.c_str(), path.size() + 1);
  const auto* generic = reinterpret_cast<const sockaddr*>(&address);
  if (::connect(stream.get(), generic, sizeof address) != 0) {
    return tl::unexpected<base::Error>(os_error("connect to the screen"));
  }
  return stream;
}

}  // namespace

Result<int> LocalDesktops::connect(const domain::InstanceId& instance, const domain::Owner& owner) {
  const auto record = TRY(find(instance, owner));
  const auto marks = TRY(record.marks());
  if (!marks || TRY(record.ended())) {
    return base::fail(ErrorKind::not_found, "the desktop is not there");
  }
  const Fd file(::openat(record.folder().get(), "rfb.sock", O_PATH | O_NOFOLLOW | O_CLOEXEC));
  struct stat info{};
  if (!file || ::fstat(file.get(), &info) != 0) {
    return tl::unexpected<base::Error>(os_error("open the screen's socket"));
  }
  if (!S_ISSOCK(info.st_mode)) {
    return base::fail(ErrorKind::denied, "the desktop's socket was replaced by something else");
  }
  Fd stream = TRY(connect_to(file));
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(stream.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) {
    return tl::unexpected<base::Error>(os_error("ask who listens"));
  }
  if (peer.uid != marks->uid) {
    return base::fail(ErrorKind::denied, "another user listens on the desktop's socket", {},
                      "user " + std::to_string(peer.uid));
  }
  return stream.release();
}

}  // namespace adapter::local
