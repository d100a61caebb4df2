#pragma once
// LogVfs: a VFS for SQLite that gathers what goes to the write-ahead log. SQLite writes each page
// of a commit to it in two calls, a header and the page, some twenty for a booking; here they
// become one call, made before whatever needs it: a sync, a read, the size. What a commit promises
// is not changed: it is answered after its sync, and what would fail in a write fails in that sync,
// with the code of the write. A process that is killed before has not committed either way.
//
// For a store with one writer, as what a transaction that failed has left may be written after it.
//
// Sources: sqlite.org/vfs.html, sqlite.org/walformat.html; os_unix.c (seekAndWriteFd) writes at
// most 128 KiB in one call.

#include <sqlite3.h>

#include <memory>
#include <string>

namespace adapter::sqlite {

class LogVfs {
 public:
  // Over the VFS of that name, empty: SQLite's default, which must stay for as long as this.
  // Registered until this ends, not as the default.
  explicit LogVfs(const std::string& inner);
  LogVfs(const LogVfs&) = delete;
  LogVfs& operator=(const LogVfs&) = delete;
  ~LogVfs();

  // To open a connection with. Thread-safe.
  const std::string& name() const { return name_; }

 private:
  std::string name_;
  std::unique_ptr<sqlite3_vfs> vfs_;
};

}  // namespace adapter::sqlite
