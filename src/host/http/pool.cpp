#include "host/http/pool.hpp"

#include <chrono>
#include <utility>

namespace host::http {
namespace {

// Above each other on one thread; each takes a few kilobytes of its stack.
constexpr int kQuickJobsMax = 64;
constexpr std::size_t kQuickThreadsMax = 2;
constexpr std::chrono::microseconds kExpectMore{200};
thread_local int quick_jobs = 0;

}  // namespace

Pool::Pool(std::size_t threads, std::size_t queue_max)
    : threads_max_(threads), queue_max_(queue_max) {}

Pool::~Pool() {
  stop();
}

bool Pool::submit(std::function<void()> job, Pace pace) {
  bool wake = true;
  {
    const std::lock_guard lock(mutex_);
    if (stopping_ || quick_.size() + others_.size() >= queue_max_) return false;
    auto& queue = pace == Pace::quick ? quick_ : others_;
    queue.push_back(std::move(job));
    wake = wake_for(queue);
  }
  if (wake) changed_.notify_one();
  return true;
}

void Pool::submit_own(std::function<void()> job) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
    others_.push_front(std::move(job));
    wake_for(others_);
  }
  changed_.notify_one();
}

// Whether a thread has to be woken for what was added to `queue`. Threads are made when they are
// needed: an idle server keeps few.
bool Pool::wake_for(std::deque<std::function<void()>>& queue) {
  // Those that run quick jobs take it, too: while they wait, or after.
  if (&queue == &quick_ && quick_threads_ >= kQuickThreadsMax) return false;
  if (queue.size() > idle_ && threads_.size() < threads_max_) {
    threads_.emplace_back([this] { work(); });
  }
  return true;
}

void Pool::run_quick(const std::function<void()>& job) {
  ++quick_jobs;
  job();
  --quick_jobs;
}

bool Pool::help() {
  if (quick_jobs == 0 || quick_jobs >= kQuickJobsMax) return false;
  std::function<void()> job;
  {
    const std::lock_guard lock(mutex_);
    if (quick_.empty()) return false;
    job = std::move(quick_.front());
    quick_.pop_front();
  }
  run_quick(job);
  return true;
}

bool Pool::may_take_quick() const {
  return !quick_.empty() && quick_threads_ < kQuickThreadsMax;
}

// Who has just been answered often asks again at once: a thread that still runs takes that up
// sooner than one that has to be woken.
void Pool::expect_more(std::unique_lock<std::mutex>& lock) {
  const auto until = std::chrono::steady_clock::now() + kExpectMore;
  while (quick_.empty() && others_.empty() && !stopping_ &&
         std::chrono::steady_clock::now() < until) {
    lock.unlock();
    std::this_thread::yield();
    lock.lock();
  }
}

void Pool::work() {
  std::unique_lock lock(mutex_);
  for (bool quick = false;;) {
    ++idle_;
    if (quick) expect_more(lock);
    changed_.wait(lock, [this] { return stopping_ || !others_.empty() || may_take_quick(); });
    --idle_;
    quick = may_take_quick();
    auto& queue = quick ? quick_ : others_;
    if (queue.empty()) return;
    auto job = std::move(queue.front());
    queue.pop_front();
    if (quick) ++quick_threads_;
    lock.unlock();
    if (quick) {
      run_quick(job);
    } else {
      job();
    }
    job = nullptr;  // what it holds dies outside the lock
    lock.lock();
    if (quick) --quick_threads_;
  }
}

void Pool::stop() {
  std::vector<std::thread> threads;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    threads.swap(threads_);
  }
  changed_.notify_all();
  for (auto& thread : threads) thread.join();
}

}  // namespace host::http
