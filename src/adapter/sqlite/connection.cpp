#include "adapter/sqlite/connection.hpp"

#include "base/check.hpp"

namespace adapter::sqlite {
namespace {

using base::ErrorKind;
using base::fail;
using base::Result;

constexpr int kBusyMs = 5000;

}  // namespace

tl::unexpected<base::Error> sqlite_error(sqlite3* handle, int code, const std::string& path) {
  const int extended = handle == nullptr ? code : sqlite3_extended_errcode(handle);
  const std::string detail = std::string(sqlite3_errstr(code)) + ": " +
                             (handle == nullptr ? "" : sqlite3_errmsg(handle)) + " (code " +
                             std::to_string(extended) + ", " + path + ")";
  const auto failed = [&](ErrorKind kind, const std::string& message) {
    return fail(kind, message, "", detail);
  };
  switch (code & 0xff) {
    case SQLITE_FULL:
      return failed(ErrorKind::unavailable,
                    "the disk that holds the store is full: make room for " + path);
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return failed(ErrorKind::unavailable,
                    "the store is read-only: make " + path + " and its folder writable");
    case SQLITE_CANTOPEN:
      return failed(ErrorKind::unavailable, "the store can't be opened: look at " + path);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return failed(ErrorKind::unavailable,
                    "another program holds the store locked: close what has " + path + " open");
    case SQLITE_IOERR:
      return failed(ErrorKind::unavailable,
                    "the disk that holds the store fails: look at the system's log and " + path);
    case SQLITE_NOMEM:
      return failed(ErrorKind::unavailable, "out of memory");
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return failed(ErrorKind::internal, "the store is damaged: stop, keep a copy of " + path +
                                             ", and restore the last backup");
    default:
      return failed(ErrorKind::internal, "the store failed");
  }
}

Query::Query(sqlite3_stmt* statement, std::optional<base::Error> error, const std::string& path)
    : statement_(statement), error_(std::move(error)), path_(&path) {}

Query::Query(Query&& other) noexcept
    : statement_(std::exchange(other.statement_, nullptr)),
      error_(std::move(other.error_)),
      path_(other.path_),
      bound_(other.bound_) {}

Query::~Query() {
  if (statement_ == nullptr) return;
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

void Query::note(int code) {
  if (code == SQLITE_OK || error_) return;
  error_ = sqlite_error(sqlite3_db_handle(statement_), code, *path_).value();
}

Query& Query::bind(std::int64_t value) {
  if (statement_ != nullptr) note(sqlite3_bind_int64(statement_, ++bound_, value));
  return *this;
}

Query& Query::bind(std::string_view text) {
  if (statement_ != nullptr) {
    // An empty view may have no address, which SQLite would take for NULL.
    const char* bytes = text.empty() ? "" : text.data();
    note(sqlite3_bind_text64(statement_, ++bound_, bytes, text.size(), SQLITE_STATIC, SQLITE_UTF8));
  }
  return *this;
}

Query& Query::bind_null() {
  if (statement_ != nullptr) note(sqlite3_bind_null(statement_, ++bound_));
  return *this;
}

Result<bool> Query::step() {
  if (!error_) {
    CHECK(bound_ == sqlite3_bind_parameter_count(statement_));
    const int code = sqlite3_step(statement_);
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) return false;
    note(code);
  }
  return tl::unexpected<base::Error>(*error_);
}

Result<> Query::run() {
  const bool row = TRY(step());
  CHECK(!row);
  return {};
}

bool Query::is_null(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

std::int64_t Query::integer(int column) const {
  return sqlite3_column_int64(statement_, column);
}

std::optional<base::Timestamp> Query::maybe_instant(int column) const {
  if (is_null(column)) return std::nullopt;
  return instant(column);
}

std::string_view Query::text(int column) const {
  const auto* bytes = sqlite3_column_blob(statement_, column);
  if (bytes == nullptr) return {};
  return {static_cast<const char*>(bytes),
          static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

Result<std::unique_ptr<Connection>> Connection::open(const std::string& path, Mode mode,
                                                     int cache_kib, const std::string& vfs) {
  sqlite3* handle = nullptr;
  const int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
                    (mode == Mode::read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE);
  const int code =
      sqlite3_open_v2(path.c_str(), &handle, flags, vfs.empty() ? nullptr : vfs.c_str());
  std::unique_ptr<Connection> connection(new Connection(handle, path));
  if (code != SQLITE_OK) return sqlite_error(handle, code, path);
  sqlite3_busy_timeout(handle, kBusyMs);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  // A full sync on each commit: what was acknowledged survives a power cut (S24).
  TRY(
      connection->execute("PRAGMA synchronous = FULL; PRAGMA mmap_size = 0; "
                          "PRAGMA temp_store = MEMORY; PRAGMA cache_size = -" +
                          std::to_string(cache_kib)));
  return connection;
}

Connection::~Connection() {
  for (const auto& [sql, statement] : statements_) sqlite3_finalize(statement);
  sqlite3_close(handle_);
}

Query Connection::query(std::string_view sql) {
  auto found = statements_.find(sql);
  if (found == statements_.end()) {
    sqlite3_stmt* statement = nullptr;
    const int code = sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()),
                                        SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
    if (code != SQLITE_OK) {
      return {nullptr, sqlite_error(handle_, code, path_).value(), path_};
    }
    found = statements_.emplace(sql, statement).first;
  }
  return {found->second, std::nullopt, path_};
}

Result<> Connection::execute(const std::string& sql) {
  const int code = sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return sqlite_error(handle_, code, path_);
  return {};
}

Result<std::int64_t> Connection::integer(const std::string& sql) {
  sqlite3_stmt* statement = nullptr;
  int code = sqlite3_prepare_v2(handle_, sql.c_str(), -1, &statement, nullptr);
  if (code == SQLITE_OK) code = sqlite3_step(statement);
  if (code != SQLITE_ROW) {
    auto error = sqlite_error(handle_, code, path_);
    sqlite3_finalize(statement);
    return error;
  }
  const auto value = sqlite3_column_int64(statement, 0);
  sqlite3_finalize(statement);
  return value;
}

}  // namespace adapter::sqlite
