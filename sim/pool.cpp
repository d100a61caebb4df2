// new and delete of the tool: free lists by size, never given back. The simulation is one thread
// (each worker a process of its own) and lives on small short-lived values; a general allocator
// takes a third of its time. Left out under sanitizers, which want to see every allocation.

#include <malloc.h>

#include <array>
#include <cstdlib>
#include <new>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SIM_PLAIN_NEW 1
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define SIM_PLAIN_NEW 1
#endif

#ifndef SIM_PLAIN_NEW
namespace {

constexpr std::size_t kStep = 16;  // also the alignment
constexpr std::size_t kLargest = 3072;
constexpr std::size_t kChunk = 1U << 20U;

struct Free {
  Free* next;
};
std::array<Free*, kLargest / kStep + 1> free_lists{};
char* chunk = nullptr;
std::size_t chunk_left = 0;

// What is large is not given back either: images of a disk in memory come and go with each loss of
// power.
const bool kKept = mallopt(M_MMAP_THRESHOLD, 1 << 30) == 1 &&
                   mallopt(M_TRIM_THRESHOLD, 1 << 30) == 1 && mallopt(M_TOP_PAD, 1 << 24) == 1;

// A block is preceded by its class; 0: from malloc.
struct alignas(kStep) Head {
  std::size_t index;
};

void* from_malloc(std::size_t bytes) {
  void* memory = std::malloc(sizeof(Head) + bytes);
  if (memory == nullptr) throw std::bad_alloc();
  return new (memory) Head{0} + 1;
}

void* from_chunk(std::size_t index) {
  const std::size_t bytes = sizeof(Head) + index * kStep;
  if (chunk_left < bytes) {
    chunk = static_cast<char*>(std::malloc(kChunk));
    if (chunk == nullptr) throw std::bad_alloc();
    chunk_left = kChunk;
  }
  void* block = chunk;
  chunk += bytes;
  chunk_left -= bytes;
  return new (block) Head{index} + 1;
}

}  // namespace

void* operator new(std::size_t bytes) {
  if (bytes > kLargest) return from_malloc(bytes);
  const std::size_t index = bytes == 0 ? 1 : (bytes + kStep - 1) / kStep;
  Free*& list = free_lists[index];
  if (list == nullptr) return from_chunk(index);
  Free* block = list;
  list = block->next;
  return block;
}

void operator delete(void* block) noexcept {
  if (block == nullptr) return;
  Head* head = static_cast<Head*>(block) - 1;
  if (head->index == 0) {
    std::free(head);
    return;
  }
  Free*& list = free_lists[head->index];
  list = new (block) Free{list};
}

void operator delete(void* block, std::size_t /*bytes*/) noexcept {
  operator delete(block);
}
#endif
