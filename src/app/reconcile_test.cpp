#include "app/reconcile.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "app/app_world_test.hpp"

namespace app {
namespace {

TEST(Reconcile, WholeMeetingRunsWithoutOneEvent) {
  AppWorld world;
  const auto meeting = world.book();
  world.run_until(kT);
  EXPECT_EQ(world.alive(), 2U);
  world.enter(meeting, 0);
  world.enter(meeting, 1);
  world.run_until(kT + 2h);
  const auto over = world.load(meeting.id);
  ASSERT_TRUE(over.over_at);
  EXPECT_EQ(over.end->reason, domain::EndReason::overran);
  EXPECT_EQ(world.alive(), 0U);
  EXPECT_TRUE(world.zone.truth().empty());
}

TEST(Reconcile, IntentIsDurableBeforeEveryLaunch) {
  AppWorld world;
  const auto meeting = world.book();
  int launches = 0;
  world.compute.on_launch([&](const port::LaunchSpec& spec) {
    ++launches;
    const auto stored = world.load(meeting.id);
    const auto* seat = domain::find_seat(stored, spec.owner.seat);
    ASSERT_TRUE(seat->desktop);
    EXPECT_EQ(domain::launch_key(*seat->desktop), spec.key);
    const auto audit = must(world.store.audit(meeting.id));
    EXPECT_TRUE(std::any_of(audit.begin(), audit.end(), [&](const port::AuditEntry& entry) {
      return entry.kind == port::AuditEntry::Kind::intent && entry.detail == spec.key;
    }));
  });
  world.run_until(kT);
  EXPECT_EQ(launches, 2);
}

TEST(Reconcile, APassInWhichNothingChangesLooksOnce) {
  AppWorld world;
  const auto meeting = world.book();
  world.run_until(kT);
  for (int i = 0; i < 3; ++i) {
    world.clock.advance(i == 0 ? 1s : 10s);  // the second one probes
    const auto report = must(world.reconcile.pass(meeting.id, false));
    EXPECT_EQ(report.rounds, 1U);
  }
}

TEST(Reconcile, LaunchThatTimedOutAfterItWorkedIsFoundAndNotRepeated) {
  AppWorld world;
  world.book();
  world.compute.next_launch({.kind = memory::Fate::Kind::done_unknown});
  world.run_until(kT - 5min);
  EXPECT_EQ(world.compute.launched_ever(), 2U);
}

// While it looks, somebody else changes the meeting: the pass that asked will be overtaken.
class MeddlingProber : public port::Prober {
 public:
  MeddlingProber(port::Prober& inner, std::function<void()> meddle)
      : inner_(inner), meddle_(std::move(meddle)) {}
  base::Result<domain::Probe> probe(const port::ProbeTarget& target) override {
    meddle_();
    return inner_.probe(target);
  }

