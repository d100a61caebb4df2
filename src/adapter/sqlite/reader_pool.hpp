#pragma once
// ReaderPool: a few read-only connections, opened when first needed, each used by one thread at a
// time. In WAL mode a reader never waits for the writer; it sees what was committed before its
// query began.

#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

#include "adapter/sqlite/connection.hpp"

namespace adapter::sqlite {

class ReaderPool {
 public:
  // A connection on loan; goes back when this ends.
  class Lease {
   public:
    Lease(ReaderPool& pool, std::unique_ptr<Connection> connection)
        : pool_(&pool), connection_(std::move(connection)) {}
    Lease(Lease&& other) noexcept = default;
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    Lease& operator=(Lease&&) = delete;
    ~Lease() {
      if (connection_) pool_->give_back(std::move(connection_));
    }
    Connection* operator->() { return connection_.get(); }
    Connection& operator*() { return *connection_; }

   private:
    ReaderPool* pool_;
    std::unique_ptr<Connection> connection_;
  };

  ReaderPool(std::string path, std::string vfs) : path_(std::move(path)), vfs_(std::move(vfs)) {}
  // Waits while all are in use.
  base::Result<Lease> take();

 private:
  void give_back(std::unique_ptr<Connection> connection);

  const std::string path_;
  const std::string vfs_;
  std::mutex mutex_;
  std::condition_variable returned_;
  std::vector<std::unique_ptr<Connection>> idle_;
  int opened_ = 0;
};

}  // namespace adapter::sqlite
