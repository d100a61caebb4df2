#pragma once
// User numbers for desktops, one each, when we are root. A number is taken by a lock that the
// desktop itself holds (its init inherits it), in one file for the whole machine: it is free again
// exactly when the desktop is gone, whatever became of the server that gave it.

#include <sys/types.h>

#include <cstdint>

#include "adapter/local/os.hpp"
#include "base/result.hpp"

namespace adapter::local {

struct Slot {
  uid_t uid = 0;
  Fd lock;  // empty when we are not root: every desktop then has our own user number
};

// exhausted: every number is in use.
base::Result<Slot> take_slot(std::uint32_t base, std::uint32_t count);

}  // namespace adapter::local
