#include "app/ticket.hpp"

#include "base/check.hpp"
#include "base/crypto.hpp"

namespace app {
namespace {

constexpr std::size_t kTicketBytesMax = 300;
constexpr std::string_view kVersion = "v1";

std::string_view name_of(Purpose purpose) {
  switch (purpose) {
    case Purpose::link:
      return "link";
    case Purpose::seat_cookie:
      return "seat";
    case Purpose::desk_cookie:
      return "desk";
    case Purpose::organiser_cookie:
      return "organiser";
    case Purpose::probe:
      return "probe";
  }
  return "";
}

// Names a key without telling anything about it.
std::string key_id(const base::Secret& key) {
  const auto digest = base::sha256(std::string("howdah key id ") + std::string(key.reveal()));
  return base::to_base32(base::as_bytes(digest).substr(0, 5));
}

std::string mac_of(Purpose purpose, const base::Secret& key, std::string_view text) {
  const auto message =
      std::string("howdah ") + std::string(name_of(purpose)) + ":" + std::string(text);
  return base::to_base64url(base::as_bytes(base::hmac_sha256(key, message)));
}

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> parts;
  for (;;) {
    const auto dot = text.find('.');
    parts.emplace_back(text.substr(0, dot));
    if (dot == std::string_view::npos) return parts;
    text.remove_prefix(dot + 1);
  }
}

}  // namespace

std::string sign_ticket(Purpose purpose, const std::vector<base::Secret>& keys,
                        const std::vector<std::string>& fields) {
  CHECK(!keys.empty());
  std::string text = std::string(kVersion) + "." + key_id(keys.front());
  for (const auto& field : fields) {
    CHECK(base::is_label(field));
    text += "." + field;
  }
  return text + "." + mac_of(purpose, keys.front(), text);
}

base::Result<std::vector<std::string>> verify_ticket(Purpose purpose,
                                                     const std::vector<base::Secret>& keys,
                                                     std::string_view ticket, std::size_t count) {
  CHECK(!keys.empty());
  const auto refuse = [] { return base::fail(base::ErrorKind::not_found, ""); };
  if (ticket.size() > kTicketBytesMax) ticket = {};
  auto parts = split(ticket);
  const bool shaped = parts.size() == count + 3 && parts[0] == kVersion;
  const auto body = ticket.substr(0, ticket.rfind('.'));
  // The same work whatever is wrong: one mac for each live key, each compared in constant time.
  bool good = false;
  for (const auto& key : keys) {
    const bool named = shaped && base::equal_constant_time(parts[1], key_id(key));
    const bool same = base::equal_constant_time(mac_of(purpose, key, body), parts.back());
    good = good || (named && same);
  }
  if (!shaped || !good) return refuse();
  std::vector<std::string> fields(parts.begin() + 2, parts.end() - 1);
  for (const auto& field : fields) {
    if (!base::is_label(field)) return refuse();
  }
  return fields;
}

}  // namespace app
