#include "adapter/sqlite/group_commit.hpp"

#include <algorithm>

namespace adapter::sqlite {
namespace {

using base::ErrorKind;
using base::Result;

constexpr std::size_t kBatchMax = 128;

}  // namespace

Result<> GroupCommit::run(const Work& work) {
  Job job(work);
  std::unique_lock lock(mutex_);
  queue_.push_back(&job);
  while (!job.done) {
    if (!led_) {
      lead(lock);
    } else {
      wait(lock, job);
    }
  }
  return job.outcome;
}

// Commits what is queued. Whoever waits may lead: its own job is in the queue or will be done.
void GroupCommit::lead(std::unique_lock<std::mutex>& lock) {
  led_ = true;
  const auto size = static_cast<std::ptrdiff_t>(std::min(queue_.size(), kBatchMax));
  const Batch batch(queue_.begin(), queue_.begin() + size);
  queue_.erase(queue_.begin(), queue_.begin() + size);
  lock.unlock();
  const auto committed = commit(batch);
  lock.lock();
  led_ = false;
  if (!committed) {
    failure_ = committed.error();
  } else if (*committed) {
    failure_.reset();
  }
  // Under the lock: a job ends with its caller's stack as soon as that caller sees it done.
  for (auto* each : batch) {
    each->done = true;
    each->wake.notify_one();
  }
  // Those who do something meanwhile look for themselves when it is done.
  const auto next = std::find_if(sleepers_.begin(), sleepers_.end(),
                                 [](const Job* sleeper) { return !sleeper->done; });
  if (next != sleepers_.end()) (*next)->wake.notify_one();
}

void GroupCommit::wait(std::unique_lock<std::mutex>& lock, Job& job) {
  if (meanwhile_) {
    lock.unlock();
    const bool helped = meanwhile_();
    lock.lock();
    if (helped || job.done || !led_) return;
  }
  sleepers_.push_back(&job);
  job.wake.wait(lock, [&] { return job.done || !led_; });
  std::erase(sleepers_, &job);
}

std::optional<base::Error> GroupCommit::failure() {
  const std::lock_guard lock(mutex_);
  return failure_;
}

// True: something was written. An exception here would leave the other callers waiting for ever;
// there is none but bad_alloc.
Result<bool> GroupCommit::commit(const Batch& batch) noexcept {
  auto committed = run_all(batch);
  if (!committed) {
    if (connection_->in_transaction()) {
      ignore(connection_->execute("ROLLBACK"), "the transaction failed already");
    }
    for (auto* job : batch) {
      if (job->outcome) job->outcome = tl::unexpected<base::Error>(committed.error());
    }
  }
  return committed;
}

// Error: the transaction as a whole failed, nothing of it was kept.
Result<bool> GroupCommit::run_all(const Batch& batch) {
  TRY(connection_->query("BEGIN IMMEDIATE").run());
  if (!TRY(run_plainly(batch))) {
    TRY(connection_->query("ROLLBACK").run());
    TRY(connection_->query("BEGIN IMMEDIATE").run());
    for (auto* job : batch) TRY(run_in_savepoint(*job));
  }
  const auto succeeded = [](const Job* job) { return job->outcome.has_value(); };
  if (std::none_of(batch.begin(), batch.end(), succeeded)) {
    TRY(connection_->query("ROLLBACK").run());
    return false;
  }
  TRY(finish());
  return std::any_of(batch.begin(), batch.end(),
                     [&](const Job* job) { return succeeded(job) && job->changed; });
}

// Savepoints cost a copy of each page that is written. Nearly all writes succeed or fail before
// they have changed anything; false: one did not.
Result<bool> GroupCommit::run_plainly(const Batch& batch) {
  for (auto* job : batch) {
    TRY(run_one(*job));
    if (!job->outcome && job->changed) return false;
  }
  return true;
}

// What is wrong with the disk is wrong for all. SQLite may have rolled all back already, too.
Result<> GroupCommit::run_one(Job& job) {
  const auto before = sqlite3_total_changes64(connection_->handle());
  job.outcome = job.work(*connection_);
  job.changed = sqlite3_total_changes64(connection_->handle()) != before;
  if (job.outcome) return {};
  const auto kind = job.outcome.error().kind;
  if (connection_->in_transaction() && kind != ErrorKind::unavailable) return {};
  return tl::unexpected<base::Error>(job.outcome.error());
}

// Its own failure must not undo the others.
Result<> GroupCommit::run_in_savepoint(Job& job) {
  TRY(connection_->query("SAVEPOINT one").run());
  TRY(run_one(job));
  if (!job.outcome) TRY(connection_->query("ROLLBACK TO one").run());
  return connection_->query("RELEASE one").run();
}

Result<> GroupCommit::finish() {
  const auto committed = connection_->query("COMMIT").run();
  if (committed) return {};
  auto error = committed.error();
  // When the sync fails nobody knows what the disk kept; a full disk never kept the last page.
  if ((sqlite3_errcode(connection_->handle()) & 0xff) == SQLITE_IOERR) {
    error.kind = ErrorKind::unknown_outcome;
  }
  return tl::unexpected<base::Error>(std::move(error));
}

}  // namespace adapter::sqlite
