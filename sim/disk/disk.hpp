#pragma once
// Disk: a disk in memory for the real SQLite store, with honest losses. What was written and not
// synced may be lost, kept or torn when the power goes, each 512 bytes on their own; so may names
// that were made, renamed or removed while their folder was not synced. Any call may be made to
// fail. Deterministic: SQLite's randomness and clock on it come from here.
//
// Beyond what a real disk does, a sync that fails never says what of it was kept, and a later one
// does not make up for it (as Linux does it). What it grants, as SQLite assumes: bytes beside those
// that are written stay as they are, and what was synced stays.
//
// For one thread. All that has a file open on it must be closed before it ends.

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "adapter/sqlite/disk.hpp"
#include "adapter/sqlite/log_vfs.hpp"
#include "base/random.hpp"

namespace sim {

// The files that are left when the power is back: all of it durable.
using Medium = std::map<std::string, std::string>;

enum class DiskCall : std::uint8_t {
  open,
  look,  // is it there, how long is it
  read,
  write,
  truncate,
  sync,
  remove,
  lock,
  shared,  // memory shared between connections: a file of its own on a real disk
  name,    // files made, renamed, folders synced by the store itself
  count_,
};
constexpr std::size_t kDiskCalls = static_cast<std::size_t>(DiskCall::count_);
const char* name_of(DiskCall call);

struct DiskFault {
  enum class Kind : std::uint8_t { io, full, too_many_files };
  Kind kind = Kind::io;
  DiskCall call = DiskCall::write;
  std::uint64_t nth = 1;  // counted from when the fault was set
  bool lasting = false;   // this and all later ones, until cleared
};

class Disk final : public adapter::sqlite::Disk {
 public:
  explicit Disk(std::uint64_t seed, const Medium& medium = {});
  Disk(const Disk&) = delete;
  Disk& operator=(const Disk&) = delete;
  ~Disk() override;

  // ---- What may happen to it.

  // What would be left if the power went now; drawn anew each time.
  Medium after_power_loss(base::Rng& rng) const;
  // The power goes and comes back. Whoever had files open gets errors from then on.
  void lose_power(base::Rng& rng);
  // The same, with what is left given.
  void put_back(const Medium& medium);
  // The process that has files open dies: its locks are gone, all it has written is there.
  void kill();

  void set_fault(const DiskFault& fault);
  void clear_fault() { fault_.reset(); }
  // How often the fault has struck.
  std::uint64_t struck() const { return struck_; }
  void set_read_only(bool on) { read_only_ = on; }
  // Syncs answer success and do nothing: to show that a test would see it.
  void ignore_syncs(bool on) { ignore_syncs_ = on; }
  void set_log_pages(int pages) { log_pages_ = pages; }
  // Called in the middle of each change and before each sync takes effect: power may go here.
  void on_change(std::function<void()> hook) { hook_ = std::move(hook); }
  const std::array<std::uint64_t, kDiskCalls>& calls() const { return calls_; }

  // ---- adapter::sqlite::Disk

  std::string vfs() const override { return log_vfs_->name(); }
  int log_pages() const override { return log_pages_.value_or(adapter::sqlite::Disk::log_pages()); }
  bool exists(const std::string& path) override { return names_.contains(path); }
  base::Result<> create(const std::string& path) override;
  base::Result<> check_may_write(const std::string& path) override;
  base::Result<> make_private(const std::string& path) override;
  base::Result<> remove(const std::string& path) override;
  base::Result<> copy(const std::string& from, const std::string& to) override;
  base::Result<std::string> read_head(const std::string& path, std::size_t count) override;

  // ---- For the VFS (vfs.cpp).

  struct Change {  // of one file, since its last sync
    std::uint64_t at = 0;
    std::string bytes;
    bool truncates = false;  // to `at`
  };
  struct File {
    std::string now;
    std::string kept;  // as last synced
    std::vector<Change> pending;
    bool name_pending = false;  // its first sync also syncs its folder, as SQLite's own VFS does
  };
  struct Shared {
    std::vector<std::unique_ptr<std::array<char, 32768>>> regions;
  };
  struct Open {
    std::string name;
    std::shared_ptr<File> file;
    std::uint64_t life = 0;
    bool read_only = false;
    bool goes_when_closed = false;
    int lock = 0;
    std::shared_ptr<Shared> shared;
    unsigned shares = 0;  // locks of shared memory, one bit each
    unsigned owns = 0;
  };

  // Counts; the answer is what fails, if it does.
  std::optional<DiskFault::Kind> passes(DiskCall call);
  bool is_dead(const Open& open) const { return open.life != life_; }
  bool is_read_only() const { return read_only_; }
  std::unique_ptr<Open> open(const std::string& name, bool make, bool syncs_name);
  void close(const Open& open);
  void write(File& file, std::uint64_t at, std::string bytes);
  // A write that fails may have got part of the way.
  void write_some(File& file, std::uint64_t at, std::string bytes);
  void truncate(File& file, std::uint64_t size);
  void sync(File& file);
  void fail_sync(File& file);
  bool unlink(const std::string& name);
  void sync_names();
  bool try_lock(Open& open, int level) const;
  bool is_reserved(const Open& open) const;
  void share(Open& open);
  bool try_shared_lock(Open& open, unsigned mask, bool exclusive) const;
  const std::set<Open*>& opens() const { return opens_; }
  const File* find(const std::string& name) const;
  base::Rng& rng() { return rng_; }

 private:
  struct NameChange {
    std::string name;
    std::shared_ptr<File> file;  // none: removed
    std::string was;             // renamed: the name that goes
  };
  using Names = std::map<std::string, std::shared_ptr<File>>;

  base::Result<> sync(const std::string& path) override;
  base::Result<> rename(const std::string& from, const std::string& to) override;
  base::Result<> sync_folder_of(const std::string& path) override;
  base::Result<> may_change(const std::string& path);
  void changed() {
    if (hook_) hook_();
  }
  void set_medium(const Medium& medium);
  void register_vfs();

  std::string vfs_name_;
  std::unique_ptr<sqlite3_vfs> vfs_;
  std::unique_ptr<adapter::sqlite::LogVfs> log_vfs_;  // as the product has it
  base::Rng rng_;
  std::uint64_t life_ = 1;
  Names names_;
  Names kept_names_;
  std::vector<NameChange> pending_names_;
  std::set<Open*> opens_;
  std::map<std::string, std::weak_ptr<Shared>> shared_;
  std::optional<DiskFault> fault_;
  std::uint64_t fault_from_ = 0;
  std::uint64_t struck_ = 0;
  bool read_only_ = false;
  bool ignore_syncs_ = false;
  std::optional<int> log_pages_;
  std::function<void()> hook_;
  std::array<std::uint64_t, kDiskCalls> calls_{};
};

}  // namespace sim
