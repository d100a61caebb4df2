#pragma once
// A meeting as JSON text, for stores. What is written can always be read back, and reading is
// strict: a field that is missing, null, unknown, of a wrong type or out of range is an error that
// names its path, because a row that was half understood would be acted upon and then saved without
// the rest. The version is not in the text: it belongs to the store.
//
// To add a field: one line in meeting_fields.hpp. Once rows of a released version exist, also raise
// kMeetingSchema and say in meeting_json.cpp what an older text means.

#include <cstdint>
#include <string>
#include <string_view>

#include "domain/meeting.hpp"

namespace domain {

constexpr std::uint32_t kMeetingSchema = 1;

// Text that is not valid UTF-8 (a provider's message, say) is written with '?' for every byte
// beyond ASCII, so that it can't make the row unreadable.
std::string to_json(const Meeting& meeting);

// Error: invalid, with the path in `field` ("seats[1].desktop.intent_at"). A text of a newer schema
// is refused with a message that says so (S29).
base::Result<Meeting> meeting_from_json(std::string_view text);

}  // namespace domain
