#include "domain/ids.hpp"

#include "base/check.hpp"
#include "base/crypto.hpp"

namespace domain {
namespace {

template <class T>
T must_parse(const std::string& text) {
  auto id = T::parse(text);
  CHECK(id.has_value());
  return *std::move(id);
}

// "a-b-12" -> "a-b" when what follows the last dash is a number without leading zero.
template <class Parent, class Child>
std::optional<Parent> parent_of(const Child& child) {
  const std::string& text = child.text();
  const auto dash = text.rfind('-');
  if (dash == std::string::npos) return std::nullopt;
  const auto number = std::string_view(text).substr(dash + 1);
  if (number.empty() || number.front() == '0' || number.size() > 9 ||
      number.find_first_not_of("0123456789") != std::string_view::npos) {
    return std::nullopt;
  }
  auto parent = Parent::parse(text.substr(0, dash));
  if (!parent) return std::nullopt;
  return *std::move(parent);
}

}  // namespace

SeatId seat_id(const MeetingId& meeting, std::uint32_t number) {
  return must_parse<SeatId>(meeting.text() + "-" + std::to_string(number));
}

DesktopId desktop_id(const SeatId& seat, std::uint32_t attempt) {
  return must_parse<DesktopId>(seat.text() + "-" + std::to_string(attempt));
}

std::optional<MeetingId> meeting_of(const SeatId& seat) {
  return parent_of<MeetingId>(seat);
}
std::optional<SeatId> seat_of(const DesktopId& desktop) {
  return parent_of<SeatId>(desktop);
}

std::optional<MeetingId> meeting_of(const DesktopId& desktop) {
  const auto seat = seat_of(desktop);
  return seat ? meeting_of(*seat) : std::nullopt;
}

bool belongs_to(const SeatId& seat, const MeetingId& meeting) {
  const std::string_view text = seat.text();
  const std::size_t dash = meeting.text().size();
  return text.size() > dash + 1 && text[dash] == '-' && text.starts_with(meeting.text()) &&
         text.find('-', dash + 1) == std::string_view::npos;
}

MeetingId make_meeting_id(base::Timestamp now, std::string_view entropy_bytes) {
  constexpr std::size_t kEntropyBytes = 7;
  CHECK(entropy_bytes.size() >= kEntropyBytes);
  const auto minute = static_cast<std::uint64_t>(base::to_unix_ms(now) / 60'000);
  std::string bytes;
  for (const unsigned shift : {16U, 8U, 0U}) bytes += static_cast<char>((minute >> shift) & 0xffU);
  bytes += entropy_bytes.substr(0, kEntropyBytes);
  return must_parse<MeetingId>("m" + base::to_base32(bytes));
}

}  // namespace domain
