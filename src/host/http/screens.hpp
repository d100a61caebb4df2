#pragma once
// Screens: the screens that are open now, per desktop. It counts presence, closes them, and knows
// that after a start of this process nobody can be called absent yet (unknown is not absent).
// Thread-safe; close functions are called without a lock and only ask for the close.

#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <optional>

#include "domain/ids.hpp"

namespace host::http {

// Close codes of /screen (docs/HTTP_API.md).
enum class CloseCode {
  taken_over = 4001,
  meeting_ended = 4002,
  desktop_gone = 4003,
  link_revoked = 4004,
  left = 4005,
  no_answer = 1011,
  going_away = 1001,
};

class Screens {
 public:
  using Close = std::function<void(CloseCode)>;
  using Changed = std::function<void(const domain::DesktopId&)>;

  // Called after each change of a count, without a lock. Before the first open.
  void set_listener(Changed changed) { changed_ = std::move(changed); }

  // Nothing: somebody is there and take_over is false. With it the others are closed (4001).
  std::optional<std::uint64_t> open(const domain::DesktopId& desktop, bool take_over, Close close);
  void closed(const domain::DesktopId& desktop, std::uint64_t id);
  void close_all(const domain::DesktopId& desktop, CloseCode code);
  std::uint32_t count(const domain::DesktopId& desktop) const;
  std::size_t count_all() const;

 private:
  mutable std::mutex mutex_;
  std::map<domain::DesktopId, std::map<std::uint64_t, Close>> open_;
  std::uint64_t last_id_ = 0;
  Changed changed_;
};

}  // namespace host::http
