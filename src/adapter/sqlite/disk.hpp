#pragma once
// Disk: where the files of a store lie. The system's own in the product; the simulation and tests
// have one that fails and loses power (sim/disk). SQLite reaches the same files through the VFS
// that it names.

#include <string>

#include "base/result.hpp"

namespace adapter::sqlite {

class Disk {
 public:
  virtual ~Disk() = default;

  // The VFS for SQLite; empty: its default.
  virtual std::string vfs() const = 0;
  // From so many pages on, the write-ahead log is copied into the store's file. That costs two
  // syncs more: rarely, with a bounded log.
  virtual int log_pages() const { return 4000; }

  virtual bool exists(const std::string& path) = 0;
  // Private to its owner; conflict when it exists.
  virtual base::Result<> create(const std::string& path) = 0;
  // unavailable: this process may not write the file, or not make others beside it.
  virtual base::Result<> check_may_write(const std::string& path) = 0;
  // Takes away what the group and others may do.
  virtual base::Result<> make_private(const std::string& path) = 0;
  // Nothing there is success.
  virtual base::Result<> remove(const std::string& path) = 0;
  // As it is now, private to its owner; replaces what `to` names. Not durable by itself.
  virtual base::Result<> copy(const std::string& from, const std::string& to) = 0;
  // Both durable when this answers; conflict when `to` exists.
  base::Result<> rename_new(const std::string& from, const std::string& to);
  // At most `count` first bytes; not_found when there is no file.
  virtual base::Result<std::string> read_head(const std::string& path, std::size_t count) = 0;

 private:
  virtual base::Result<> sync(const std::string& path) = 0;
  virtual base::Result<> rename(const std::string& from, const std::string& to) = 0;
  virtual base::Result<> sync_folder_of(const std::string& path) = 0;
};

// The system's: files.hpp.
Disk& system_disk();

}  // namespace adapter::sqlite
