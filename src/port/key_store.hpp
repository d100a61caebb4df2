#pragma once
// KeyStore: API keys and single-use login codes of organisers. Only hashes are stored. Thread-safe
// and durable like MeetingStore.

#include <set>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "domain/ids.hpp"

namespace port {

enum class Scope { book, read, operate };

struct ApiKey {
  domain::PrincipalId principal;  // its name; unique, never reused
  std::string hash;               // hex of SHA-256 of the key
  std::set<Scope> scopes;
  base::Timestamp created_at;
  std::optional<base::Timestamp> revoked_at;
};

class KeyStore {
 public:
  virtual ~KeyStore() = default;
  // conflict: the name exists (also when revoked).
  virtual base::Result<> add_key(const ApiKey& key) = 0;
  virtual base::Result<std::vector<ApiKey>> keys() = 0;
  // not_found, or the key with this hash, revoked or not.
  virtual base::Result<ApiKey> find_key(const std::string& hash) = 0;
  virtual base::Result<> revoke_key(const domain::PrincipalId& principal, base::Timestamp now) = 0;

  virtual base::Result<> add_login(const std::string& code_hash,
                                   const domain::PrincipalId& principal,
                                   base::Timestamp expires_at) = 0;
  // Consumes the code: not_found when unknown, used or expired (one answer for all).
  virtual base::Result<domain::PrincipalId> take_login(const std::string& code_hash,
                                                       base::Timestamp now) = 0;
};

}  // namespace port
