#pragma once
// change_meeting(): load, apply a pure change, save with compare-and-set; on conflict again, at
// most 5 times. The audit rows are written in the same write. Shared by the use cases; saves
// nothing when the change changes nothing.

#include "app/ports.hpp"

namespace app {

constexpr int kChangeTriesMax = 5;

template <class Change>
base::Result<domain::Meeting> change_meeting(const Ports& ports, const domain::MeetingId& id,
                                             const std::vector<port::AuditEntry>& audit,
                                             const Change& apply) {
  for (int tries = 1;; ++tries) {
    const domain::Meeting before = TRY(ports.store.load(id));
    domain::Meeting after = TRY(apply(before));
    if (after == before) return after;
    auto saved = ports.store.save({.meeting = after, .audit = audit, .launches = 0, .limits = {}});
    if (saved) {
      after.version = *saved;
      if (after.wake_at) ports.wakeups.wake(id, *after.wake_at);
      return after;
    }
    if (saved.error().kind != base::ErrorKind::conflict || tries == kChangeTriesMax) {
      return tl::unexpected<base::Error>(saved.error());
    }
  }
}

}  // namespace app
