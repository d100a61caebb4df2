#include "adapter/sqlite/disk.hpp"

#include "adapter/sqlite/files.hpp"
#include "adapter/sqlite/log_vfs.hpp"

namespace adapter::sqlite {
namespace {

using base::Result;

class SystemDisk final : public Disk {
 public:
  std::string vfs() const override { return log_vfs_.name(); }
  bool exists(const std::string& path) override { return sqlite::exists(path); }
  Result<> create(const std::string& path) override { return create_private_file(path); }
  Result<> check_may_write(const std::string& path) override {
    return sqlite::check_may_write(path);
  }
  Result<> make_private(const std::string& path) override { return sqlite::make_private(path); }
  Result<> remove(const std::string& path) override { return remove_file(path); }
  Result<> copy(const std::string& from, const std::string& to) override {
    return copy_file(from, to);
  }
  Result<std::string> read_head(const std::string& path, std::size_t count) override {
    return sqlite::read_head(path, count);
  }

 private:
  Result<> sync(const std::string& path) override { return sync_file(path); }
  Result<> rename(const std::string& from, const std::string& to) override {
    return rename_file(from, to);
  }
  Result<> sync_folder_of(const std::string& path) override { return sync_folder(path); }

  const LogVfs log_vfs_{""};
};

}  // namespace

Result<> Disk::rename_new(const std::string& from, const std::string& to) {
  TRY(sync(from));
  TRY(rename(from, to));
  return sync_folder_of(to);
}

Disk& system_disk() {
  static SystemDisk disk;
  return disk;
}

}  // namespace adapter::sqlite
