#include "scheduler.hpp"

#include <algorithm>
#include <utility>

#include "base/check.hpp"

namespace sim {

Scheduler::Scheduler(std::uint64_t seed, Timestamp start)
    : rng_(base::Rng(seed).fork("order")), now_(start) {
  works_.emplace_back();  // task 0 is nobody
}

Scheduler::~Scheduler() {
  end();
}

Scheduler::Task Scheduler::add(Timestamp at, Work work) {
  Task task = works_.size();
  if (free_.empty()) {
    works_.push_back(std::move(work));
  } else {
    task = free_.back();
    free_.pop_back();
    const auto turn = works_[task].turn;
    works_[task] = std::move(work);
    works_[task].turn = turn;
  }
  push(at, task);
  return task;
}

void Scheduler::push(Timestamp at, Task task) {
  const auto turn = ++works_[task].turn;
  queue_.push_back({std::max(at, now_), rng_.next(), turn, task});
  std::push_heap(queue_.begin(), queue_.end());
}

Scheduler::Task Scheduler::spawn(Timestamp at, std::function<void()> body) {
  auto guarded = [this, body = std::move(body)] {
    if (ending_) return;
    try {
      body();
    } catch (const WorldEnds&) {
      return;  // unwound
    }
  };
  return add(at, {std::make_unique<Fiber>(std::move(guarded)), nullptr, 0});
}

void Scheduler::at(Timestamp at, std::function<void()> event) {
  add(at, {nullptr, std::move(event), 0});
}

void Scheduler::sleep_until(Timestamp at) {
  if (ending_) throw WorldEnds{};
  push(at, current_);
  Fiber::suspend();
  if (ending_) throw WorldEnds{};
}

void Scheduler::wake(Task task) {
  if (task != current_ && task < works_.size() && works_[task].fiber) push(now_, task);
}

void Scheduler::step(const Due& due) {
  if (works_[due.task].turn != due.turn) return;
  now_ = due.at;
  ++switches_;
  hash_ = (hash_ ^ due.task ^ static_cast<std::uint64_t>(now_.time_since_epoch().count())) *
          1099511628211ULL;
  if (works_[due.task].event) {
    const auto event = std::exchange(works_[due.task].event, nullptr);
    free_.push_back(due.task);
    event();
    return;
  }
  Fiber* fiber = works_[due.task].fiber.get();
  current_ = due.task;
  fiber->resume();
  current_ = 0;
  if (fiber->finished()) {
    works_[due.task].fiber.reset();
    ++works_[due.task].turn;
    free_.push_back(due.task);
  }
}

void Scheduler::run(Timestamp until, const std::function<bool()>& stop) {
  while (!queue_.empty() && queue_.front().at <= until) {
    const Due due = queue_.front();
    std::pop_heap(queue_.begin(), queue_.end());
    queue_.pop_back();
    step(due);
    if (stop()) return;
  }
  now_ = std::max(now_, until);
}

void Scheduler::end() {
  ending_ = true;
  for (Task task = 1; task < works_.size(); ++task) {
    if (!works_[task].fiber) continue;
    current_ = task;
    works_[task].fiber->resume();
    CHECK(works_[task].fiber->finished());
    works_[task].fiber.reset();
  }
  current_ = 0;
  queue_.clear();
}

}  // namespace sim
