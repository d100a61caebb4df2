#pragma once
// Fiber: a function on a stack of its own, resumed and suspended by hand, all on one thread. The
// exception state of C++ is kept per fiber, so a switch inside a catch or while unwinding mixes
// nothing up. Address sanitizer is told of each switch. A fiber must have finished before it is
// destroyed.

#include <cstddef>
#include <cstdint>
#include <functional>

namespace sim {

class Fiber {
 public:
  explicit Fiber(std::function<void()> body);
  ~Fiber();
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  // Runs it until it suspends or finishes. Not from inside a fiber.
  void resume();
  // From inside: back to who resumed it.
  static void suspend();
  static Fiber* current();
  bool finished() const { return finished_; }

  struct ExceptionState {
    void* caught = nullptr;
    unsigned int uncaught = 0;
  };

  static void enter();  // the first frame of every fiber; internal

 private:
  void switch_to_fiber();
  void switch_to_caller();

  std::function<void()> body_;
  bool finished_ = false;
  void* stack_ = nullptr;  // lowest address
  void* context_ = nullptr;
  ExceptionState exceptions_;
  [[maybe_unused]] void* fake_stack_ = nullptr;  // sanitizer's
};

}  // namespace sim
