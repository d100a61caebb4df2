#pragma once
// Store: the meetings of a world, in the in-memory store or, in some worlds, in the real SQLite
// store on a disk that keeps what it promised and no more. Whoever holds a reference to this one
// meets the store as it is opened again after each death of its process.

#include <memory>
#include <optional>
#include <set>
#include <string>

#include "adapter/memory/meeting_store.hpp"
#include "adapter/sqlite/store.hpp"
#include "disk/disk.hpp"

namespace sim {

class Store final : public port::MeetingStore {
 public:
  Store(const std::string& identity, std::uint64_t seed, bool on_disk);
  ~Store() override;

  bool on_disk() const { return disk_ != nullptr; }
  port::KeyStore& keys() { return memory_; }
  // Makes the row of a meeting unreadable, or readable again.
  void spoil(const domain::MeetingId& id, bool spoilt = true);
  bool is_spoilt(const domain::MeetingId& id) const { return spoilt_.contains(id); }

  // On a disk only. The process that had it open dies, what it wrote stays; it is opened again.
  void open_after_death();
  // The power goes at the nth change of the disk from now on; then open_after_power_loss().
  void lose_power_at(std::uint32_t nth);
  // The power goes now, if it has not yet, and comes back; it is opened again.
  void open_after_power_loss();
  // Why it could not be opened.
  const std::optional<base::Error>& broken() const { return broken_; }
  // The identity that it was made with is the one that it has.
  bool is_same() const { return sqlite_ && sqlite_->identity() == made_as_; }

  std::string identity() override { return memory_.identity(); }
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

 private:
  port::MeetingStore& real();
  void open();
  void run_sql(std::string_view sql, const domain::MeetingId& id);

  adapter::memory::MemoryStore memory_;
  base::Rng rng_;
  std::unique_ptr<Disk> disk_;
  std::unique_ptr<adapter::sqlite::SqliteStore> sqlite_;
  std::optional<base::Error> broken_;
  std::string made_as_;
  std::set<domain::MeetingId> spoilt_;
  std::optional<Medium> left_;  // by the power, when it has gone in the middle of a write
};

}  // namespace sim
