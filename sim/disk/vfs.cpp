// The VFS over a Disk: SQLite's calls, with the codes that SQLite's own VFS for Unix answers.

#include <sqlite3.h>

#include <cstring>

#include "base/check.hpp"
#include "disk/disk.hpp"

namespace sim {
namespace {

constexpr int kSectorBytes = 4096;
constexpr std::int64_t kJulianDayMs = 212'668'416'000'000;  // 2026 or so: nobody looks at it

struct Handle {
  sqlite3_file base;
  Disk* disk;
  Disk::Open* open;
};

Handle& handle(sqlite3_file* file) {
  return *reinterpret_cast<Handle*>(file);
}

Disk& disk_of(sqlite3_vfs* vfs) {
  return *static_cast<Disk*>(vfs->pAppData);
}

int close_file(sqlite3_file* file) {
  auto& at = handle(file);
  at.disk->close(*at.open);
  delete at.open;
  at.open = nullptr;
  return SQLITE_OK;
}

int read_file(sqlite3_file* file, void* to, int count, sqlite3_int64 at) {
  auto& [base, disk, open] = handle(file);
  if (disk->is_dead(*open) || disk->passes(DiskCall::read)) return SQLITE_IOERR_READ;
  const auto& content = open->file->now;
  const auto from = std::min(content.size(), static_cast<std::size_t>(at));
  const auto got = std::min(content.size() - from, static_cast<std::size_t>(count));
  std::memcpy(to, content.data() + from, got);
  if (got == static_cast<std::size_t>(count)) return SQLITE_OK;
  std::memset(static_cast<char*>(to) + got, 0, static_cast<std::size_t>(count) - got);
  return SQLITE_IOERR_SHORT_READ;
}

int write_file(sqlite3_file* file, const void* from, int count, sqlite3_int64 at) {
  auto& [base, disk, open] = handle(file);
  if (disk->is_dead(*open)) return SQLITE_IOERR_WRITE;
  std::string bytes(static_cast<const char*>(from), static_cast<std::size_t>(count));
  const auto place = static_cast<std::uint64_t>(at);
  if (const auto failed = disk->passes(DiskCall::write)) {
    disk->write_some(*open->file, place, std::move(bytes));
    return *failed == DiskFault::Kind::full ? SQLITE_FULL : SQLITE_IOERR_WRITE;
  }
  disk->write(*open->file, place, std::move(bytes));
  return SQLITE_OK;
}

int truncate_file(sqlite3_file* file, sqlite3_int64 size) {
  auto& [base, disk, open] = handle(file);
  if (disk->is_dead(*open) || disk->passes(DiskCall::truncate)) return SQLITE_IOERR_TRUNCATE;
  disk->truncate(*open->file, static_cast<std::uint64_t>(size));
  return SQLITE_OK;
}

int sync_file(sqlite3_file* file, int) {
  auto& [base, disk, open] = handle(file);
  if (disk->is_dead(*open)) return SQLITE_IOERR_FSYNC;
  if (disk->passes(DiskCall::sync)) {
    disk->fail_sync(*open->file);
    return SQLITE_IOERR_FSYNC;
  }
  disk->sync(*open->file);
  return SQLITE_OK;
}

int file_size(sqlite3_file* file, sqlite3_int64* size) {
  auto& [base, disk, open] = handle(file);
  if (disk->is_dead(*open) || disk->passes(DiskCall::look)) return SQLITE_IOERR_FSTAT;
  *size = static_cast<sqlite3_int64>(open->file->now.size());
  return SQLITE_OK;
}

int lock_file(sqlite3_file* file, int level) {
  auto& [base, disk, open] = handle(file);
  if (disk->is_dead(*open)) return SQLITE_IOERR_LOCK;
  if (disk->passes(DiskCall::lock)) {
    return level == SQLITE_LOCK_SHARED ? SQLITE_IOERR_RDLOCK : SQLITE_IOERR_LOCK;
  }
  return disk->try_lock(*open, level) ? SQLITE_OK : SQLITE_BUSY;
}

int unlock_file(sqlite3_file* file, int level) {
  handle(file).open->lock = std::min(handle(file).open->lock, level);
  return SQLITE_OK;
}

int check_reserved(sqlite3_file* file, int* reserved) {
  *reserved = handle(file).disk->is_reserved(*handle(file).open) ? 1 : 0;
  return SQLITE_OK;
}

int control(sqlite3_file*, int, void*) {
  return SQLITE_NOTFOUND;
}

int sector_size(sqlite3_file*) {
  return kSectorBytes;
}

int characteristics(sqlite3_file*) {
  return SQLITE_IOCAP_POWERSAFE_OVERWRITE;  // as SQLite's own says
}

// ---- Memory that connections share.

int map_shared(sqlite3_file* file, int region, int size, int extend, void volatile** out) {
  auto& [base, disk, open] = handle(file);
  *out = nullptr;
  if (disk->is_dead(*open)) return SQLITE_IOERR_SHMMAP;
  if (const auto failed = disk->passes(DiskCall::shared)) {
    if (*failed == DiskFault::Kind::io) return SQLITE_IOERR_SHMMAP;
    return *failed == DiskFault::Kind::full ? SQLITE_IOERR_SHMSIZE : SQLITE_CANTOPEN;
  }
  disk->share(*open);
  auto& regions = open->shared->regions;
  using Region = std::remove_reference_t<decltype(*regions[0])>;
  CHECK(static_cast<std::size_t>(size) == sizeof(Region));
  const auto wanted = static_cast<std::size_t>(region);
  if (wanted >= regions.size() && extend == 0) return SQLITE_OK;
  while (wanted >= regions.size()) regions.push_back(std::make_unique<Region>());
  *out = regions[wanted]->data();
  return SQLITE_OK;
}

int lock_shared(sqlite3_file* file, int offset, int count, int flags) {
  auto& [base, disk, open] = handle(file);
  const auto mask = ((1U << static_cast<unsigned>(count)) - 1U) << static_cast<unsigned>(offset);
  if ((flags & SQLITE_SHM_UNLOCK) != 0) {
    open->shares &= ~mask;
    open->owns &= ~mask;
    return SQLITE_OK;
  }
  if (disk->is_dead(*open) || disk->passes(DiskCall::lock)) return SQLITE_IOERR_SHMLOCK;
  const bool exclusive = (flags & SQLITE_SHM_EXCLUSIVE) != 0;
  return disk->try_shared_lock(*open, mask, exclusive) ? SQLITE_OK : SQLITE_BUSY;
}

void barrier(sqlite3_file*) {}

int unmap_shared(sqlite3_file* file, int) {
  auto& open = *handle(file).open;
  open.shared.reset();
  open.shares = 0;
  open.owns = 0;
  return SQLITE_OK;
}

constexpr sqlite3_io_methods kMethods{.iVersion = 2,
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
                                      .xShmMap = map_shared,
                                      .xShmLock = lock_shared,
                                      .xShmBarrier = barrier,
                                      .xShmUnmap = unmap_shared,
                                      .xFetch = nullptr,
                                      .xUnfetch = nullptr};

// ---- The file system.

int open_file(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out) {
  auto& disk = disk_of(vfs);
  file->pMethods = nullptr;
  CHECK(name != nullptr);  // temporary files are in memory
  if (disk.passes(DiskCall::open)) return SQLITE_CANTOPEN;
  const bool read_only = disk.is_read_only() || (flags & SQLITE_OPEN_READONLY) != 0;
  const bool make = !read_only && (flags & SQLITE_OPEN_CREATE) != 0;
  const bool log = (flags & (SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL)) != 0;
  auto opened = disk.open(name, make, log);
  if (!opened) return SQLITE_CANTOPEN;
  opened->read_only = read_only;
  opened->goes_when_closed = (flags & SQLITE_OPEN_DELETEONCLOSE) != 0;
  auto& at = handle(file);
  at.disk = &disk;
  at.open = opened.release();
  at.base.pMethods = &kMethods;
  if (out != nullptr) {
    *out = read_only ? (flags & ~SQLITE_OPEN_READWRITE) | SQLITE_OPEN_READONLY : flags;
  }
  return SQLITE_OK;
}

int delete_file(sqlite3_vfs* vfs, const char* name, int sync_folder) {
  auto& disk = disk_of(vfs);
  if (disk.passes(DiskCall::remove)) return SQLITE_IOERR_DELETE;
  if (!disk.unlink(name)) return SQLITE_IOERR_DELETE_NOENT;
  if (sync_folder != 0) disk.sync_names();
  return SQLITE_OK;
}

int access_file(sqlite3_vfs* vfs, const char* name, int what, int* answer) {
  auto& disk = disk_of(vfs);
  if (disk.passes(DiskCall::look)) return SQLITE_IOERR_ACCESS;
  const auto* file = disk.find(name);
  *answer = 0;
  if (what == SQLITE_ACCESS_EXISTS) *answer = file != nullptr && !file->now.empty() ? 1 : 0;
  if (what == SQLITE_ACCESS_READWRITE) *answer = file != nullptr && !disk.is_read_only() ? 1 : 0;
  return SQLITE_OK;
}

int full_name(sqlite3_vfs*, const char* name, int size, char* out) {
  if (std::strlen(name) + 1 > static_cast<std::size_t>(size)) return SQLITE_CANTOPEN;
  std::strcpy(out, name);
  return SQLITE_OK;
}

int randomness(sqlite3_vfs* vfs, int count, char* out) {
  for (int i = 0; i < count; ++i) out[i] = static_cast<char>(disk_of(vfs).rng().below(256));
  return count;
}

int pause(sqlite3_vfs*, int microseconds) {
  return microseconds;  // on one thread nobody else gets on meanwhile
}

int julian_time(sqlite3_vfs*, sqlite3_int64* now) {
  *now = kJulianDayMs;
  return SQLITE_OK;
}

int last_error(sqlite3_vfs*, int, char*) {
  return 0;
}

}  // namespace

void Disk::register_vfs() {
  vfs_ = std::make_unique<sqlite3_vfs>();
  vfs_->iVersion = 2;
  vfs_->szOsFile = sizeof(Handle);
  vfs_->mxPathname = 512;
  vfs_->zName = vfs_name_.c_str();
  vfs_->pAppData = this;
  vfs_->xOpen = open_file;
  vfs_->xDelete = delete_file;
  vfs_->xAccess = access_file;
  vfs_->xFullPathname = full_name;
  vfs_->xRandomness = randomness;
  vfs_->xSleep = pause;
  vfs_->xCurrentTime = [](sqlite3_vfs*, double* now) {
    *now = static_cast<double>(kJulianDayMs) / 86'400'000.0;
    return SQLITE_OK;
  };
  vfs_->xGetLastError = last_error;
  vfs_->xCurrentTimeInt64 = julian_time;
  CHECK(sqlite3_vfs_register(vfs_.get(), 0) == SQLITE_OK);
  log_vfs_ = std::make_unique<adapter::sqlite::LogVfs>(vfs_name_);
}

}  // namespace sim
