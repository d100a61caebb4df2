#include "adapter/sqlite/store.hpp"

// API keys and login codes: KeyStore.

namespace adapter::sqlite {
namespace {

using base::ErrorKind;
using base::fail;
using base::Result;

// Each start of the server makes a login code; those that nobody takes must not pile up.
constexpr std::int64_t kLoginsMax = 100;

constexpr std::array kScopes{port::Scope::book, port::Scope::read, port::Scope::operate};

std::int64_t bit(port::Scope scope) {
  return std::int64_t{1} << static_cast<int>(scope);
}

Result<port::ApiKey> read_key(const Query& row) {
  auto principal = domain::PrincipalId::parse(row.text(0));
  if (!principal) return fail(ErrorKind::internal, "a key's row can't be read");
  port::ApiKey key{
      *std::move(principal), std::string(row.text(1)), {}, row.instant(3), row.maybe_instant(4)};
  for (const auto scope : kScopes) {
    if ((row.integer(2) & bit(scope)) != 0) key.scopes.insert(scope);
  }
  return key;
}

}  // namespace

Result<> SqliteStore::add_key(const port::ApiKey& key) {
  std::int64_t scopes = 0;
  for (const auto scope : key.scopes) scopes |= bit(scope);
  const auto added = writer_.run([&](Connection& connection) -> Result<> {
    TRY(connection
            .query("INSERT INTO api_keys (principal, hash, scopes, created_at, revoked_at) "
                   "VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING")
            .bind(std::string_view(key.principal.text()))
            .bind(std::string_view(key.hash))
            .bind(scopes)
            .bind(key.created_at)
            .bind(key.revoked_at)
            .run());
    if (connection.rows_changed() == 0) {
      return fail(ErrorKind::conflict, "a key of this name exists: names are never used again");
    }
    return {};
  });
  forget_keys();
  return added;
}

Result<std::vector<port::ApiKey>> SqliteStore::keys() {
  auto reader = TRY(readers_.take());
  auto row = reader->query(
      "SELECT principal, hash, scopes, created_at, revoked_at FROM api_keys ORDER BY principal");
  std::vector<port::ApiKey> all;
  while (TRY(row.step())) {
    if (auto key = read_key(row)) all.push_back(*std::move(key));
  }
  return all;
}

Result<std::map<std::string, port::ApiKey>> SqliteStore::read_keys() {
  std::map<std::string, port::ApiKey> by_hash;
  for (auto& key : TRY(keys())) {
    auto hash = key.hash;
    by_hash.emplace(std::move(hash), std::move(key));
  }
  return by_hash;
}

void SqliteStore::forget_keys() {
  const std::lock_guard lock(keys_mutex_);
  keys_.reset();
  ++key_changes_;
}

Result<port::ApiKey> SqliteStore::find_key(const std::string& hash) {
  const auto find = [&](const std::map<std::string, port::ApiKey>& known) -> Result<port::ApiKey> {
    const auto found = known.find(hash);
    if (found == known.end()) return fail(ErrorKind::not_found, "no such key");
    return found->second;
  };
  std::uint64_t changes = 0;
  {
    const std::lock_guard lock(keys_mutex_);
    if (keys_) return find(*keys_);
    changes = key_changes_;
  }
  auto read = TRY(read_keys());
  auto key = find(read);
  const std::lock_guard lock(keys_mutex_);
  if (changes == key_changes_) keys_ = std::move(read);  // else it may be older than the change
  return key;
}

Result<> SqliteStore::revoke_key(const domain::PrincipalId& principal, base::Timestamp now) {
  const auto revoked = writer_.run([&](Connection& connection) -> Result<> {
    TRY(connection
            .query("UPDATE api_keys SET revoked_at = coalesce(revoked_at, ?) WHERE principal = ?")
            .bind(now)
            .bind(std::string_view(principal.text()))
            .run());
    if (connection.rows_changed() == 0) return fail(ErrorKind::not_found, "no such key");
    return {};
  });
  forget_keys();
  return revoked;
}

Result<> SqliteStore::add_login(const std::string& code_hash, const domain::PrincipalId& principal,
                                base::Timestamp expires_at) {
  return writer_.run([&](Connection& connection) -> Result<> {
    TRY(connection
            .query("INSERT INTO logins (hash, principal, expires_at) VALUES (?, ?, ?) "
                   "ON CONFLICT DO NOTHING")
            .bind(std::string_view(code_hash))
            .bind(std::string_view(principal.text()))
            .bind(expires_at)
            .run());
    if (connection.rows_changed() == 0) {
      return fail(ErrorKind::conflict, "this login code exists");
    }
    return connection
        .query(
            "DELETE FROM logins WHERE hash IN "
            "(SELECT hash FROM logins ORDER BY expires_at DESC LIMIT -1 OFFSET ?)")
        .bind(kLoginsMax)
        .run();
  });
}

Result<domain::PrincipalId> SqliteStore::take_login(const std::string& code_hash,
                                                    base::Timestamp now) {
  std::string principal;
  TRY(writer_.run([&](Connection& connection) -> Result<> {
    TRY(connection.query("DELETE FROM logins WHERE expires_at <= ?").bind(now).run());
    {
      auto row = connection.query("SELECT principal FROM logins WHERE hash = ?");
      row.bind(std::string_view(code_hash));
      if (TRY(row.step())) principal = row.text(0);
    }
    return connection.query("DELETE FROM logins WHERE hash = ?")
        .bind(std::string_view(code_hash))
        .run();
  }));
  auto taken = domain::PrincipalId::parse(principal);
  if (!taken) return fail(ErrorKind::not_found, "no such login code");
  return taken;
}

}  // namespace adapter::sqlite
