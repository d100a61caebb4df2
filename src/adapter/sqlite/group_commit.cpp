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
  job.wake.wait(lock, [&] { return job.done || (!led_ && queue_.front() == &job); });
  if (job.done) return job.outcome;

  led_ = true;
  const auto size = std::min(queue_.size(), kBatchMax);
  const Batch batch(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(size));
  queue_.erase(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(size));
  lock.unlock();
  const auto committed = commit(batch);
  lock.lock();
  led_ = false;
  failure_ = committed ? std::nullopt : std::optional(committed.error());
  // Under the lock: a job ends with its caller's stack as soon as that caller sees it done.
  for (auto* each : batch) {
    each->done = true;
    if (each != &job) each->wake.notify_one();
  }
  if (!queue_.empty()) queue_.front()->wake.notify_one();
  return job.outcome;
}

std::optional<base::Error> GroupCommit::failure() {
  const std::lock_guard lock(mutex_);
  return failure_;
}

// An exception here would leave the other callers waiting for ever; there is none but bad_alloc.
Result<> GroupCommit::commit(const Batch& batch) noexcept {
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
Result<> GroupCommit::run_all(const Batch& batch) {
  TRY(connection_->query("BEGIN IMMEDIATE").run());
  for (auto* job : batch) TRY(run_in_savepoint(*job));
  const auto succeeded = [](const Job* job) { return job->outcome.has_value(); };
  if (std::none_of(batch.begin(), batch.end(), succeeded)) {
    return connection_->query("ROLLBACK").run();
  }
  return finish();
}

Result<> GroupCommit::run_in_savepoint(Job& job) {
  TRY(connection_->query("SAVEPOINT one").run());
  job.outcome = job.work(*connection_);
  if (job.outcome) return connection_->query("RELEASE one").run();
  // What is wrong with the disk is wrong for all. SQLite may have rolled all back already, too.
  const auto kind = job.outcome.error().kind;
  if (!connection_->in_transaction() || kind == ErrorKind::unavailable) {
    return tl::unexpected<base::Error>(job.outcome.error());
  }
  TRY(connection_->query("ROLLBACK TO one").run());
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
