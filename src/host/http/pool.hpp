#pragma once
// Pool: the threads that run handlers, and the bounded queue before them. Handlers block (a write
// waits for its group commit), so there are many threads and they mostly wait.
//
// Quick jobs keep two threads busy at most: one whose group is being committed, one that prepares
// the next group. A thread that waits for the other's commit runs quick jobs meanwhile, above the
// one that waits (help). Many bookings at once then need hardly a change of threads, which costs
// more than a booking does (docs/decisions/0010).

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace host::http {

class Pool {
 public:
  Pool(std::size_t threads, std::size_t queue_max);
  ~Pool();  // stops

  // quick: it calls nothing but the store, so another quick job may wait below it.
  enum class Pace { any, quick };

  // False when the queue is full or the pool was stopped: nothing was taken then.
  bool submit(std::function<void()> job, Pace pace = Pace::any);
  // From inside a quick job that has to wait: runs the next waiting quick job here. False when
  // there is none, or this thread runs no quick job, or enough of them already.
  bool help();
  // For the server's own jobs, which are bounded by what makes them: not refused while running.
  void submit_own(std::function<void()> job);
  // Runs what is queued, then ends. Idempotent.
  void stop();

 private:
  void work();
  void expect_more(std::unique_lock<std::mutex>& lock);
  bool may_take_quick() const;
  bool wake_for(std::deque<std::function<void()>>& queue);
  static void run_quick(const std::function<void()>& job);

  std::size_t threads_max_;
  std::size_t queue_max_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> quick_;
  std::deque<std::function<void()>> others_;
  std::size_t idle_ = 0;
  std::size_t quick_threads_ = 0;  // that run quick jobs
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace host::http
