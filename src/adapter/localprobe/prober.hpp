#pragma once
// LocalProber: looks at a local desktop as a person's browser would, by HTTP to the address that
// this host listens on, under the desktop's own name. The answer counts only if it says that it is
// this desktop and attempt. The request carries a ticket that proves to the bridge that it is our
// own, so that it answers and does not count it. Blocking, at most `limit` in all; keeps nothing
// between calls.

#include <cstdint>
#include <functional>
#include <string>

#include "base/time.hpp"
#include "port/prober.hpp"

namespace adapter::localprobe {

struct ProbeOptions {
  std::string address = "127.0.0.1";  // where this host listens, numeric; "0.0.0.0" and "::" too
  std::uint16_t port = 8080;
  std::string host_port;   // what follows the name in a browser's Host: ":8080", or empty
  std::string trusted;     // PEM text: our CA, or our own certificate; empty: no TLS
  bool check_name = true;  // the certificate must be for the desktop's name
  base::Duration limit = std::chrono::seconds(5);
};

class LocalProber : public port::Prober {
 public:
  using Ticket = std::function<base::Result<std::string>(const domain::DesktopId&)>;
  LocalProber(ProbeOptions options, Ticket ticket)
      : options_(std::move(options)), ticket_(std::move(ticket)) {}

  base::Result<domain::Probe> probe(const port::ProbeTarget& target) override;

 private:
  base::Result<std::string> exchange(const port::ProbeTarget& target,
                                     const std::string& ticket) const;

  const ProbeOptions options_;
  const Ticket ticket_;
};

}  // namespace adapter::localprobe
