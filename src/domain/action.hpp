#pragma once
// Action: one idempotent step outside, decided by plan() and executed by the pass without a choice
// left; and Outcome: what came of it, which apply_outcome() turns into facts.

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/result.hpp"
#include "domain/meeting.hpp"
#include "domain/outside.hpp"
#include "domain/policy.hpp"

namespace domain {

// Start one machine. Idempotent on `key`: the same key never starts a second one.
struct Launch {
  SeatId seat;
  DesktopId desktop;
  std::uint32_t attempt = 1;
  std::uint32_t place = 0;  // index into the ordered list of places to launch in
  std::string key;
  Timestamp deadline;  // when the machine ends itself, whatever happens to us
  bool operator==(const Launch&) const = default;
};

// Make the record of a desktop say `address`. Idempotent on (name, generation).
struct PutRecord {
  DesktopId desktop;
  std::string address;
  std::uint32_t generation = 1;
  Timestamp asked_at;  // Desktop::record_asked_at of this call
  bool operator==(const PutRecord&) const = default;
};

// Remove the record of a desktop. Idempotent; nothing there is success.
struct DropRecord {
  DesktopId desktop;
  std::uint32_t generation = 1;
  bool operator==(const DropRecord&) const = default;
};

// End one machine. Idempotent on the instance.
struct Terminate {
  DesktopId desktop;
  InstanceId instance;
  bool operator==(const Terminate&) const = default;
};

// Tell a machine its new deadline. Idempotent.
struct SetDeadline {
  DesktopId desktop;
  InstanceId instance;
  Timestamp deadline;
  Timestamp told_at;  // Desktop::deadline_told_at of this call
  bool operator==(const SetDeadline&) const = default;
};

using Action = std::variant<Launch, PutRecord, DropRecord, Terminate, SetDeadline>;

Capability capability_of(const Action& action);
std::string_view name_of(const Action& action);
const DesktopId& desktop_of(const Action& action);
// What it changes at the provider: the machine that it ends, or else the desktop by its name.
std::string_view thing_of(const Action& action);
// What makes it the same call when it is made again, whenever that is.
std::string identity_of(const Action& action);

// What the call answered. For Launch the instance; for the others nothing.
using Outcome = base::Result<std::optional<Instance>>;

// The facts that an outcome adds. Total: an outcome for a desktop that is not current any more
// changes nothing. A time-out is not a rejection: unknown_outcome leaves the intent open.
Meeting apply_outcome(const Meeting& meeting, const Action& action, const Outcome& outcome,
                      Timestamp now, const Policy& policy);

// The key of a launch: (meeting, seat, attempt, place, round).
std::string launch_key(const Desktop& desktop);

}  // namespace domain
