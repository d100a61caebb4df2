#include "adapter/memory/prober.hpp"

namespace adapter::memory {
namespace {

domain::Probe silent(std::string why_not) {
  domain::Probe probe;
  probe.why_not = std::move(why_not);
  return probe;
}

}  // namespace

base::Result<domain::Probe> Prober::probe(const port::ProbeTarget& target) {
  {
    const std::lock_guard lock(mutex_);
    if (blind_) return base::fail(base::ErrorKind::unavailable, "this host can't look now");
  }
  if (zone_ != nullptr) {
    const auto addresses = zone_->resolve(target.name);
    if (addresses.empty()) return silent("its name does not resolve");
    // A second record sends some people elsewhere: that name is not good yet.
    for (const auto& address : addresses) {
      if (address != target.address) return silent("its name leads elsewhere");
    }
  }
  const auto screen = compute_.screen_at(target.address);
  if (!screen) return silent("nothing answers at its address");
  if (screen->desktop != target.desktop || screen->attempt != target.attempt) {
    return silent("another desktop answers there");
  }
  if (!screen->answers) return silent("its screen does not answer");
  domain::Probe probe;
  probe.answers = true;
  const std::lock_guard lock(mutex_);
  const auto known = connections_.find(target.desktop);
  probe.connections = known == connections_.end() ? 0 : known->second;
  return probe;
}

void Prober::set_connections(const domain::DesktopId& desktop, std::uint32_t connections) {
  const std::lock_guard lock(mutex_);
  connections_.insert_or_assign(desktop, connections);
}

void Prober::set_unknown(const domain::DesktopId& desktop) {
  const std::lock_guard lock(mutex_);
  connections_.insert_or_assign(desktop, std::nullopt);
}

void Prober::set_blind(bool blind) {
  const std::lock_guard lock(mutex_);
  blind_ = blind;
}

}  // namespace adapter::memory
