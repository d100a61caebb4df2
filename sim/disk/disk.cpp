#include "disk/disk.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <atomic>

#include "base/check.hpp"

namespace sim {

using base::ErrorKind;
using base::fail;
using base::Result;

namespace {

constexpr std::uint64_t kSector = 512;
constexpr std::array<const char*, kDiskCalls> kCallNames{
    "open", "look", "read", "write", "truncate", "sync", "remove", "lock", "shared", "name"};

// How much of what was not synced the power leaves; drawn for all files of one loss.
enum class Left : std::uint8_t {
  nothing,
  everything,
  some_calls,
  first_calls,
  some_sectors,
  count_
};

Left any_left(base::Rng& rng) {
  return static_cast<Left>(rng.below(static_cast<std::uint32_t>(Left::count_)));
}

void put(std::string& content, std::uint64_t at, std::string_view bytes) {
  if (content.size() < at + bytes.size()) content.resize(at + bytes.size(), '\0');
  content.replace(at, bytes.size(), bytes);
}

void settle(std::string& content, const Disk::Change& change) {
  if (change.truncates) {
    if (change.at < content.size()) content.resize(change.at);
  } else {
    put(content, change.at, change.bytes);
  }
}

// Each sector of it on its own: written, not written (a longer file has zeros there), or junk.
void tear(std::string& content, const Disk::Change& change, base::Rng& rng) {
  const auto end = change.at + change.bytes.size();
  for (auto at = change.at; at < end;) {
    const auto next = std::min(end, (at / kSector + 1) * kSector);
    auto part = change.bytes.substr(at - change.at, next - at);
    const auto dice = rng.below(16);
    if (dice == 0) {
      for (auto& byte : part) byte = static_cast<char>(rng.below(256));
    }
    if (dice <= 8) put(content, at, part);
    at = next;
  }
}

std::string leave(const Disk::File& file, Left left, base::Rng& rng) {
  auto content = file.kept;
  const auto count = static_cast<std::uint32_t>(file.pending.size());
  const auto first = rng.below(count + 1);
  for (std::uint32_t i = 0; i < count; ++i) {
    const auto& change = file.pending[i];
    switch (left) {
      case Left::nothing:
      case Left::count_:
        break;
      case Left::everything:
        settle(content, change);
        break;
      case Left::some_calls:
        if (rng.below(2) == 0) settle(content, change);
        break;
      case Left::first_calls:
        if (i < first) settle(content, change);
        if (i == first && !change.truncates) tear(content, change, rng);
        break;
      case Left::some_sectors:
        if (!change.truncates) tear(content, change, rng);
        if (change.truncates && rng.below(2) == 0) settle(content, change);
        break;
    }
  }
  return content;
}

}  // namespace

const char* name_of(DiskCall call) {
  return kCallNames.at(static_cast<std::size_t>(call));
}

Disk::Disk(std::uint64_t seed, const Medium& medium) : rng_(seed) {
  static std::atomic<std::uint64_t> number = 0;
  vfs_name_ = "howdah-sim-" + std::to_string(++number);
  set_medium(medium);
  register_vfs();
  // SQLite draws the salts of its log from one generator for all.
  sqlite3_test_control(SQLITE_TESTCTRL_PRNG_SEED, static_cast<int>(rng_.next() | 1U), nullptr);
}

Disk::~Disk() {
  CHECK(opens_.empty());
  log_vfs_.reset();
  sqlite3_vfs_unregister(vfs_.get());
}

// ---- What may happen to it.

void Disk::set_medium(const Medium& medium) {
  names_.clear();
  for (const auto& [name, content] : medium) {
    names_[name] = std::make_shared<File>(File{content, content, {}, false});
  }
  kept_names_ = names_;
  pending_names_.clear();
  shared_.clear();
}

Medium Disk::after_power_loss(base::Rng& rng) const {
  const auto left = any_left(rng);
  auto names = kept_names_;
  for (const auto& change : pending_names_) {
    if (left == Left::nothing || (left != Left::everything && rng.below(2) == 0)) continue;
    if (!change.was.empty()) names.erase(change.was);
    if (change.file) {
      names[change.name] = change.file;
    } else {
      names.erase(change.name);
    }
  }
  Medium medium;
  for (const auto& [name, file] : names) medium[name] = leave(*file, left, rng);
  return medium;
}

void Disk::lose_power(base::Rng& rng) {
  put_back(after_power_loss(rng));
}

void Disk::put_back(const Medium& medium) {
  kill();
  set_medium(medium);
}

void Disk::kill() {
  ++life_;
  shared_.clear();
}

void Disk::set_fault(const DiskFault& fault) {
  fault_ = fault;
  fault_from_ = calls_.at(static_cast<std::size_t>(fault.call));
  struck_ = 0;
}

std::optional<DiskFault::Kind> Disk::passes(DiskCall call) {
  const auto count = ++calls_.at(static_cast<std::size_t>(call));
  if (!fault_ || fault_->call != call) return std::nullopt;
  const auto nth = count - fault_from_;
  if (nth < fault_->nth || (nth > fault_->nth && !fault_->lasting)) return std::nullopt;
  ++struck_;
  return fault_->kind;
}

// ---- Files.

std::unique_ptr<Disk::Open> Disk::open(const std::string& name, bool make, bool syncs_name) {
  auto found = names_.find(name);
  if (found == names_.end()) {
    if (!make) return nullptr;
    auto file = std::make_shared<File>();
    file->name_pending = syncs_name;
    found = names_.emplace(name, file).first;
    pending_names_.push_back({name, file, ""});
    changed();
  }
  auto made = std::make_unique<Open>();
  made->name = name;
  made->file = found->second;
  made->life = life_;
  opens_.insert(made.get());
  return made;
}

void Disk::close(const Open& open) {
  opens_.erase(const_cast<Open*>(&open));
  if (open.goes_when_closed && !is_dead(open)) unlink(open.name);
}

void Disk::write(File& file, std::uint64_t at, std::string bytes) {
  put(file.now, at, bytes);
  file.pending.push_back({at, std::move(bytes), false});
  changed();
}

void Disk::write_some(File& file, std::uint64_t at, std::string bytes) {
  const auto count = rng_.below(static_cast<std::uint32_t>(bytes.size()) + 1);
  bytes.resize(count);
  if (count > 0) write(file, at, std::move(bytes));
}

void Disk::truncate(File& file, std::uint64_t size) {
  file.pending.push_back({size, "", true});
  settle(file.now, file.pending.back());
  changed();
}

void Disk::sync(File& file) {
  changed();
  if (ignore_syncs_) return;
  for (const auto& change : file.pending) settle(file.kept, change);
  file.pending.clear();
  if (file.name_pending) {
    changed();
    file.name_pending = false;
    sync_names();
  }
}

void Disk::fail_sync(File& file) {
  changed();
  file.kept = leave(file, any_left(rng_), rng_);
  file.pending.clear();
}

bool Disk::unlink(const std::string& name) {
  if (names_.erase(name) == 0) return false;
  pending_names_.push_back({name, nullptr, ""});
  changed();
  return true;
}

void Disk::sync_names() {
  changed();
  if (ignore_syncs_) return;
  kept_names_ = names_;
  pending_names_.clear();
}

const Disk::File* Disk::find(const std::string& name) const {
  const auto found = names_.find(name);
  return found == names_.end() ? nullptr : found->second.get();
}

// ---- Locks.

bool Disk::try_lock(Open& open, int level) const {
  for (const auto* other : opens_) {
    if (other == &open || other->file != open.file || is_dead(*other)) continue;
    const bool blocks = level == SQLITE_LOCK_SHARED      ? other->lock >= SQLITE_LOCK_PENDING
                        : level == SQLITE_LOCK_EXCLUSIVE ? other->lock >= SQLITE_LOCK_SHARED
                                                         : other->lock >= SQLITE_LOCK_RESERVED;
    if (blocks) return false;
  }
  open.lock = std::max(open.lock, level);
  return true;
}

bool Disk::is_reserved(const Open& open) const {
  return std::any_of(opens_.begin(), opens_.end(), [&](const Open* other) {
    return other->file == open.file && !is_dead(*other) && other->lock >= SQLITE_LOCK_RESERVED;
  });
}

void Disk::share(Open& open) {
  if (open.shared) return;
  auto& known = shared_[open.name];
  open.shared = known.lock();
  if (open.shared) return;
  open.shared = std::make_shared<Shared>();
  known = open.shared;
}

bool Disk::try_shared_lock(Open& open, unsigned mask, bool exclusive) const {
  for (const auto* other : opens_) {
    if (other == &open || other->shared != open.shared || is_dead(*other)) continue;
    if ((other->owns & mask) != 0 || (exclusive && (other->shares & mask) != 0)) return false;
  }
  (exclusive ? open.owns : open.shares) |= mask;
  return true;
}

// ---- What the store does without SQLite.

Result<> Disk::may_change(const std::string& path) {
  const auto failed = passes(DiskCall::name);
  if (!failed && !read_only_) return {};
  return fail(ErrorKind::unavailable,
              "can't change " + path + ": " +
                  (!failed                            ? "read-only file system"
                   : *failed == DiskFault::Kind::io   ? "input/output error"
                   : *failed == DiskFault::Kind::full ? "no space left on device"
                                                      : "too many open files"));
}

Result<> Disk::create(const std::string& path) {
  TRY(may_change(path));
  if (names_.contains(path)) return fail(ErrorKind::conflict, path + " exists");
  opens_.erase(open(path, true, false).get());
  return {};
}

Result<> Disk::check_may_write(const std::string& path) {
  if (!read_only_) return {};
  return fail(ErrorKind::unavailable,
              "the store is read-only: make " + path + " and its folder writable");
}

Result<> Disk::make_private(const std::string& path) {
  if (names_.contains(path)) return {};
  return fail(ErrorKind::not_found, path + " is not there");
}

Result<> Disk::remove(const std::string& path) {
  TRY(may_change(path));
  unlink(path);
  return {};
}

Result<> Disk::copy(const std::string& from, const std::string& to) {
  TRY(may_change(to));
  const auto source = names_.find(from);
  if (source == names_.end()) return fail(ErrorKind::not_found, from + " is not there");
  unlink(to);
  const auto target = open(to, true, false);
  opens_.erase(target.get());
  write(*target->file, 0, source->second->now);
  return {};
}

Result<std::string> Disk::read_head(const std::string& path, std::size_t count) {
  if (passes(DiskCall::read)) return fail(ErrorKind::unavailable, "can't read " + path);
  const auto* file = find(path);
  if (file == nullptr) return fail(ErrorKind::not_found, path + " is not there");
  return file->now.substr(0, count);
}

Result<> Disk::sync(const std::string& path) {
  const auto found = names_.find(path);
  CHECK(found != names_.end());
  if (passes(DiskCall::sync)) {
    fail_sync(*found->second);
    return fail(ErrorKind::unavailable, "can't sync " + path);
  }
  sync(*found->second);
  return {};
}

Result<> Disk::rename(const std::string& from, const std::string& to) {
  TRY(may_change(to));
  if (names_.contains(to)) return fail(ErrorKind::conflict, to + " exists");
  auto file = names_.at(from);
  names_.erase(from);
  names_[to] = file;
  pending_names_.push_back({to, std::move(file), from});
  changed();
  return {};
}

Result<> Disk::sync_folder_of(const std::string& path) {
  if (passes(DiskCall::sync)) return fail(ErrorKind::unavailable, "can't sync beside " + path);
  sync_names();
  return {};
}

}  // namespace sim
