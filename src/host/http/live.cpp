#include "host/http/live.hpp"

#include <algorithm>

#include "base/crypto.hpp"
#include "host/http/codec_write.hpp"

namespace host::http {
namespace {

// A good cookie is checked again after this long, so that a rotated key takes effect.
constexpr std::chrono::minutes kCookieKnown{5};
constexpr std::size_t kCookiesMax = 4;

}  // namespace

Live::Entry* Live::find_entry(std::string_view meeting) {
  const auto found = entries_.find(meeting);
  if (found == entries_.end()) return nullptr;
  found->second.used = ++uses_;
  return &found->second;
}

Live::SeatView& Live::view_of(Entry& entry, const domain::SeatId& seat) {
  for (auto& view : entry.seats) {
    if (view.id == seat) return view;
  }
  entry.seats.push_back({.id = seat, .epoch = 0, .status = nullptr, .cookies = {}});
  render(entry, entry.seats.back());
  return entry.seats.back();
}

void Live::render(Entry& entry, SeatView& view) {
  const domain::Seat* seat = domain::find_seat(*entry.meeting, view.id);
  if (seat == nullptr || seat->epoch != view.epoch) view.cookies.clear();
  if (seat != nullptr) view.epoch = seat->epoch;
  auto text = render_status(*entry.meeting, view.id, clock_.now(), policy_);
  if (view.status && *view.status == text) return;
  view.status = std::make_shared<const std::string>(std::move(text));
}

void Live::expect(const domain::MeetingId& meeting) {
  const std::lock_guard lock(mutex_);
  if (find_entry(meeting.text()) != nullptr) return;
  if (entries_.size() >= meetings_max_) make_room();
  entries_[meeting.text()].used = ++uses_;
}

// The eighth that was asked for longest ago gives way; what is watched stays.
void Live::make_room() {
  std::vector<std::uint64_t> uses;
  for (const auto& [id, entry] : entries_) {
    if (entry.watchers.empty()) uses.push_back(entry.used);
  }
  if (uses.empty()) return;
  const auto cut = uses.begin() + static_cast<std::ptrdiff_t>(uses.size() / 8);
  std::nth_element(uses.begin(), cut, uses.end());
  const auto oldest = *cut;
  std::erase_if(entries_, [&](const auto& item) {
    return item.second.watchers.empty() && item.second.used <= oldest;
  });
}

Body Live::remember(const app::Guest& guest, std::string_view cookie) {
  const std::lock_guard lock(mutex_);
  Entry* entry = find_entry(guest.meeting.id.text());
  if (entry == nullptr) {  // it had to give way meanwhile: answer, and keep nothing
    return std::make_shared<const std::string>(
        render_status(guest.meeting, guest.seat, clock_.now(), policy_));
  }
  if (!entry->meeting || entry->meeting->version < guest.meeting.version) {
    entry->meeting = guest.meeting;
    for (auto& view : entry->seats) render(*entry, view);
  }
  SeatView& view = view_of(*entry, guest.seat);
  if (view.epoch == guest.own().epoch && !cookie.empty()) {
    std::erase_if(view.cookies, [&](const GoodCookie& one) { return one.value == cookie; });
    if (view.cookies.size() >= kCookiesMax) view.cookies.erase(view.cookies.begin());
    view.cookies.push_back({std::string(cookie), std::chrono::steady_clock::now() + kCookieKnown});
  }
  return view.status;
}

Body Live::find(std::string_view seat, std::string_view cookie) {
  const auto dash = seat.rfind('-');
  if (dash == std::string_view::npos || cookie.empty()) return nullptr;
  const std::lock_guard lock(mutex_);
  Entry* entry = find_entry(seat.substr(0, dash));
  if (entry == nullptr) return nullptr;
  for (const auto& view : entry->seats) {
    if (view.id.text() != seat) continue;
    for (const auto& good : view.cookies) {
      if (!base::equal_constant_time(good.value, cookie)) continue;
      return std::chrono::steady_clock::now() < good.until ? view.status : nullptr;
    }
  }
  return nullptr;
}

std::optional<CloseCode> Live::end_of(const domain::Meeting& meeting, const Watched& watched) {
  const domain::Seat* seat = domain::find_seat(meeting, watched.seat);
  if (seat == nullptr || seat->epoch != watched.epoch) return CloseCode::link_revoked;
  if (meeting.end) return CloseCode::meeting_ended;
  if (watched.desktop && !domain::session_may_stay(meeting, *watched.desktop, watched.epoch)) {
    return CloseCode::desktop_gone;
  }
  return std::nullopt;
}

void Live::changed(const domain::Meeting& meeting) {
  std::vector<Call> calls;
  {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(meeting.id.text());
    if (found == entries_.end()) return;
    Entry& entry = found->second;
    if (entry.meeting && entry.meeting->version > meeting.version) return;
    entry.meeting = meeting;
    for (auto& view : entry.seats) render(entry, view);
    std::erase_if(entry.watchers, [&](Watcher& watcher) {
      const auto end = end_of(meeting, watcher.watched);
      const Body status = view_of(entry, watcher.watched.seat).status;
      if (end || status != watcher.told) calls.push_back({watcher.watch, status, end});
      watcher.told = status;
      return end.has_value();
    });
  }
  for (const auto& call : calls) (*call.watch)(call.status, call.end);
}

std::uint64_t Live::watch(const domain::Meeting& meeting, const Watched& watched, Watch watch,
                          std::size_t streams_max) {
  auto shared = std::make_shared<Watch>(std::move(watch));
  std::optional<CloseCode> end;
  Body status;
  std::uint64_t id = 0;
  {
    const std::lock_guard lock(mutex_);
    Entry* entry = find_entry(meeting.id.text());
    if (entry == nullptr) entry = &entries_[meeting.id.text()];
    if (!entry->meeting || entry->meeting->version < meeting.version) {
      entry->meeting = meeting;
      for (auto& view : entry->seats) render(*entry, view);
    }
    const auto streams =
        std::count_if(entry->watchers.begin(), entry->watchers.end(), [&](const Watcher& other) {
          return other.watched.seat == watched.seat && !other.watched.screen;
        });
    if (!watched.screen && static_cast<std::size_t>(streams) >= streams_max) return 0;
    end = end_of(*entry->meeting, watched);
    status = view_of(*entry, watched.seat).status;
    id = ++last_watcher_;
    if (!end) entry->watchers.push_back({id, watched, shared, status});
  }
  (*shared)(status, end);
  return id;
}

void Live::unwatch(const domain::MeetingId& meeting, std::uint64_t id) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(meeting.text());
  if (found == entries_.end()) return;
  std::erase_if(found->second.watchers, [&](const Watcher& one) { return one.id == id; });
}

std::size_t Live::watchers() const {
  const std::lock_guard lock(mutex_);
  std::size_t all = 0;
  for (const auto& [id, entry] : entries_) all += entry.watchers.size();
  return all;
}

}  // namespace host::http
