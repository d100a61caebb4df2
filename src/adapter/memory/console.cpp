#include "adapter/memory/console.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

namespace adapter::memory {
namespace {

using base::ErrorKind;
using base::fail;

constexpr std::string_view kGreeting = "RFB 003.008\n";
constexpr std::size_t kConnectionsMax = 64;  // a screen; then it does not accept

}  // namespace

Console::~Console() {
  for (const auto& [instance, screens] : screens_) {
    for (const int screen : screens) ::close(screen);
  }
}

base::Result<int> Console::connect(const domain::InstanceId& instance, const domain::Owner& owner) {
  const auto machine = compute_.truth_of(instance);
  const auto screen = compute_.screen_of(instance);
  if (!machine || !screen || machine->state == domain::InstanceState::gone) {
    return fail(ErrorKind::not_found, "there is no such desktop here", {}, instance.text());
  }
  if (machine->owner != owner) {
    return fail(ErrorKind::denied, "this is another desktop", {}, instance.text());
  }
  if (!screen->answers) return fail(ErrorKind::unavailable, "the screen does not answer");
  const std::lock_guard lock(mutex_);
  auto& screens = screens_[instance];
  if (screens.size() >= kConnectionsMax) {
    return fail(ErrorKind::unavailable, "the screen does not accept more connections");
  }
  std::array<int, 2> pair{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair.data()) != 0) {
    return fail(ErrorKind::unavailable, "the screen can't be reached", {}, std::strerror(errno));
  }
  if (::send(pair[1], kGreeting.data(), kGreeting.size(), MSG_NOSIGNAL) < 0) {
    ::close(pair[0]);
    ::close(pair[1]);
    return fail(ErrorKind::unavailable, "the screen can't be reached", {}, std::strerror(errno));
  }
  screens.push_back(pair[1]);
  return pair[0];
}

std::optional<int> Console::take_screen(const domain::InstanceId& instance) {
  const std::lock_guard lock(mutex_);
  const auto found = screens_.find(instance);
  if (found == screens_.end() || found->second.empty()) return std::nullopt;
  const int screen = found->second.front();
  found->second.erase(found->second.begin());
  return screen;
}

}  // namespace adapter::memory
