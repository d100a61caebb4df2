#include "adapter/sqlite/schema.hpp"

#include <array>

#include "base/log.hpp"

namespace adapter::sqlite {
namespace {

using base::ErrorKind;
using base::fail;
using base::Result;

// Meetings have an integer key so that a booking's rows lie at the ends of their tables: few pages
// are written. The change feed is the cursor of each meeting's newest change; the idempotency key
// lives with its meeting; both therefore go when the meeting goes. Only live meetings are in the
// wake index.
constexpr std::string_view kMeetings = R"sql(
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE trial (id INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;

CREATE TABLE meetings (
  key INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  version INTEGER NOT NULL,
  owner TEXT NOT NULL,
  start INTEGER NOT NULL,
  wake_at INTEGER,
  over_at INTEGER,
  desktops INTEGER NOT NULL,
  cursor INTEGER NOT NULL,
  request_owner TEXT,
  request_key TEXT,
  request_hash TEXT,
  body TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX meetings_cursor ON meetings (cursor);
CREATE UNIQUE INDEX meetings_request ON meetings (request_owner, request_key)
  WHERE request_key IS NOT NULL;
CREATE INDEX meetings_start ON meetings (start);
CREATE INDEX meetings_owner ON meetings (owner, start);
CREATE INDEX meetings_live ON meetings (wake_at, id, over_at) WHERE over_at IS NULL;
CREATE INDEX meetings_late ON meetings (wake_at, id)
  WHERE over_at IS NOT NULL AND wake_at IS NOT NULL;
CREATE INDEX meetings_over ON meetings (over_at, id) WHERE over_at IS NOT NULL;
CREATE INDEX meetings_desktops ON meetings (owner, id, desktops) WHERE desktops > 0;
CREATE TRIGGER meetings_kept BEFORE DELETE ON meetings WHEN OLD.over_at IS NULL
BEGIN SELECT raise(ABORT, 'a meeting that is not over is not removed'); END;

CREATE TABLE audit (
  meeting INTEGER NOT NULL,
  number INTEGER NOT NULL,
  at INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  actor TEXT NOT NULL,
  action TEXT NOT NULL,
  target TEXT NOT NULL,
  result TEXT NOT NULL,
  detail TEXT NOT NULL,
  PRIMARY KEY (meeting, number)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER audit_appended BEFORE INSERT ON audit
WHEN NEW.number <> 1 + (SELECT coalesce(max(number), 0) FROM audit WHERE meeting = NEW.meeting)
BEGIN SELECT raise(ABORT, 'the audit is numbered without gaps'); END;
CREATE TRIGGER audit_unchanged BEFORE UPDATE ON audit
BEGIN SELECT raise(ABORT, 'the audit is append-only'); END;
CREATE TRIGGER audit_kept BEFORE DELETE ON audit
WHEN EXISTS (SELECT 1 FROM meetings WHERE key = OLD.meeting)
BEGIN SELECT raise(ABORT, 'the audit goes only with its meeting'); END;

CREATE TABLE launches (at INTEGER NOT NULL, owner TEXT NOT NULL, count INTEGER NOT NULL) STRICT;
CREATE INDEX launches_at ON launches (at, owner, count);
CREATE TABLE consumers (name TEXT PRIMARY KEY, cursor INTEGER NOT NULL) STRICT, WITHOUT ROWID;
)sql";

constexpr std::string_view kKeys = R"sql(
CREATE TABLE api_keys (
  principal TEXT PRIMARY KEY,
  hash TEXT NOT NULL UNIQUE,
  scopes INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  revoked_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE TABLE logins (
  hash TEXT PRIMARY KEY,
  principal TEXT NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX logins_expires ON logins (expires_at);
)sql";

constexpr std::array kSteps{kMeetings, kKeys};

Result<> fill(Disk& disk, const std::string& path, const std::string& identity) {
  const auto connection =
      TRY(Connection::open(path, Connection::Mode::read_write, 256, disk.vfs()));
  TRY(connection->execute("PRAGMA application_id = " + std::to_string(kApplicationId)));
  TRY(migrate(*connection, schema_steps()));
  TRY(connection->query("INSERT INTO meta (name, value) VALUES ('identity', ?)")
          .bind(std::string_view(identity))
          .run());
  return connection->execute("PRAGMA journal_mode = WAL");
}

auto not_ours(const std::string& path, const std::string& what) {
  return fail(ErrorKind::invalid, path + " " + what +
                                      ": move it away, restore a backup there, or choose another "
                                      "state folder");
}

// What the log will write over; nobody's file is lost by that. Of several the first is kept.
Result<> keep_aside(Disk& disk, const std::string& path) {
  const auto aside = path + ".damaged";
  if (disk.exists(aside)) return {};
  TRY(disk.copy(path, aside + ".new"));
  TRY(disk.rename_new(aside + ".new", aside));
  base::log(base::LogLevel::warn, "the store was damaged and is restored from its log",
            {{"path", path}, {"kept", aside}});
  return {};
}

}  // namespace

Steps schema_steps() {
  return kSteps;
}

Result<> create_store(Disk& disk, const std::string& path, const std::string& identity) {
  for (const char* suffix : {"-wal", "-shm", "-journal"}) {
    if (disk.exists(path + suffix)) {
      return fail(ErrorKind::invalid, path + " is gone, but " + path + suffix +
                                          " is there: put the store back, or move that away");
    }
  }
  const auto unfinished = path + ".new";
  for (const char* suffix : {"", "-wal", "-shm", "-journal"}) {
    TRY(disk.remove(unfinished + suffix));
  }
  TRY(disk.create(unfinished));
  auto filled = fill(disk, unfinished, identity);
  if (filled) filled = disk.rename_new(unfinished, path);
  if (!filled) {
    ignore(disk.remove(unfinished), "the first error says what is wrong");
    return filled;
  }
  return {};
}

Result<> check_store_file(Disk& disk, const std::string& path) {
  constexpr std::string_view kMagic("SQLite format 3\0", 16);
  constexpr std::size_t kHeaderBytes = 100;
  constexpr std::size_t kApplicationIdAt = 68;
  const auto header = TRY(disk.read_head(path, kHeaderBytes));
  if (header.empty()) return not_ours(path, "is empty");
  if (header.size() < kHeaderBytes || header.substr(0, kMagic.size()) != kMagic) {
    // When the power goes during a checkpoint, anything may be left here: the log has it whole. But
    // it may as well be a file that somebody put here.
    if (disk.exists(path + "-wal")) return keep_aside(disk, path);
    return not_ours(path, "is not a store of howdah, or is damaged");
  }
  std::int64_t application_id = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    application_id =
        application_id * 256 + static_cast<unsigned char>(header[kApplicationIdAt + i]);
  }
  if (application_id != kApplicationId) return not_ours(path, "belongs to another program");
  return {};
}

Result<> check_store(Connection& connection) {
  const auto id = TRY(connection.integer("PRAGMA application_id"));
  if (id != kApplicationId) return not_ours(connection.path(), "belongs to another program");
  return {};
}

Result<> migrate(Connection& connection, Steps steps) {
  const auto version = TRY(connection.integer("PRAGMA user_version"));
  const auto newest = static_cast<std::int64_t>(steps.size());
  if (version < 0 || version > newest) {
    return fail(ErrorKind::invalid, connection.path() + " was written by a newer howdah (schema " +
                                        std::to_string(version) + ", this one knows " +
                                        std::to_string(newest) +
                                        "): upgrade howdah, or restore a backup made before");
  }
  for (auto at = version; at < newest; ++at) {
    TRY(connection.execute("BEGIN IMMEDIATE"));
    auto done = connection.execute(std::string(steps[static_cast<std::size_t>(at)]) +
                                   "; PRAGMA user_version = " + std::to_string(at + 1));
    if (done) done = connection.execute("COMMIT");
    if (!done) {
      if (connection.in_transaction()) {
        ignore(connection.execute("ROLLBACK"), "the step failed already");
      }
      return done;
    }
  }
  return {};
}

}  // namespace adapter::sqlite
