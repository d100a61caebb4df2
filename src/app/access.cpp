#include "app/access.hpp"

#include <algorithm>
#include <charconv>

#include "app/ticket.hpp"
#include "base/crypto.hpp"

namespace app {
namespace {

using base::ErrorKind;
using base::fail;
using base::Result;

constexpr std::string_view kFirstPrincipal = "organiser";
constexpr std::string_view kSessionKey = "session_key";
constexpr base::Duration kCookieLife = std::chrono::hours(24 * 7);
constexpr base::Duration kLoginLife = std::chrono::hours(24);

std::string hash_of(std::string_view secret) {
  return base::to_hex(base::as_bytes(base::sha256(secret)));
}

tl::unexpected<base::Error> not_logged_in() {
  return fail(ErrorKind::denied, "log in first: `howdah url` prints a new login address");
}

}  // namespace

Result<Principal> Access::principal_of(const port::ApiKey& key) const {
  if (key.revoked_at) return not_logged_in();
  return Principal{key.principal, key.scopes};
}

Result<Principal> Access::by_key(std::string_view key) {
  auto found = ports_.keys.find_key(hash_of(key));
  if (!found && found.error().kind == ErrorKind::not_found) return not_logged_in();
  return principal_of(TRY(std::move(found)));
}

Result<Principal> Access::by_cookie(std::string_view cookie) {
  const auto keys = TRY(ports_.secrets.fetch(kSessionKey));
  const auto fields = verify_ticket(Purpose::organiser_cookie, keys, cookie, 2);
  if (!fields) return not_logged_in();
  std::int64_t expires = 0;
  const auto& text = fields->at(1);
  std::from_chars(text.data(), text.data() + text.size(), expires);
  if (ports_.clock.now() >= base::from_unix_ms(expires)) return not_logged_in();
  const auto all = TRY(ports_.keys.keys());
  const auto key = std::find_if(all.begin(), all.end(), [&](const port::ApiKey& one) {
    return one.principal.text() == fields->at(0);
  });
  if (key == all.end()) return not_logged_in();
  return principal_of(*key);
}

Result<std::string> Access::login(std::string_view code) {
  const auto now = ports_.clock.now();
  auto who = ports_.keys.take_login(hash_of(code), now);
  if (!who && who.error().kind == ErrorKind::not_found) {
    return fail(ErrorKind::denied,
                "this login address was used or is too old: `howdah url` prints a new one");
  }
  const auto principal = TRY(std::move(who));
  const auto keys = TRY(ports_.secrets.fetch(kSessionKey));
  return sign_ticket(Purpose::organiser_cookie, keys,
                     {principal.text(), std::to_string(base::to_unix_ms(now + kCookieLife))});
}

Result<std::pair<base::Secret, base::Timestamp>> Access::new_login(const domain::PrincipalId& who) {
  const auto code = base::to_base64url(ports_.entropy.bytes(24));
  const auto expires = ports_.clock.now() + kLoginLife;
  TRY(ports_.keys.add_login(hash_of(code), who, expires));
  return std::pair{base::Secret(code), expires};
}

Result<NewKey> Access::add_key(const Principal& who, std::string_view name,
                               const std::set<port::Scope>& scopes) {
  TRY(may(who, Operation::operate));
  auto principal = domain::PrincipalId::parse(name);
  if (!principal) {
    return fail(ErrorKind::invalid, "must be 1 to 63 of a-z, 0-9 and dashes", "name");
  }
  if (scopes.empty()) return fail(ErrorKind::invalid, "must name at least one scope", "scopes");
  const auto text = "hk_" + base::to_base64url(ports_.entropy.bytes(32));
  TRY(ports_.keys.add_key({.principal = *principal,
                           .hash = hash_of(text),
                           .scopes = scopes,
                           .created_at = ports_.clock.now()}));
  return NewKey{*principal, base::Secret(text)};
}

Result<std::vector<port::ApiKey>> Access::keys(const Principal& who) {
  TRY(may(who, Operation::operate));
  return ports_.keys.keys();
}

Result<> Access::revoke(const Principal& who, std::string_view name) {
  TRY(may(who, Operation::operate));
  const auto principal = domain::PrincipalId::parse(name);
  if (!principal) return fail(ErrorKind::not_found, "no such key");
  return ports_.keys.revoke_key(*principal, ports_.clock.now());
}

Result<> Access::ensure_key(const base::Secret& key) {
  const auto hash = hash_of(key.reveal());
  const auto found = ports_.keys.find_key(hash);
  if (found) return {};
  if (found.error().kind != ErrorKind::not_found) {
    return tl::unexpected<base::Error>(found.error());
  }
  const auto all = TRY(ports_.keys.keys());
  // The file was replaced: the new key gets a name of its own, the old one can be revoked.
  std::string name(kFirstPrincipal);
  const auto taken = [&](const port::ApiKey& one) { return one.principal.text() == name; };
  for (int n = 2; std::any_of(all.begin(), all.end(), taken); ++n) {
    name = std::string(kFirstPrincipal) + "-" + std::to_string(n);
  }
  return ports_.keys.add_key(
      {.principal = TRY(domain::PrincipalId::parse(name)),
       .hash = hash,
       .scopes = {port::Scope::book, port::Scope::read, port::Scope::operate},
       .created_at = ports_.clock.now()});
}

}  // namespace app