 private:
  port::Prober& inner_;
  std::function<void()> meddle_;
};

TEST(Reconcile, PassThatIsOvertakenLooksAgainAtOnce) {
  AppWorld world;
  const auto meeting = world.book();
  world.run_until(kT - 11min);
  world.clock.advance(1min);
  int meddled = 0;
  MeddlingProber prober(world.prober, [&] {
    if (++meddled <= 2) must(world.schedule.extend(world.ada, meeting.id, 1min));
  });
  const Ports ports{world.store,   world.store,   world.compute, world.zone,   prober,
                    world.secrets, world.wakeups, world.clock,   world.entropy};
  Reconcile reconcile(ports, world.settings,
                      {domain::Capability::launch, domain::Capability::name,
                       domain::Capability::terminate, domain::Capability::deadline});
  EXPECT_TRUE(reconcile.pass(meeting.id, false));
  EXPECT_GE(meddled, 2);
  const auto stored = world.load(meeting.id);
  EXPECT_EQ(stored.extended, 2min);
  EXPECT_TRUE(stored.seats[0].desktop->ready);
}

// Two that look at the same meeting do not chase each other.
TEST(Reconcile, PassThatIsOvertakenByAnotherLookIsContent) {
  AppWorld world;
  const auto meeting = world.book();
  world.run_until(kT);
  world.clock.advance(world.settings.policy.presence_period);
  int meddled = 0;
  MeddlingProber prober(world.prober, [&] {
    if (++meddled == 1) must(world.reconcile.pass(meeting.id, false));
  });
  const Ports ports{world.store,   world.store,   world.compute, world.zone,   prober,
                    world.secrets, world.wakeups, world.clock,   world.entropy};
  Reconcile reconcile(ports, world.settings, {});
  const auto report = must(reconcile.pass(meeting.id, false));
  EXPECT_EQ(report.rounds, 1U);
}

// A provider that takes no calls is not asked again in the same pass.
TEST(Reconcile, PassWhoseCallsAreNotTakenLooksOnce) {
  AppWorld world;
  const auto meeting = world.book();
  world.clock.advance(1h);
  for (int i = 0; i < 2; ++i) world.compute.next_launch({memory::Fate::Kind::refused});
  const auto report = must(world.reconcile.pass(meeting.id, false));
  EXPECT_LE(report.rounds, 2U);
}

TEST(Reconcile, EveryMutationHasIntentThenOutcome) {
  AppWorld world;
  const auto meeting = world.book();
  world.run_until(kT + 20min);
  const auto audit = must(world.store.audit(meeting.id));
  std::map<std::string, int> open;
  int outcomes = 0;
  std::uint64_t number = 0;
  for (const auto& entry : audit) {
    EXPECT_GT(entry.number, number);
    number = entry.number;
    const auto key = entry.action + " " + entry.target;
    if (entry.kind == port::AuditEntry::Kind::intent) ++open[key];
    if (entry.kind == port::AuditEntry::Kind::outcome) {
      EXPECT_EQ(--open[key], 0) << key;
      ++outcomes;
    }
  }
  EXPECT_EQ(outcomes, 8);  // two seats: launch, name, unname, terminate
  for (const auto& [key, count] : open) EXPECT_EQ(count, 0) << key;
}

TEST(Reconcile, sec_29_BudgetHoldsLaunchesAndNeverTakeDowns) {
  AppWorld world;
  world.settings.limits = {100, 100, 2, 2};
  const auto first = world.book();
  const auto second = world.book();
  world.run_until(kT - 9min);
  EXPECT_EQ(world.alive(), 2U);
  const bool first_waits = !world.load(first.id).seats[0].desktop;
  const auto& served = first_waits ? second : first;
  const auto& waiting = first_waits ? first : second;
  EXPECT_FALSE(world.load(waiting.id).seats[0].trouble.empty());
  must(world.schedule.end(world.ada, served.id));
  world.run_until(kT - 8min);  // what was freed goes to the one that waited
  EXPECT_TRUE(world.load(served.id).over_at);
  EXPECT_TRUE(world.load(waiting.id).seats[0].desktop);
  EXPECT_EQ(world.alive(), 2U);
}

// Another look may not be had, where calls are few: what was seen is stored all the same.
TEST(Reconcile, PassWhoseLaunchABudgetHoldsBackLooksOnce) {
  AppWorld world;
  world.settings.limits = {100, 100, 0, 0};
  const auto meeting = world.book();
  world.run_until(kT - 10min);
  EXPECT_FALSE(world.load(meeting.id).seats[0].trouble.empty());
  world.clock.advance(1min);
  EXPECT_EQ(must(world.reconcile.pass(meeting.id, false)).rounds, 1U);
}

TEST(Reconcile, HostWithoutACapabilityLeavesTheActionToOthers) {
  AppWorld world;
  Reconcile gate(world.ports, world.settings, {});
  const auto meeting = world.book();
  world.clock.advance(1h);
  must(gate.pass(meeting.id, false));
  EXPECT_EQ(world.compute.launched_ever(), 0U);
  must(world.reconcile.pass(meeting.id, false));
  EXPECT_EQ(world.compute.launched_ever(), 2U);
}

TEST(Reconcile, SlowCloudWithLateListsIsLaunchedOnce) {
  AppWorld world({.boot = 40s, .address_after = 10s, .ready_after = 20s, .list_lag = 60s});
  world.settings.policy.list_lag = 60s;
  const auto meeting = world.book();
  world.run_until(kT - 2min);
  const auto stored = world.load(meeting.id);
  EXPECT_EQ(world.compute.launched_ever(), 2U);
  for (const auto& seat : stored.seats) {
    EXPECT_EQ(step(stored, seat, world.clock.now(), world.settings.policy),
              domain::SeatStep::ready);
  }
}

TEST(Reconcile, PassThatWasHeldUpLooksAgainBeforeItLaunches) {
  AppWorld world;
  const auto meeting = world.book();
  world.clock.advance(50min);
  std::uint32_t calls = 0;
  world.compute.on_launch([&](const port::LaunchSpec& spec) {
    const auto stored = world.load(meeting.id);
    const auto& seat = *domain::find_seat(stored, spec.owner.seat);
    EXPECT_LE(world.clock.now() - *seat.desktop->launch_called_at, 30s);
    if (++calls == 1) world.clock.advance(3min);
  });
  must(world.reconcile.pass(meeting.id, false));
  EXPECT_EQ(world.compute.launched_ever(), 2U);
}

// What it noted and did not call for is not on its way: a full place is left for the next one.
TEST(Reconcile, ALaunchThatCameTooLateToBeMadeDoesNotHoldItsSeatAtAFullPlace) {
  AppWorld world({.places = 2});
  world.settings.policy.places = 2;
  const auto meeting = world.book();
  std::uint32_t calls = 0;
  world.compute.on_launch([&](const port::LaunchSpec&) {
    if (++calls > 1) return;
    world.clock.advance(31s);
    world.compute.set_capacity(0, false);
  });
  world.run_until(kT - 2min);
  for (const auto& seat : world.load(meeting.id).seats) {
    ASSERT_TRUE(seat.desktop);
    EXPECT_TRUE(seat.desktop->instance) << seat.role;
  }
}

// Its zone takes no more calls, by our own pace, and looks take some time.
class PacedZone final : public port::DnsZone {
 public:
  PacedZone(memory::DnsZone& inner, memory::Clock& clock) : inner_(inner), clock_(clock) {}
  std::string name_of(const domain::DesktopId& desktop) const override {
    return inner_.name_of(desktop);
  }
  base::Result<> put(const domain::Record&) override {
    ++puts;
    return base::fail(base::ErrorKind::held_back, "too many calls");
  }
  base::Result<> drop(const std::string& name, const domain::Owner& owner) override {
    return inner_.drop(name, owner);
  }
  base::Result<std::vector<domain::Record>> list(const domain::MeetingId& meeting) override {
    clock_.advance(10ms);
    return inner_.list(meeting);
  }
  base::Result<std::vector<domain::Record>> list_all() override { return inner_.list_all(); }

