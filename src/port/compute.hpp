#pragma once
// Compute: machines that we own. Reads answer what is really there and carries our owner mark, of
// this store and this provider account; nothing else is ever listed or touched. Thread-safe. Every
// call is bounded in time by its adapter (30 s).

#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "domain/outside.hpp"

namespace port {

// All that a launch says. The same key must come with the same parameters.
struct LaunchSpec {
  std::string key;      // launch key, at most 64 ASCII characters
  domain::Owner owner;  // set atomically with the launch, on everything it creates
  domain::DesktopId desktop;
  std::uint32_t place = 0;   // index into the adapter's ordered list of places (image, zone, type)
  base::Timestamp deadline;  // the machine ends itself then, even if nobody calls again
  // For people on the desktop. Data, never shell text; reaches it as environment or files.
  std::string title;
  std::string role;
  std::string person;
  std::string call_url;
};

class Compute {
 public:
  virtual ~Compute() = default;

  // Machines of one meeting: pending, running, and for at least 10 minutes those gone. Complete or
  // an error (unavailable); never a part. A machine launched less than Policy::list_lag ago may be
  // missing; so a machine that is not listed is not therefore gone.
  virtual base::Result<std::vector<domain::Instance>> list(const domain::MeetingId& meeting) = 0;

  // All machines of this store (domain::Owner::store), for the sweep. Complete or an error.
  virtual base::Result<std::vector<domain::Instance>> list_all() = 0;

  // Starts one machine, or answers the one that this key already started. Answers as soon as the
  // provider knows it; the address may come later.
  //   exhausted: no capacity at this place, nothing was started: try the next place
  //   conflict: the key's machine is gone already; nothing was started: use a new attempt
  //   invalid, denied: the configuration is wrong; nothing was started
  //   unavailable, held_back (by our own pace): nothing was started, try again with the same key
  //   unknown_outcome: look at list() before anything else; the same key may be used again
  virtual base::Result<domain::Instance> launch(const LaunchSpec& spec) = 0;

  // Asks one machine to end. Idempotent; success means that the provider has taken the order, not
  // that it is gone: that is seen in list(). `owner` must match what the machine carries, else
  // denied. not_found: no machine of that id is known now (which does not prove that it is gone).
  virtual base::Result<> terminate(const domain::InstanceId& instance,
                                   const domain::Owner& owner) = 0;

  // Moves the time at which the machine ends itself. Idempotent. not_found as above.
  virtual base::Result<> set_deadline(const domain::InstanceId& instance,
                                      const domain::Owner& owner, base::Timestamp deadline) = 0;
};

}  // namespace port
