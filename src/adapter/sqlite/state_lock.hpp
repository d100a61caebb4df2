#pragma once
// StateLock: one process at a time uses a state folder (SECURITY 23). The system drops the lock
// with the process, however it ends, so there is never a stale one to remove.

#include <string>

#include "base/result.hpp"
#include "base/time.hpp"

namespace adapter::sqlite {

class StateLock {
 public:
  // Makes `folder` (mode 0700, also what is missing above it) and takes the lock in it. `now` is
  // told to whoever comes second.
  //   conflict: another process holds it; the message says which, and since when
  //   denied: the folder is somebody else's, or open to others: its owner's mode must be 0700
  static base::Result<StateLock> take(const std::string& folder, base::Timestamp now);

  // Some process holds it, or nobody can tell. Asking takes a shared lock for a moment, which
  // take() waits for when whoever held it before is gone.
  static bool is_held(const std::string& folder);

  StateLock(StateLock&& other) noexcept;
  StateLock(const StateLock&) = delete;
  StateLock& operator=(const StateLock&) = delete;
  StateLock& operator=(StateLock&&) = delete;
  ~StateLock();

 private:
  explicit StateLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

}  // namespace adapter::sqlite