  std::uint32_t puts = 0;

 private:
  memory::DnsZone& inner_;
  memory::Clock& clock_;
};

TEST(Reconcile, ANameThatIsHeldBackIsAskedForOnceInAPass) {
  AppWorld world;
  PacedZone zone(world.zone, world.clock);
  const Ports ports{world.store,   world.store,   world.compute, zone,         world.prober,
                    world.secrets, world.wakeups, world.clock,   world.entropy};
  Reconcile reconcile(ports, world.settings,
                      {domain::Capability::launch, domain::Capability::name});
  const auto meeting = world.book();
  world.clock.advance(50min);
  must(reconcile.pass(meeting.id, false));
  world.clock.advance(10s);
  const auto before = zone.puts;
  must(reconcile.pass(meeting.id, false));
  EXPECT_EQ(zone.puts, before + 2U) << "one for each seat";
}

TEST(Reconcile, PassThatWasHeldUpKnowsItThoughTheClockWasSetBackMeanwhile) {
  AppWorld world;
  const auto meeting = world.book();
  world.clock.advance(50min);
  world.compute.on_launch([&](const port::LaunchSpec&) {
    world.clock.advance(3min);
    world.clock.step(-3min);
    must(world.schedule.cancel(world.ada, meeting.id));
  });
  must(world.reconcile.pass(meeting.id, false));
  EXPECT_EQ(world.compute.launched_ever(), 1U);
}

// While it looks at a desktop the clock is set.
class ClockSettingProber final : public port::Prober {
 public:
  ClockSettingProber(port::Prober& inner, adapter::memory::Clock& clock)
      : inner_(inner), clock_(clock) {}
  base::Result<domain::Probe> probe(const port::ProbeTarget& target) override {
    if (!std::exchange(is_set_, true)) clock_.step(74min);  // past the hard cap
    return inner_.probe(target);
  }

