#pragma once
// MemoryStore: MeetingStore and KeyStore in ordered maps, for tests and the simulation. Keeps every
// promise of both contracts but durability: what it holds ends with it. Deterministic: the same
// calls give the same answers. Thread-safe; no call waits for anything but the lock.

#include <map>
#include <mutex>
#include <set>

#include "port/key_store.hpp"
#include "port/meeting_store.hpp"

namespace adapter::memory {

class MemoryStore : public port::MeetingStore, public port::KeyStore {
 public:
  explicit MemoryStore(std::string identity) : identity_(std::move(identity)) {}

  std::string identity() override { return identity_; }
  base::Result<port::Created> create(const port::Commit& commit,
                                     const std::optional<port::IdempotencyKey>& key) override;
  base::Result<std::optional<domain::Meeting>> made_by(const port::IdempotencyKey& key) override;
  base::Result<domain::Meeting> load(const domain::MeetingId& id) override;
  base::Result<std::uint64_t> save(const port::Commit& commit) override;
  base::Result<> append_audit(const domain::MeetingId& id,
                              const std::vector<port::AuditEntry>& entries) override;
  base::Result<std::vector<port::AuditEntry>> audit(const domain::MeetingId& id) override;
  base::Result<std::vector<domain::MeetingId>> due(base::Timestamp now, std::size_t limit) override;
  base::Result<std::optional<base::Timestamp>> next_wake() override;
  base::Result<port::Page> list(const std::optional<domain::PrincipalId>& owner,
                                const std::string& from, std::size_t limit) override;
  base::Result<std::vector<domain::MeetingId>> live() override;
  base::Result<std::vector<std::pair<std::string, std::string>>> parked() override;
  base::Result<std::vector<port::Change>> changes(std::uint64_t after, std::size_t limit) override;
  base::Result<std::uint64_t> cursor(const std::string& consumer) override;
  base::Result<> set_cursor(const std::string& consumer, std::uint64_t cursor) override;
  base::Result<std::size_t> purge(base::Timestamp before, std::size_t limit) override;

  base::Result<> add_key(const port::ApiKey& key) override;
  base::Result<std::vector<port::ApiKey>> keys() override;
  base::Result<port::ApiKey> find_key(const std::string& hash) override;
  base::Result<> revoke_key(const domain::PrincipalId& principal, base::Timestamp now) override;
  base::Result<> add_login(const std::string& code_hash, const domain::PrincipalId& principal,
                           base::Timestamp expires_at) override;
  base::Result<domain::PrincipalId> take_login(const std::string& code_hash,
                                               base::Timestamp now) override;

  // Makes the row of a meeting unreadable, as a damaged one would be, or readable again.
  void spoil(const domain::MeetingId& id, bool spoilt = true);

 private:
  struct Row {
    domain::Meeting meeting;
    std::int64_t key = 0;      // in the order of creation
    std::uint64_t cursor = 0;  // place of its newest change in the feed
    std::vector<port::AuditEntry> audit;
    std::optional<port::IdempotencyKey> request;
  };
  struct Launches {
    base::Timestamp at;
    domain::PrincipalId owner;
    std::uint32_t count = 0;
  };
  struct Login {
    domain::PrincipalId principal;
    base::Timestamp expires_at;
  };

  base::Result<> take_budget(const port::Commit& commit);
  void write(Row& row, const port::Commit& commit, std::uint64_t version);
  base::Result<std::optional<domain::Meeting>> replay(const port::IdempotencyKey& key);
  Row* find_replay(const port::IdempotencyKey& key);

  const std::string identity_;
  std::mutex mutex_;
  std::map<domain::MeetingId, Row> rows_;
  std::set<domain::MeetingId> spoilt_;
  std::int64_t last_key_ = 0;
  std::uint64_t last_cursor_ = 0;
  std::map<std::string, std::uint64_t> consumers_;
  std::vector<Launches> launches_;
  std::map<domain::PrincipalId, port::ApiKey> keys_;
  std::map<std::string, Login> logins_;
};

}  // namespace adapter::memory
