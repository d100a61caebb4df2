#pragma once
// Scheduler: virtual time and fibers on one thread. Nothing runs at the same instant as something
// else: what is due at one instant is ordered by chance, drawn from the seed. The same seed and
// the same work give the same order everywhere.

#include <functional>
#include <memory>
#include <set>
#include <vector>

#include "base/random.hpp"
#include "base/time.hpp"
#include "fiber.hpp"

namespace sim {

using base::Duration;
using base::Timestamp;
using namespace std::chrono_literals;  // NOLINT: 10min reads better than any alternative

// Thrown out of sleep() when the world ends.
struct WorldEnds {};

class Scheduler {
 public:
  // One thread of direct-style work; named by a number, for wake().
  using Task = std::uint64_t;

  Scheduler(std::uint64_t seed, Timestamp start);
  ~Scheduler();  // unwinds all fibers that still sleep

  Timestamp now() const { return now_; }
  std::uint64_t switches() const { return switches_; }
  std::uint64_t order_hash() const { return hash_; }

  // Starts `body` as a fiber at `at` (not before now).
  Task spawn(Timestamp at, std::function<void()> body);
  // Calls `event` at `at`, not on a fiber: it must not sleep.
  void at(Timestamp at, std::function<void()> event);

  // From inside a fiber. Others may run in between, also when nothing is to be waited for.
  void sleep_until(Timestamp at);
  void sleep(Duration duration) { sleep_until(now_ + duration); }
  // The running fiber; and making a sleeping one go on now (does nothing when it is over).
  Task current() const { return current_; }
  void wake(Task task);

  // Runs what is due until `until` or until `stop` says so after an event.
  void run(Timestamp until, const std::function<bool()>& stop);
  // Unwinds all fibers that still sleep; nothing runs afterwards.
  void end();

 private:
  struct Work {
    std::unique_ptr<Fiber> fiber;
    std::function<void()> event;
    std::uint32_t turn = 0;  // an older entry in the queue is void
  };
  struct Due {
    Timestamp at;
    std::uint32_t tie = 0;
    std::uint32_t turn = 0;
    Task task = 0;
    bool operator<(const Due& other) const {  // for a heap with the earliest on top
      if (at != other.at) return at > other.at;
      return tie != other.tie ? tie > other.tie : task > other.task;
    }
  };

  Task add(Timestamp at, Work work);
  void push(Timestamp at, Task task);
  void step(const Due& due);

  base::Rng rng_;
  Timestamp now_;
  std::vector<Due> queue_;
  std::vector<Work> works_;
  std::vector<Task> free_;
  Task current_ = 0;
  bool ending_ = false;
  std::uint64_t switches_ = 0;
  std::uint64_t hash_ = 14695981039346656037ULL;
};

}  // namespace sim
