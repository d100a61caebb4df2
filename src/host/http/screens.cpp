#include "host/http/screens.hpp"

#include <vector>

namespace host::http {

std::optional<std::uint64_t> Screens::open(const domain::DesktopId& desktop, bool take_over,
                                           Close close) {
  std::vector<Close> others;
  std::uint64_t id = 0;
  {
    const std::lock_guard lock(mutex_);
    auto& here = open_[desktop];
    if (!here.empty() && !take_over) return std::nullopt;
    for (auto& [other, close_other] : here) others.push_back(std::move(close_other));
    here.clear();
    id = ++last_id_;
    here.emplace(id, std::move(close));
  }
  for (const auto& close_other : others) close_other(CloseCode::taken_over);
  if (changed_) changed_(desktop);
  return id;
}

void Screens::closed(const domain::DesktopId& desktop, std::uint64_t id) {
  {
    const std::lock_guard lock(mutex_);
    const auto here = open_.find(desktop);
    if (here == open_.end() || here->second.erase(id) == 0) return;
    if (here->second.empty()) open_.erase(here);
  }
  if (changed_) changed_(desktop);
}

void Screens::close_all(const domain::DesktopId& desktop, CloseCode code) {
  std::vector<Close> all;
  {
    const std::lock_guard lock(mutex_);
    const auto here = open_.find(desktop);
    if (here == open_.end()) return;
    for (const auto& [id, close] : here->second) all.push_back(close);
  }
  for (const auto& close : all) close(code);
}

std::uint32_t Screens::count(const domain::DesktopId& desktop) const {
  const std::lock_guard lock(mutex_);
  const auto here = open_.find(desktop);
  return here == open_.end() ? 0 : static_cast<std::uint32_t>(here->second.size());
}

std::size_t Screens::count_all() const {
  const std::lock_guard lock(mutex_);
  std::size_t all = 0;
  for (const auto& [desktop, here] : open_) all += here.size();
  return all;
}

}  // namespace host::http
