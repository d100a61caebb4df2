#pragma once
// Prober: looks into memory::Compute, and, when given, at what the world resolves the name to. A
// desktop answers when the machine that holds the address runs, is not mute, and is the one asked
// for. Connections are what the test says (none unless told). Thread-safe.

#include <map>
#include <mutex>
#include <optional>

#include "adapter/memory/compute.hpp"
#include "adapter/memory/dns_zone.hpp"
#include "port/prober.hpp"

namespace adapter::memory {

class Prober : public port::Prober {
 public:
  // `zone` null: names always resolve to the target's address.
  Prober(Compute& compute, DnsZone* zone) : compute_(compute), zone_(zone) {}

  base::Result<domain::Probe> probe(const port::ProbeTarget& target) override;

  void set_connections(const domain::DesktopId& desktop, std::uint32_t connections);
  void set_unknown(const domain::DesktopId& desktop);  // it answers, but can't count
  void set_blind(bool blind);                          // this host can't look at all

 private:
  Compute& compute_;
  DnsZone* zone_;
  std::mutex mutex_;
  std::map<domain::DesktopId, std::optional<std::uint32_t>> connections_;
  bool blind_ = false;
};

}  // namespace adapter::memory
