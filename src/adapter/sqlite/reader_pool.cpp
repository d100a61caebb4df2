#include "adapter/sqlite/reader_pool.hpp"

namespace adapter::sqlite {
namespace {

constexpr int kReadersMax = 4;
constexpr int kCacheKib = 512;

}  // namespace

base::Result<ReaderPool::Lease> ReaderPool::take() {
  {
    std::unique_lock lock(mutex_);
    returned_.wait(lock, [&] { return !idle_.empty() || opened_ < kReadersMax; });
    if (!idle_.empty()) {
      auto connection = std::move(idle_.back());
      idle_.pop_back();
      return Lease(*this, std::move(connection));
    }
    ++opened_;
  }
  auto opened = Connection::open(path_, Connection::Mode::read_only, kCacheKib, vfs_);
  if (!opened) {
    const std::lock_guard lock(mutex_);
    --opened_;
    returned_.notify_one();
    return tl::unexpected<base::Error>(opened.error());
  }
  return Lease(*this, *std::move(opened));
}

void ReaderPool::give_back(std::unique_ptr<Connection> connection) {
  const std::lock_guard lock(mutex_);
  idle_.push_back(std::move(connection));
  returned_.notify_one();
}

}  // namespace adapter::sqlite
