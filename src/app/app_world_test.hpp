#pragma once
// All use cases over the in-memory adapters on a virtual clock: what a process is, without its
// threads.

#include <memory>

#include "adapter/memory/clock.hpp"
#include "adapter/memory/compute.hpp"
#include "adapter/memory/dns_zone.hpp"
#include "adapter/memory/entropy.hpp"
#include "adapter/memory/meeting_store.hpp"
#include "adapter/memory/prober.hpp"
#include "adapter/memory/secrets.hpp"
#include "adapter/memory/wakeups.hpp"
#include "app/access.hpp"
#include "app/join.hpp"
#include "app/reconcile.hpp"
#include "app/schedule.hpp"
#include "app/sweep.hpp"
#include "base/check.hpp"

namespace app {

using namespace std::chrono_literals;  // NOLINT: 10min reads better than any alternative
namespace memory = adapter::memory;

constexpr base::Timestamp kT = base::Timestamp(std::chrono::hours(24 * 20'000));

template <class T>
T must(base::Result<T> result) {
  CHECK(result.has_value());
  return *std::move(result);
}
inline void must(const base::Result<>& result) {
  CHECK(result.has_value());
}

class AppWorld {
 public:
  explicit AppWorld(memory::ComputeManners manners = {}) : compute(clock, with_store(manners)) {
    secrets.put("link_key", base::Secret(std::string(32, 'l')));
    secrets.put("session_key", base::Secret(std::string(32, 's')));
  }

  memory::Clock clock{kT - 1h};
  memory::MemoryStore store{"s1"};
  memory::Compute compute;
  memory::DnsZone zone{clock, {.parent = "desk.localhost", .store = "s1"}};
  memory::Prober prober{compute, nullptr};
  memory::Secrets secrets;
  memory::Wakeups wakeups;
  memory::Entropy entropy{1};
  Ports ports{store, store, compute, zone, prober, secrets, wakeups, clock, entropy};
  Settings settings;
  Schedule schedule{ports, settings};
  Join join{ports, settings};
  Access access{ports};
  Reconcile reconcile{ports,
                      settings,
                      {domain::Capability::launch, domain::Capability::name,
                       domain::Capability::terminate, domain::Capability::deadline}};
  Sweep sweep{ports, {}};
  Principal ada{must(domain::PrincipalId::parse("ada")), {port::Scope::book}};

  domain::Booking booking() const {
    return {
        .title = "Algebra", .start = {kT, "", ""}, .length = 45min, .call_url = "", .seats = {}};
  }
  domain::Meeting book() { return must(schedule.book(ada, booking(), std::nullopt)).meeting; }
  domain::Meeting load(const domain::MeetingId& id) { return must(store.load(id)); }

  // Lets time go by: every due meeting gets its pass, hints are thrown away (L4).
  void run_until(base::Timestamp until) {
    for (;;) {
      for (const auto& id : must(store.due(clock.now(), 100))) must(reconcile.pass(id, false));
      const auto next = must(store.next_wake());
      if (!next || *next > until) break;
      if (*next > clock.now()) clock.advance(*next - clock.now());
    }
    if (until > clock.now()) clock.advance(until - clock.now());
  }

  Guest guest(const domain::Meeting& meeting, std::size_t seat) {
    const auto token = must(join.link_token(meeting.seats.at(seat)));
    return must(join.exchange(token)).first;
  }
  DeskPass enter(const domain::Meeting& meeting, std::size_t seat) {
    const auto entry = must(join.enter(guest(meeting, seat)));
    auto pass = must(join.pass_door(entry.desktop, entry.token));
    prober.set_connections(entry.desktop, 1);
    must(join.report_presence(entry.desktop, 1, true));
    return pass;
  }
  std::size_t alive() {
    std::size_t count = 0;
    for (const auto& one : compute.truth()) count += one.state != domain::InstanceState::gone;
    return count;
  }

 private:
  static memory::ComputeManners with_store(memory::ComputeManners manners) {
    manners.store = "s1";
    return manners;
  }
};

}  // namespace app
