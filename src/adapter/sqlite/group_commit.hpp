#pragma once
// GroupCommit: many callers, one writing connection, as few syncs as possible. The first waiting
// caller takes all queued writes, runs them in one transaction, commits once, and wakes the others;
// while it does, the next group gathers. No thread of its own.
//
// A caller that has to wait may be given something else to do meanwhile (set_meanwhile): that may
// call run() again, on the same thread.
//
// A write that fails (a lost compare-and-set, say) is undone alone and never affects the others. If
// the transaction fails as a whole, every write in it failed.

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "adapter/sqlite/connection.hpp"

namespace adapter::sqlite {

class GroupCommit {
 public:
  // Must leave no query open; runs on any caller's thread, perhaps twice (the first time is undone
  // then).
  using Work = std::function<base::Result<>(Connection&)>;

  explicit GroupCommit(std::unique_ptr<Connection> connection)
      : connection_(std::move(connection)) {}

  // What a waiting caller does, without a lock; false when there is nothing to do. While nobody
  // runs.
  void set_meanwhile(std::function<bool()> meanwhile) { meanwhile_ = std::move(meanwhile); }

  // Answers once the work is durable, or was undone; unknown_outcome when the disk failed in the
  // very moment of the commit.
  base::Result<> run(const Work& work);

  // Why a transaction failed; nothing once one that had something to write succeeded after it. One
  // that had not says nothing about the disk.
  std::optional<base::Error> failure();

 private:
  struct Job {
    explicit Job(const Work& todo) : work(todo) {}
    const Work& work;
    base::Result<> outcome;
    bool changed = false;
    bool done = false;
    std::condition_variable wake;
  };
  using Batch = std::vector<Job*>;

  void lead(std::unique_lock<std::mutex>& lock);
  void wait(std::unique_lock<std::mutex>& lock, Job& job);
  base::Result<bool> commit(const Batch& batch) noexcept;
  base::Result<bool> run_all(const Batch& batch);
  base::Result<bool> run_plainly(const Batch& batch);
  base::Result<> run_one(Job& job);
  base::Result<> run_in_savepoint(Job& job);
  base::Result<> finish();

  std::function<bool()> meanwhile_;
  std::unique_ptr<Connection> connection_;  // used by the leader alone
  std::mutex mutex_;                        // for all below
  std::deque<Job*> queue_;
  std::vector<Job*> sleepers_;  // whose callers sleep: one of them leads next
  bool led_ = false;
  std::optional<base::Error> failure_;
};

}  // namespace adapter::sqlite
