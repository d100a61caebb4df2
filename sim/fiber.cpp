#include "fiber.hpp"

#include <sys/mman.h>
#include <ucontext.h>

#include <utility>
#include <vector>

#include "base/check.hpp"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SIM_ASAN 1
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define SIM_ASAN 1
#endif
#ifdef SIM_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

namespace __cxxabiv1 {
struct __cxa_eh_globals;
extern "C" __cxa_eh_globals* __cxa_get_globals() noexcept;
}  // namespace __cxxabiv1

#if defined(__x86_64__)
// Saves the callee's registers on the old stack, takes them from the new one.
extern "C" void sim_fiber_switch(void** save, void* load);
asm(R"(
.text
.globl sim_fiber_switch
.type sim_fiber_switch,@function
sim_fiber_switch:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size sim_fiber_switch,.-sim_fiber_switch
)");
#endif

namespace sim {
namespace {

constexpr std::size_t kStackBytes = 256 * 1024;
constexpr std::size_t kGuardBytes = 4096;

Fiber* running = nullptr;
void* caller_context = nullptr;
#ifdef SIM_ASAN
void* caller_fake_stack = nullptr;
const void* caller_bottom = nullptr;
std::size_t caller_size = 0;
#endif

std::vector<void*>& free_stacks() {
  static std::vector<void*> stacks;
  return stacks;
}

void* take_stack() {
  auto& stacks = free_stacks();
  if (!stacks.empty()) {
    void* stack = stacks.back();
    stacks.pop_back();
#ifdef SIM_ASAN
    __asan_unpoison_memory_region(stack, kStackBytes);
#endif
    return stack;
  }
  void* memory = mmap(nullptr, kGuardBytes + kStackBytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  CHECK(memory != MAP_FAILED);
  CHECK(mprotect(memory, kGuardBytes, PROT_NONE) == 0);
  return static_cast<char*>(memory) + kGuardBytes;
}

// Of the one thread that all fibers are on.
void swap_exceptions(Fiber::ExceptionState& mine) {
  static auto* now = reinterpret_cast<Fiber::ExceptionState*>(__cxxabiv1::__cxa_get_globals());
  std::swap(*now, mine);
}

#if defined(__x86_64__)
void* make_context(void* stack) {
  auto* top = reinterpret_cast<void**>(static_cast<char*>(stack) + kStackBytes);
  *--top = nullptr;  // who returned to it would end here; also aligns the stack for a call
  *--top = reinterpret_cast<void*>(&Fiber::enter);
  for (int i = 0; i < 6; ++i) *--top = nullptr;
  return top;
}
void change_context(void** save, void* load) {
  sim_fiber_switch(save, load);
}
void free_context(void* /*context*/) {}
#else
void* make_context(void* stack) {
  auto* context = new ucontext_t;
  CHECK(getcontext(context) == 0);
  context->uc_stack.ss_sp = stack;
  context->uc_stack.ss_size = kStackBytes;
  context->uc_link = nullptr;
  makecontext(context, &Fiber::enter, 0);
  return context;
}
void change_context(void** save, void* load) {
  static ucontext_t main_context;
  if (*save == nullptr) *save = &main_context;
  swapcontext(static_cast<ucontext_t*>(*save), static_cast<ucontext_t*>(load));
}
void free_context(void* context) {
  delete static_cast<ucontext_t*>(context);
}
#endif

}  // namespace

Fiber::Fiber(std::function<void()> body) : body_(std::move(body)), stack_(take_stack()) {
  context_ = make_context(stack_);
}

Fiber::~Fiber() {
  CHECK(finished_);
  free_context(context_);
  free_stacks().push_back(stack_);
}

Fiber* Fiber::current() {
  return running;
}

void Fiber::enter() {
#ifdef SIM_ASAN
  __sanitizer_finish_switch_fiber(nullptr, &caller_bottom, &caller_size);
#endif
  Fiber& self = *running;
  self.body_();
  self.body_ = nullptr;
  self.finished_ = true;
  self.switch_to_caller();
  CHECK(false);
}

void Fiber::resume() {
  CHECK(running == nullptr && !finished_);
  running = this;
  swap_exceptions(exceptions_);
  switch_to_fiber();
  swap_exceptions(exceptions_);
  running = nullptr;
}

void Fiber::suspend() {
  CHECK(running != nullptr);
  running->switch_to_caller();
}

void Fiber::switch_to_fiber() {
#ifdef SIM_ASAN
  __sanitizer_start_switch_fiber(&caller_fake_stack, stack_, kStackBytes);
#endif
  change_context(&caller_context, context_);
#ifdef SIM_ASAN
  __sanitizer_finish_switch_fiber(caller_fake_stack, nullptr, nullptr);
#endif
}

void Fiber::switch_to_caller() {
#ifdef SIM_ASAN
  __sanitizer_start_switch_fiber(finished_ ? nullptr : &fake_stack_, caller_bottom, caller_size);
#endif
  change_context(&context_, caller_context);
#ifdef SIM_ASAN
  __sanitizer_finish_switch_fiber(fake_stack_, &caller_bottom, &caller_size);
#endif
}

}  // namespace sim
