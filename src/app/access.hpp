#pragma once
// Organisers' keys, logins and cookies. Keys and codes are stored as hashes; a cookie is a ticket
// that names its principal and is void when that key was revoked or it expired (7 days).
// Thread-safe.

#include <string>
#include <string_view>
#include <vector>

#include "app/ports.hpp"
#include "app/principal.hpp"

namespace app {

struct NewKey {
  domain::PrincipalId principal;
  base::Secret key;  // shown once
};

class Access {
 public:
  explicit Access(const Ports& ports) : ports_(ports) {}

  // denied (one message for all) when the key or cookie is not good.
  base::Result<Principal> by_key(std::string_view key);
  base::Result<Principal> by_cookie(std::string_view cookie);

  // Code -> cookie value.
  base::Result<std::string> login(std::string_view code);
  // A single-use login code for `who`, good for 24 h.
  base::Result<std::pair<base::Secret, base::Timestamp>> new_login(const domain::PrincipalId& who);

  base::Result<NewKey> add_key(const Principal& who, std::string_view name,
                               const std::set<port::Scope>& scopes);
  base::Result<std::vector<port::ApiKey>> keys(const Principal& who);
  base::Result<> revoke(const Principal& who, std::string_view name);

  // At start: stores the hash of the key in <state>/api_key for the principal "organiser" if the
  // store does not have it.
  base::Result<> ensure_key(const base::Secret& key);

 private:
  base::Result<Principal> principal_of(const port::ApiKey& key) const;
  const Ports& ports_;
};

}  // namespace app