 private:
  port::Prober& inner_;
  adapter::memory::Clock& clock_;
  bool is_set_ = false;
};

TEST(Reconcile, PassThatSeesTheClockJumpEndsNobody) {
  AppWorld world;
  const auto meeting = world.book();
  world.run_until(kT);
  world.enter(meeting, 0);
  world.run_until(kT + 5min);
  ClockSettingProber setting(world.prober, world.clock);
  const Ports ports{world.store,   world.store,   world.compute, world.zone,   setting,
                    world.secrets, world.wakeups, world.clock,   world.entropy};
  world.clock.advance(11s);  // it is time to look who is there
  Reconcile reconcile(ports, world.settings,
                      {domain::Capability::launch, domain::Capability::name,
                       domain::Capability::terminate, domain::Capability::deadline});
  must(reconcile.pass(meeting.id, false));
  EXPECT_GT(world.clock.now(), kT + 75min);
  EXPECT_FALSE(world.load(meeting.id).end);
  EXPECT_EQ(world.alive(), 2U);
}

// A control plane that is suspended while it looks at a desktop.
class SuspendingProber final : public port::Prober {
 public:
  SuspendingProber(port::Prober& inner, adapter::memory::Clock& clock, base::Duration time)
      : inner_(inner), clock_(clock), time_(time) {}
  base::Result<domain::Probe> probe(const port::ProbeTarget& target) override {
    auto seen = inner_.probe(target);
    clock_.advance(time_);
    return seen;
  }

 private:
  port::Prober& inner_;
  adapter::memory::Clock& clock_;
  base::Duration time_;
};

TEST(Reconcile, LookThatWasHeldUpSaysNothingOfNow) {
  AppWorld world;
  const auto meeting = world.book();
  world.run_until(kT);
  const auto pass = [&](base::Duration held_up) {
    world.clock.advance(world.settings.policy.presence_period);
    SuspendingProber suspending(world.prober, world.clock, held_up);
    const Ports ports{world.store,   world.store,   world.compute, world.zone,   suspending,
                      world.secrets, world.wakeups, world.clock,   world.entropy};
    Reconcile reconcile(ports, world.settings, {});
    must(reconcile.pass(meeting.id, false));
    return *world.load(meeting.id).seats[0].desktop->ready;
  };
  const auto before = *world.load(meeting.id).seats[0].desktop->ready;
  EXPECT_EQ(pass(15min), before);
  pass(20s);  // slow, but not too slow: as old as it is
  EXPECT_LE(world.load(meeting.id).seats[0].desktop->ready->at, world.clock.now() - 20s);
}

TEST(Reconcile, OneUnreadableMeetingStopsNobodyElse) {
  AppWorld world;
  const auto bad = world.book();
  const auto good = world.book();
  world.store.spoil(bad.id);
  world.run_until(kT);
  EXPECT_EQ(world.alive(), 2U);
  EXPECT_TRUE(world.load(good.id).seats[0].desktop);
}

}  // namespace
}  // namespace app
