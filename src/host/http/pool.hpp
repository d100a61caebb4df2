#pragma once
// Pool: the threads that run handlers, and the bounded queue before them. Handlers block (a write
// waits for its group commit), so there are many threads and they mostly wait.

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

  // False when the queue is full or the pool was stopped: nothing was taken then.
  bool submit(std::function<void()> job);
  // For the server's own jobs, which are bounded by what makes them: not refused while running.
  void submit_own(std::function<void()> job);
  // Runs what is queued, then ends. Idempotent.
  void stop();

 private:
  void work();

  std::size_t threads_max_;
  std::size_t queue_max_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> queue_;
  std::size_t idle_ = 0;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace host::http
