#pragma once
// SqliteStore: MeetingStore and KeyStore in one SQLite file. Thread-safe. A write returns when it
// is on the disk (WAL, full sync), many callers sharing one sync; reads never wait for writes. One
// process at a time: StateLock (state_lock.hpp) sees to that.
//
// A row that cannot be read is parked when a read meets it, with its reason, until a read succeeds
// again; it never stands in the way of others. After a failed write, reads go on; healthy() says
// why not.

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>

#include "adapter/sqlite/disk.hpp"
#include "adapter/sqlite/group_commit.hpp"
#include "adapter/sqlite/reader_pool.hpp"
#include "port/key_store.hpp"
#include "port/meeting_store.hpp"

namespace adapter::sqlite {

class SqliteStore final : public port::MeetingStore, public port::KeyStore {
 public:
  // Opens the store at `path`, or makes one there whose identity is derived from `entropy_bytes`
  // (at least 16). Brings an older one forward. invalid: what is there is not a store of ours, or a
  // newer one; other errors say what to do. Nothing half-made is left behind.
  static base::Result<std::unique_ptr<SqliteStore>> open(const std::string& path,
                                                         std::string_view entropy_bytes,
                                                         Disk& disk = system_disk());

  // What a caller does while it waits for another's commit; false when there is nothing to do. May
  // call this store again. While nobody writes.
  void set_meanwhile(std::function<bool()> meanwhile) {
    writer_.set_meanwhile(std::move(meanwhile));
  }
  // Error: the last write failed, and why. Costs nothing.
  base::Result<> healthy();
  // Writes a little, in order to see whether a failure is over.
  base::Result<> check_writable();
  // healthy() of a store that nobody writes to, too: after a failure, and when the last try is
  // older than half a minute, check_writable(). So callers cost no more than that.
  base::Result<> ready(base::Timestamp now);
  // Copies the store as it is now, while it is in use, to a new file (mode 0600), and checks the
  // copy. conflict: `to` exists. Nothing is left there after an error.
  base::Result<> backup(const std::string& to);

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

 private:
  SqliteStore(const std::string& path, const Disk& disk, std::unique_ptr<Connection> writer,
              std::string identity, std::uint64_t last_cursor)
      : writer_(std::move(writer)),
        readers_(path, disk.vfs()),
        identity_(std::move(identity)),
        last_cursor_(last_cursor) {}

  base::Result<port::Created> create_in(Connection& connection, const port::Commit& commit,
                                        const std::string& body,
                                        const std::optional<port::IdempotencyKey>& key);
  base::Result<std::uint64_t> save_in(Connection& connection, const port::Commit& commit,
                                      const std::string& body);
  base::Result<std::size_t> purge_in(Connection& connection, base::Timestamp before,
                                     std::size_t limit);
  // The meeting in columns id, version, body (0, 1, 2); parks its row, or takes it from the parked.
  base::Result<std::optional<domain::Meeting>> replay(Connection& connection,
                                                      const port::IdempotencyKey& key);
  base::Result<domain::Meeting> read_meeting(const Query& row);
  bool is_parked(std::string_view id);
  base::Result<std::map<std::string, port::ApiKey>> read_keys();
  void forget_keys();

  // In this order: the readers close first, and the writer, last of all, empties the log into the
  // file. After a clean stop the file alone is the store.
  GroupCommit writer_;
  ReaderPool readers_;
  const std::string identity_;
  std::uint64_t last_cursor_;  // used by writes alone
  std::atomic<std::int64_t> tried_ms_ = 0;
  // API keys by hash, as they were last read: each request asks for one, they hardly ever change,
  // and all changes come through here.
  std::mutex keys_mutex_;
  std::optional<std::map<std::string, port::ApiKey>> keys_;
  std::uint64_t key_changes_ = 0;
  std::mutex parked_mutex_;
  std::map<std::string, std::string, std::less<>> parked_;  // id, reason
};

}  // namespace adapter::sqlite
