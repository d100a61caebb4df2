#pragma once
// Ports: all that the use cases need of the outside, wired once in bin. References, never owned.

#include "domain/policy.hpp"
#include "port/clock.hpp"
#include "port/compute.hpp"
#include "port/dns_zone.hpp"
#include "port/entropy.hpp"
#include "port/key_store.hpp"
#include "port/meeting_store.hpp"
#include "port/prober.hpp"
#include "port/secrets.hpp"
#include "port/wakeups.hpp"

namespace app {

struct Ports {
  port::MeetingStore& store;
  port::KeyStore& keys;
  port::Compute& compute;
  port::DnsZone& zone;
  port::Prober& prober;
  port::Secrets& secrets;
  port::Wakeups& wakeups;
  port::Clock& clock;
  port::Entropy& entropy;
};

struct Settings {
  domain::Policy policy;
  port::LaunchLimits limits{200, 100, 50, 50};
  std::vector<std::string> roles{"teacher", "student"};
  std::string call_url_template;  // "https://meet.example.org/{meeting}"; empty: none
};

}  // namespace app
