// plan() under random facts: machines die and hang, calls fail or time out after they worked, looks
// fail, people come and go and press every button. After each pass the safety rules are checked
// against the world itself; after healing everything must come to rest with nothing left.

#include <gtest/gtest.h>

#include "base/random.hpp"
#include "domain/plan_world_test.hpp"

namespace domain {
namespace {

using base::ErrorKind;

class Swarm {
 public:
  explicit Swarm(std::uint64_t seed) : rng_(seed) {
    world_.policy.places = 1 + rng_.below(3);
    fault_ = rng_.below(40);
  }

  void run() {
    const auto until = kT + 80min;
    world_.now = kT - 12min;
    while (world_.now < until && !world_.meeting.over_at) {
      disturb();
      world_.pass();
      check();
      world_.now += Duration{rng_.below(45'000) + 1};
    }
    heal();
    world_.run_until(world_.now + 3h);
    EXPECT_TRUE(world_.meeting.over_at);
    EXPECT_EQ(world_.alive(), 0U);
    EXPECT_TRUE(world_.records.empty());
    world_.log.clear();
    world_.run_until(world_.now + 24h);
    EXPECT_TRUE(world_.log.empty());  // L11
  }

 private:
  bool chance() { return rng_.below(100) < fault_; }

  void disturb() {
    world_.list_fails = chance();
    world_.zone_fails = chance();
    world_.launch_answers.clear();
    if (chance()) world_.launch_answers.push_back(base::fail(random_kind(), "drawn"));
    const auto index = rng_.below(2);
    if (chance() && owns_anything(world_.seat(index)) && world_.desktop(index).instance) {
      world_.die(index);
      present_.erase(world_.desktop(index).id);
      dead_.insert(world_.desktop(index).id);
    }
    if (world_.seat(index).desktop && !dead_.contains(world_.desktop(index).id)) people(index);
    if (rng_.below(200) == 0) order(index);
  }

  ErrorKind random_kind() {
    constexpr std::array kKinds{ErrorKind::exhausted, ErrorKind::unavailable, ErrorKind::denied,
                                ErrorKind::unknown_outcome, ErrorKind::conflict};
    return kKinds.at(rng_.below(kKinds.size()));
  }

  void people(std::uint32_t index) {
    const auto id = world_.desktop(index).id;
    switch (rng_.below(6)) {
      case 0:
        if (!why_not_enter(world_.meeting, world_.seat(index), world_.now, world_.policy)) {
          world_.enter(index);
          present_.insert(id);
        }
        break;
      case 1:
        if (present_.erase(id) > 0 && !world_.desktop(index).gone) world_.leave(index);
        break;
      case 2:
        if (world_.connections.contains(id)) {
          world_.connections[id] =
              chance() ? std::nullopt : std::optional(present_.contains(id) ? 1U : 0U);
        }
        break;
      case 3: {
        auto asked = restart(world_.meeting, world_.seat(index).id, world_.now, world_.policy);
        if (asked) world_.meeting = *asked;
        break;
      }
      default:
        break;
    }
  }

  void order(std::uint32_t index) {
    const auto apply = [&](Result<Meeting> result) {
      if (result) world_.meeting = *result;
    };
    switch (rng_.below(4)) {
      case 0:
        apply(cancel(world_.meeting, "ada", world_.now));
        break;
      case 1:
        apply(extend(world_.meeting, 5min, world_.now, world_.policy));
        break;
      case 2:
        apply(rotate(world_.meeting, world_.seat(index).id, world_.now));
        break;
      default:
        apply(ask_end(world_.meeting, world_.seat(index).id, world_.now));
        break;
    }
  }

  void heal() {
    world_.list_fails = world_.zone_fails = false;
    world_.launch_answers.clear();
    for (auto& [id, count] : world_.connections) count = present_.contains(id) ? 1U : 0U;
  }

  void check() {
    for (std::uint32_t index = 0; index < 2; ++index) {
      const auto& seat = world_.seat(index);
      const auto own = [&](const Instance& one) {
        return one.owner.seat == seat.id && one.state != InstanceState::gone;
      };
      EXPECT_LE(std::count_if(world_.instances.begin(), world_.instances.end(), own), 1);  // S1
      EXPECT_LE(seat.attempts, 20U);
    }
    const bool ordered =
        world_.meeting.end &&
        (world_.meeting.end->by != "howdah" || world_.meeting.end->reason == EndReason::overran ||
         world_.meeting.end->reason == EndReason::ended_by_everyone);
    for (const auto& id : present_) {  // S7: who is inside stays inside
      const auto& seat = *find_seat(world_.meeting, *seat_of(id));
      const bool current =
          seat.desktop && seat.desktop->id == id && !seat.desktop->gone && !seat.desktop->fenced;
      EXPECT_TRUE(ordered || current)
          << id.text() << " at T" << (world_.now - kT) / 1min << " end "
          << (world_.meeting.end ? to_string(world_.meeting.end->reason) : "none") << " close "
          << (seat.desktop && seat.desktop->closing ? to_string(seat.desktop->closing->reason)
                                                    : "none")
          << " gone " << (seat.desktop && seat.desktop->gone ? seat.desktop->gone->value : "no");
      if (::testing::Test::HasFailure()) return;
    }
  }

  base::Rng rng_;
  std::uint32_t fault_ = 0;
  World world_;
  std::set<DesktopId> present_;
  std::set<DesktopId> dead_;
};

TEST(PlanSwarm, HoldsItsPromisesUnderRandomFacts) {
  for (std::uint64_t seed = 1; seed <= 1000; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Swarm(seed).run();
    if (::testing::Test::HasFailure()) break;
  }
}

}  // namespace
}  // namespace domain
