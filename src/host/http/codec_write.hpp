#pragma once
// Answers, from values to JSON: docs/HTTP_API.md has the shapes. Pure.

#include <string>
#include <vector>

#include "app/principal.hpp"
#include "app/sweep.hpp"
#include "domain/phase.hpp"
#include "host/http/urls.hpp"
#include "port/meeting_store.hpp"

namespace host::http {

// tokens: the link token of each seat, in the order of seats.
std::string render_meeting(const domain::Meeting& meeting, const std::vector<std::string>& tokens,
                           const Urls& urls, base::Timestamp now, const domain::Policy& policy);
// meetings: rendered each by render_meeting.
std::string render_page(const std::vector<std::string>& meetings, std::string_view next);

// What a person with a link sees of their seat. Has no "now" in it: it changes only when something
// did.
std::string render_status(const domain::Meeting& meeting, const domain::SeatId& seat,
                          base::Timestamp now, const domain::Policy& policy);
// A status with the number of open screens added, for the desktop's own events.
std::string with_connected(std::string_view status, std::uint32_t connected);

std::string render_desk(const domain::Meeting& meeting, const domain::SeatId& seat,
                        const domain::DesktopId& desktop, const Urls& urls, std::uint32_t connected,
                        const domain::Policy& policy);

std::string render_audit(const std::vector<port::AuditEntry>& entries);
std::string render_sweep(const app::SweepReport& report);
std::string render_keys(const std::vector<port::ApiKey>& keys);
std::string render_me(const app::Principal& who, const std::vector<std::string>& roles,
                      std::string_view version);

}  // namespace host::http
