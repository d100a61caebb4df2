#include "adapter/sqlite/store.hpp"

#include "adapter/sqlite/backup.hpp"
#include "adapter/sqlite/schema.hpp"
#include "base/check.hpp"
#include "base/crypto.hpp"

// How a store is opened, and what can be said of it as a whole.

namespace adapter::sqlite {
namespace {

using base::ErrorKind;
using base::fail;
using base::Result;

using namespace std::chrono_literals;  // NOLINT: 30s reads better than any alternative

constexpr std::size_t kEntropyBytes = 16;
constexpr base::Duration kTrialEvery = 30s;
// SQLite looks through all of it at nearly every commit (a page that was split has had a number far
// beyond the file's end for a moment).
constexpr int kWriterCacheKib = 2048;

// Cursors never come twice, or a consumer would overlook a change: neither those of meetings that
// were purged nor those that a consumer has seen.
Result<std::uint64_t> newest_cursor(Connection& connection) {
  return static_cast<std::uint64_t>(
      TRY(connection.integer("SELECT max((SELECT coalesce(max(cursor), 0) FROM meetings),"
                             "           (SELECT coalesce(max(cursor), 0) FROM consumers),"
                             "           (SELECT coalesce(max(CAST(value AS INTEGER)), 0) FROM "
                             "meta WHERE name = 'feed'))")));
}

Result<std::string> read_identity(Connection& connection) {
  auto row = connection.query("SELECT value FROM meta WHERE name = 'identity'");
  if (!TRY(row.step()) || row.text(0).empty()) {
    return fail(ErrorKind::internal, "the store at " + connection.path() +
                                         " has lost its identity: restore the last backup");
  }
  return std::string(row.text(0));
}

Result<> prepare_writer(Connection& writer, const Disk& disk) {
  return writer.execute(
      "PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = " + std::to_string(disk.log_pages()) +
      "; PRAGMA journal_size_limit = 33554432");
}

}  // namespace

Result<std::unique_ptr<SqliteStore>> SqliteStore::open(const std::string& path,
                                                       std::string_view entropy_bytes, Disk& disk) {
  CHECK(entropy_bytes.size() >= kEntropyBytes);
  if (!disk.exists(path)) {
    TRY(create_store(disk, path, "s" + base::to_base32(entropy_bytes.substr(0, kEntropyBytes))));
  }
  TRY(check_store_file(disk, path));
  TRY(disk.check_may_write(path));  // here, not at the first booking
  auto writer =
      TRY(Connection::open(path, Connection::Mode::read_write, kWriterCacheKib, disk.vfs()));
  TRY(check_store(*writer));
  TRY(prepare_writer(*writer, disk));
  TRY(disk.make_private(path));
  TRY(migrate(*writer, schema_steps()));
  auto identity = TRY(read_identity(*writer));
  const auto cursor = TRY(newest_cursor(*writer));
  std::unique_ptr<SqliteStore> store(
      new SqliteStore(path, disk, std::move(writer), std::move(identity), cursor));
  TRY(store->check_writable());
  return store;
}

Result<> SqliteStore::healthy() {
  auto failure = writer_.failure();
  if (failure) return tl::unexpected<base::Error>(*std::move(failure));
  return {};
}

Result<> SqliteStore::check_writable() {
  // Several pages, as a group of bookings would need.
  return writer_.run([](Connection& connection) {
    return connection.query("INSERT OR REPLACE INTO trial (id, data) VALUES (1, zeroblob(65536))")
        .run();
  });
}

Result<> SqliteStore::ready(base::Timestamp now) {
  if (!healthy()) return check_writable();
  const auto now_ms = base::to_unix_ms(now);
  auto tried_ms = tried_ms_.load();
  // A clock that was ahead must not put the next try off.
  const bool fresh = tried_ms <= now_ms && now_ms - tried_ms < kTrialEvery / 1ms;
  // One of those who ask at the same time.
  if (fresh || !tried_ms_.compare_exchange_strong(tried_ms, now_ms)) return {};
  return check_writable();
}

Result<> SqliteStore::backup(const std::string& to) {
  auto reader = TRY(readers_.take());
  return copy_store(*reader.operator->(), to);
}

Result<std::vector<std::pair<std::string, std::string>>> SqliteStore::parked() {
  const std::lock_guard lock(parked_mutex_);
  return std::vector<std::pair<std::string, std::string>>(parked_.begin(), parked_.end());
}

bool SqliteStore::is_parked(std::string_view id) {
  const std::lock_guard lock(parked_mutex_);
  return parked_.contains(id);
}

}  // namespace adapter::sqlite
