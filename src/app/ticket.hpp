#pragma once
// Tickets: everything that we hand out and take back with a signature instead of storing it. The
// text is "v1.<key number>.<field>....<mac>"; the mac covers the purpose, so a ticket for one
// purpose is worth nothing for another. Verified in constant time; any failure is one and the same
// error.

#include <string>
#include <string_view>
#include <vector>

#include "base/id.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"

namespace app {

enum class Purpose { link, seat_cookie, desk_cookie, organiser_cookie, probe };

// keys: newest first (port::Secrets::fetch). Fields: [a-z0-9-]+ each.
std::string sign_ticket(Purpose purpose, const std::vector<base::Secret>& keys,
                        const std::vector<std::string>& fields);
// The fields, exactly `count` of them; else not_found with an empty message.
base::Result<std::vector<std::string>> verify_ticket(Purpose purpose,
                                                     const std::vector<base::Secret>& keys,
                                                     std::string_view ticket, std::size_t count);

}  // namespace app
