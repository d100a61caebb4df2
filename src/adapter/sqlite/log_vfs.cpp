#include "adapter/sqlite/log_vfs.hpp"

#include <sqlite3.h>

#include <cstddef>
#include <new>
#include <string>
#include <string_view>

#include "base/check.hpp"

namespace adapter::sqlite {
namespace {

constexpr std::string_view kPrefix = "gathering-";
constexpr std::size_t kGatheredMax = 65'536;

// A log's file: that of the VFS below follows it in memory, which SQLite aligns to 8 bytes.
struct LogFile {
  sqlite3_file base;
  std::string gathered;
  sqlite3_int64 at = 0;  // where it belongs
};

static_assert(alignof(LogFile) <= 8 && sizeof(LogFile) % 8 == 0);

LogFile& log_of(sqlite3_file* file) {
  return *reinterpret_cast<LogFile*>(file);
}

sqlite3_file* inner_of(sqlite3_file* file) {
  return reinterpret_cast<sqlite3_file*>(reinterpret_cast<std::byte*>(file) + sizeof(LogFile));
}

// Dropped when it fails: the commit fails, and SQLite writes over it.
int flush(sqlite3_file* file) {
  auto& log = log_of(file);
  if (log.gathered.empty()) return SQLITE_OK;
  auto* inner = inner_of(file);
  const int code = inner->pMethods->xWrite(inner, log.gathered.data(),
                                           static_cast<int>(log.gathered.size()), log.at);
  log.gathered.clear();
  return code;
}

int close_file(sqlite3_file* file) {
  const int flushed = flush(file);
  auto* inner = inner_of(file);
  const int closed = inner->pMethods->xClose(inner);
  log_of(file).~LogFile();
  file->pMethods = nullptr;
  return flushed == SQLITE_OK ? closed : flushed;
}

int read_file(sqlite3_file* file, void* to, int count, sqlite3_int64 at) {
  if (const int code = flush(file); code != SQLITE_OK) return code;
  auto* inner = inner_of(file);
  return inner->pMethods->xRead(inner, to, count, at);
}

int write_file(sqlite3_file* file, const void* from, int count, sqlite3_int64 at) {
  auto& log = log_of(file);
  const auto end = log.at + static_cast<sqlite3_int64>(log.gathered.size());
  if (at != end || log.gathered.size() + static_cast<std::size_t>(count) > kGatheredMax) {
    if (const int code = flush(file); code != SQLITE_OK) return code;
    log.at = at;
  }
  log.gathered.append(static_cast<const char*>(from), static_cast<std::size_t>(count));
  return SQLITE_OK;
}

int truncate_file(sqlite3_file* file, sqlite3_int64 size) {
  if (const int code = flush(file); code != SQLITE_OK) return code;
  auto* inner = inner_of(file);
  return inner->pMethods->xTruncate(inner, size);
}

int sync_file(sqlite3_file* file, int flags) {
  if (const int code = flush(file); code != SQLITE_OK) return code;
  auto* inner = inner_of(file);
  return inner->pMethods->xSync(inner, flags);
}

int file_size(sqlite3_file* file, sqlite3_int64* size) {
  if (const int code = flush(file); code != SQLITE_OK) return code;
  auto* inner = inner_of(file);
  return inner->pMethods->xFileSize(inner, size);
}

int lock_file(sqlite3_file* file, int level) {
  auto* inner = inner_of(file);
  return inner->pMethods->xLock(inner, level);
}

int unlock_file(sqlite3_file* file, int level) {
  auto* inner = inner_of(file);
  return inner->pMethods->xUnlock(inner, level);
}

int check_reserved(sqlite3_file* file, int* reserved) {
  auto* inner = inner_of(file);
  return inner->pMethods->xCheckReservedLock(inner, reserved);
}

int control(sqlite3_file* file, int operation, void* argument) {
  auto* inner = inner_of(file);
  return inner->pMethods->xFileControl(inner, operation, argument);
}

int sector_size(sqlite3_file* file) {
  auto* inner = inner_of(file);
  return inner->pMethods->xSectorSize(inner);
}

int characteristics(sqlite3_file* file) {
  auto* inner = inner_of(file);
  return inner->pMethods->xDeviceCharacteristics(inner);
}

constexpr sqlite3_io_methods kMethods{.iVersion = 1,
                                      .xClose = close_file,
                                      .xRead = read_file,
                                      .xWrite = write_file,
                                      .xTruncate = truncate_file,
                                      .xSync = sync_file,
                                      .xFileSize = file_size,
                                      .xLock = lock_file,
                                      .xUnlock = unlock_file,
                                      .xCheckReservedLock = check_reserved,
                                      .xFileControl = control,
                                      .xSectorSize = sector_size,
                                      .xDeviceCharacteristics = characteristics,
                                      .xShmMap = nullptr,
                                      .xShmLock = nullptr,
                                      .xShmBarrier = nullptr,
                                      .xShmUnmap = nullptr,
                                      .xFetch = nullptr,
                                      .xUnfetch = nullptr};

// The system calls of the VFS below take any VFS: they look at none but their own data.
sqlite3_vfs* inner_of(sqlite3_vfs* vfs) {
  return sqlite3_vfs_find(vfs->zName + kPrefix.size());
}

int open_file(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out) {
  auto* below = inner_of(vfs);
  if ((flags & SQLITE_OPEN_WAL) == 0) return below->xOpen(below, name, file, flags, out);
  auto* log = new (file) LogFile{};
  const int code = below->xOpen(below, name, inner_of(file), flags, out);
  if (code == SQLITE_OK) {
    file->pMethods = &kMethods;
  } else {
    log->~LogFile();
    file->pMethods = nullptr;
  }
  return code;
}

}  // namespace

LogVfs::LogVfs(const std::string& inner) {
  auto* below = sqlite3_vfs_find(inner.empty() ? nullptr : inner.c_str());
  CHECK(below != nullptr);
  name_ = std::string(kPrefix) + below->zName;
  vfs_ = std::make_unique<sqlite3_vfs>(*below);
  vfs_->pNext = nullptr;
  vfs_->zName = name_.c_str();
  vfs_->szOsFile += static_cast<int>(sizeof(LogFile));
  vfs_->xOpen = open_file;
  CHECK(sqlite3_vfs_register(vfs_.get(), 0) == SQLITE_OK);
}

LogVfs::~LogVfs() {
  sqlite3_vfs_unregister(vfs_.get());
}

}  // namespace adapter::sqlite
