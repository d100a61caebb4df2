#include "adapter/sqlite/backup.hpp"

#include "adapter/sqlite/disk.hpp"
#include "adapter/sqlite/files.hpp"
#include "adapter/sqlite/schema.hpp"

namespace adapter::sqlite {
namespace {

using base::ErrorKind;
using base::fail;
using base::Result;

constexpr int kCacheKib = 2048;

// All pages of one moment: a reader's snapshot is held while they are copied.
Result<> copy_pages(Connection& from, Connection& to) {
  auto* copying = sqlite3_backup_init(to.handle(), "main", from.handle(), "main");
  if (copying == nullptr) return sqlite_error(to.handle(), sqlite3_errcode(to.handle()), to.path());
  const int stepped = sqlite3_backup_step(copying, -1);
  const int finished = sqlite3_backup_finish(copying);
  if (stepped != SQLITE_DONE) return sqlite_error(nullptr, stepped, to.path());
  if (finished != SQLITE_OK) return sqlite_error(nullptr, finished, to.path());
  return {};
}

Result<> fill_copy(Connection& from, const std::string& to) {
  const auto connection = TRY(Connection::open(to, Connection::Mode::read_write, kCacheKib));
  TRY(copy_pages(from, *connection));
  // A copy is one file: no log beside it that could be lost or forgotten.
  return connection->execute("PRAGMA journal_mode = DELETE");
}

}  // namespace

Result<> verify_backup(const std::string& path) {
  TRY(check_store_file(system_disk(), path));
  const auto connection = TRY(Connection::open(path, Connection::Mode::read_only, kCacheKib));
  TRY(check_store(*connection));
  const auto version = TRY(connection->integer("PRAGMA user_version"));
  if (version < 1 || version > static_cast<std::int64_t>(schema_steps().size())) {
    return fail(ErrorKind::invalid, path + " was written by a newer howdah: use that one");
  }
  auto row = connection->query("PRAGMA integrity_check(1)");
  if (!TRY(row.step()) || row.text(0) != "ok") {
    return fail(ErrorKind::internal, path + " is damaged: use another backup", "",
                std::string(row.text(0)));
  }
  if (TRY(connection->integer("SELECT count(*) FROM meta WHERE name = 'identity'")) != 1) {
    return fail(ErrorKind::internal, path + " has no identity: use another backup");
  }
  return {};
}

Result<> copy_store(Connection& from, const std::string& to) {
  if (exists(to)) return fail(ErrorKind::conflict, to + " exists: backups never overwrite");
  const auto unfinished = to + ".partial";
  TRY(remove_file(unfinished));
  TRY(create_private_file(unfinished));
  auto done = fill_copy(from, unfinished);
  if (done) done = verify_backup(unfinished);
  if (done) done = system_disk().rename_new(unfinished, to);
  if (!done) ignore(remove_file(unfinished), "the first error says what is wrong");
  return done;
}

Result<> restore_backup(const std::string& backup, const std::string& store) {
  TRY(verify_backup(backup));
  for (const char* suffix : {"", "-wal", "-shm", "-journal"}) {
    // An old log beside a restored file would be played into it.
    if (exists(store + suffix)) {
      return fail(ErrorKind::conflict, store + suffix + " is there: move it away first");
    }
  }
  const auto connection = TRY(Connection::open(backup, Connection::Mode::read_only, kCacheKib));
  return copy_store(*connection, store);
}

}  // namespace adapter::sqlite
