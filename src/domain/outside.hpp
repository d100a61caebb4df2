#pragma once
// What can be seen outside: machines, records, and what a desktop answers. These are observations,
// made by adapters; nothing here says what ought to be.

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "domain/ids.hpp"

namespace domain {

// Whose a machine or record is. Carried outside as tags or labels set at launch, never later.
struct Owner {
  std::string store;  // identity of the store that owns it (S30)
  SeatId seat;
  std::uint32_t attempt = 0;
  auto operator<=>(const Owner&) const = default;
};

// `stopping`: told to end and cannot come back, but still there (EC2's shutting-down). `stopped`:
// it stands still and costs, and may be started again (EC2's stopping and stopped).
enum class InstanceState { pending, running, stopping, stopped, gone };

struct Instance {
  InstanceId id;
  Owner owner;
  std::string launch_key;
  InstanceState state = InstanceState::pending;
  std::string address;  // empty until the provider knows one
  base::Timestamp launched_at;
  std::optional<base::Timestamp> deadline;  // when it ends itself
  std::string why;                          // why it is stopped or gone, when the provider says
  bool operator==(const Instance&) const = default;
};

struct Record {
  std::string name;  // "<desktop>.<parent domain>"
  std::string address;
  Owner owner;
  std::uint32_t generation = 0;
  bool operator==(const Record&) const = default;
};

// One look at a desktop through its own name.
struct Probe {
  base::Timestamp at;
  bool answers = false;  // it answered as this desktop, this attempt, and its screen works
  std::string why_not;
  // Live connections to its screen now, the prober's own not counted; nothing = unknown.
  std::optional<std::uint32_t> connections;
  bool operator==(const Probe&) const = default;
};

// What this host may do outside; the rest is left for a host that may.
enum class Capability { launch, name, terminate, deadline };

// Everything that a pass saw. A member that is missing was not looked at, or the look failed:
// unknown, never "nothing there".
struct Observed {
  std::optional<std::vector<Instance>> instances;  // all machines of this meeting
  // It says what was there at some instant between these two; nothing: at the time of the plan.
  std::optional<base::Timestamp> instances_asked_at;
  std::optional<base::Timestamp> instances_answered_at;
  std::optional<std::vector<Record>> records;  // all records of this meeting
  // Nothing: at the time of the plan.
  std::optional<base::Timestamp> records_asked_at;
  std::map<DesktopId, Probe> probes;
  std::set<Capability> capabilities{Capability::launch, Capability::name, Capability::terminate,
                                    Capability::deadline};
  std::set<std::string> asked;  // calls that this pass has made already: identity_of(Action)
  bool may_launch = true;       // budgets allow a launch
  bool hold_kills = false;  // the clock jumped: nothing is ended by the clock until it has settled
};

}  // namespace domain
