#pragma once
// The identifiers of the domain. A seat id is its meeting's id and its number; a desktop id is its
// seat's id and the attempt. Both therefore name what they belong to without a look-up, are valid
// DNS labels, and are never used twice.

#include <cstdint>
#include <optional>

#include "base/id.hpp"
#include "base/time.hpp"

namespace domain {

using MeetingId = base::Id<struct MeetingTag>;
using SeatId = base::Id<struct SeatTag>;          // "<meeting>-<number>", number from 1
using DesktopId = base::Id<struct DesktopTag>;    // "<seat>-<attempt>", attempt from 1
using InstanceId = base::Id<struct InstanceTag>;  // the provider's own name of a machine
using PrincipalId = base::Id<struct PrincipalTag>;

constexpr std::uint32_t kSeatsMax = 8;

SeatId seat_id(const MeetingId& meeting, std::uint32_t number);
DesktopId desktop_id(const SeatId& seat, std::uint32_t attempt);

// What an id says it belongs to; nothing when the text has not that form.
std::optional<MeetingId> meeting_of(const SeatId& seat);
std::optional<SeatId> seat_of(const DesktopId& desktop);
std::optional<MeetingId> meeting_of(const DesktopId& desktop);

// The same question without making an id.
bool belongs_to(const SeatId& seat, const MeetingId& meeting);

// A new meeting id from the minute and 7 bytes of entropy. Meetings that are booked at one time
// have neighbouring ids, so that a store writes them to the same place.
MeetingId make_meeting_id(base::Timestamp now, std::string_view entropy_bytes);

}  // namespace domain
