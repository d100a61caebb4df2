#pragma once
// Connection and Query: the few parts of SQLite's interface that the store uses, with Result
// instead of codes. A connection belongs to one thread at a time; statements are prepared once per
// connection.

#include <sqlite3.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/time.hpp"

namespace adapter::sqlite {

// The last error of `handle` as an Error for `path`: what it means for the caller, what to do, and
// for logs SQLite's own words.
//   unavailable: full, read-only, busy, I/O: it did not happen; internal: damaged, or our fault
tl::unexpected<base::Error> sqlite_error(sqlite3* handle, int code, const std::string& path);

// One use of a prepared statement. Bind in order, step until there is no row; ends with the object.
// Errors of preparing and binding come out of step().
class Query {
 public:
  Query(sqlite3_stmt* statement, std::optional<base::Error> error, const std::string& path);
  Query(Query&& other) noexcept;
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;
  Query& operator=(Query&&) = delete;
  ~Query();

  // Texts must outlive the query.
  Query& bind(std::int64_t value);
  Query& bind(std::string_view text);
  Query& bind(base::Timestamp time) { return bind(base::to_unix_ms(time)); }
  template <class T>
  Query& bind(const std::optional<T>& value) {
    return value ? bind(*value) : bind_null();
  }
  Query& bind_null();

  // True: there is a row; false: done.
  base::Result<bool> step();
  // For statements that answer no row.
  base::Result<> run();

  bool is_null(int column) const;
  std::int64_t integer(int column) const;
  base::Timestamp instant(int column) const { return base::from_unix_ms(integer(column)); }
  std::optional<base::Timestamp> maybe_instant(int column) const;
  // Valid until the next step.
  std::string_view text(int column) const;

 private:
  void note(int code);

  sqlite3_stmt* statement_;
  std::optional<base::Error> error_;
  const std::string* path_;
  int bound_ = 0;
};

class Connection {
 public:
  enum class Mode { read_write, read_only };

  // Opens an existing file; `cache_kib` bounds the memory for pages; `vfs` as Disk says.
  static base::Result<std::unique_ptr<Connection>> open(const std::string& path, Mode mode,
                                                        int cache_kib, const std::string& vfs = "");
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  // `sql` must be a literal: the statement is kept under it.
  Query query(std::string_view sql);
  // Runs a script that answers nothing.
  base::Result<> execute(const std::string& sql);
  base::Result<std::int64_t> integer(const std::string& sql);

  std::int64_t rows_changed() const { return sqlite3_changes64(handle_); }
  bool in_transaction() const { return sqlite3_get_autocommit(handle_) == 0; }
  sqlite3* handle() const { return handle_; }
  const std::string& path() const { return path_; }

 private:
  Connection(sqlite3* handle, std::string path) : handle_(handle), path_(std::move(path)) {}

  sqlite3* handle_;
  const std::string path_;
  std::map<std::string_view, sqlite3_stmt*> statements_;
};

}  // namespace adapter::sqlite
