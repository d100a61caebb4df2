#include "throttle.hpp"

namespace sim {

ApiLimits ApiLimits::real(bool cloudflare) {
  ApiLimits limits{.launch = {5, 500ms},
                   .terminate = {100, 200ms},
                   .describe = {100, 50ms},
                   .describe_all = {50, 100ms},
                   .change = {100, 100ms},
                   .names = {},
                   .lock_out = {}};
  if (cloudflare) {
    limits.lock_out = {1200, 5min, 5min};
  } else {
    limits.names = {50, 100ms};
  }
  return limits;
}

std::string ApiLimits::describe_text() const {
  std::string text;
  const auto add = [&](const char* name, const BucketSize& size) {
    if (size.every.count() == 0) return;
    text += std::string(" ") + name + "=" + std::to_string(size.burst) + "+1/" +
            base::to_text(size.every);
  };
  add("launch", launch);
  add("terminate", terminate);
  add("describe", describe);
  add("describe_all", describe_all);
  add("change", change);
  add("names", names);
  if (lock_out.calls > 0) {
    text += " names=" + std::to_string(lock_out.calls) + "/" + base::to_text(lock_out.window) +
            " or locked for " + base::to_text(lock_out.lasts);
  }
  return text.empty() ? " none" : text;
}

Throttle::Throttle(const ApiLimits& limits)
    : launch_(limits.launch),
      terminate_(limits.terminate),
      describe_(limits.describe),
      describe_all_(limits.describe_all),
      change_(limits.change),
      names_(limits.names),
      lock_out_(limits.lock_out) {}

bool Throttle::admits(Site site, Timestamp now) {
  switch (site) {
    case Site::launch:
      return launch_.take(now);
    case Site::terminate:
      return terminate_.take(now);
    case Site::list:
      return describe_.take(now);
    case Site::list_all:
      return describe_all_.take(now);
    case Site::set_deadline:
      return change_.take(now);
    case Site::zone_list:
    case Site::zone_list_all:
    case Site::put:
    case Site::drop:
      return names_.take(now) && lock_out_.take(now);
    default:
      return true;
  }
}

bool Throttle::takes_page(Site site, Timestamp now) {
  if (site == Site::list_all) {
    describe_all_.spend(now);
    return true;
  }
  names_.spend(now);
  return lock_out_.take(now);
}

}  // namespace sim
