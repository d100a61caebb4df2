#include "domain/plan.hpp"

#include <gtest/gtest.h>

#include "domain/plan_world_test.hpp"

namespace domain {
namespace {

using base::ErrorKind;

TEST(Plan, LaunchesNothingBeforeTheWindowAndWakesForIt) {
  World world;
  world.run_until(kT - 11min);
  EXPECT_TRUE(world.log.empty());
  EXPECT_EQ(world.meeting.wake_at, kT - 10min);
  EXPECT_EQ(world.step_of(0), SeatStep::planned);
}

TEST(Plan, BringsEverySeatUpInTheWindow) {
  World world;
  world.run_until(kT - 9min);
  EXPECT_EQ(world.log, (std::vector<std::string>{"launch", "launch", "put_record", "put_record"}));
  EXPECT_EQ(world.step_of(0), SeatStep::ready);
  EXPECT_EQ(world.step_of(1), SeatStep::ready);
  EXPECT_FALSE(why_not_enter(world.meeting, world.seat(0), world.now, world.policy));
}

TEST(Plan, OneReadyDesktopDoesNotOpenTheOthersGate) {
  World world;
  world.mute.insert(desktop_id(world.seat(1).id, 1));
  world.run_until(kT - 9min);
  EXPECT_FALSE(why_not_enter(world.meeting, world.seat(0), world.now, world.policy));
  EXPECT_TRUE(why_not_enter(world.meeting, world.seat(1), world.now, world.policy));
}

TEST(Plan, NothingEndsEarlyBeforeTheGracePeriod) {
  World world;
  world.run_until(kT + 15min - 1ms);
  EXPECT_EQ(world.alive(), 2U);
  EXPECT_FALSE(world.meeting.end);
}

TEST(Plan, NobodyCameEndsTheMeetingAsNoShow) {
  World world;
  world.run_until(kT + 15min);
  ASSERT_TRUE(world.meeting.end);
  EXPECT_EQ(world.meeting.end->reason, EndReason::no_show);
  world.run_until(kT + 16min);
  EXPECT_TRUE(world.meeting.over_at);
  EXPECT_EQ(world.alive(), 0U);
  EXPECT_TRUE(world.records.empty());
  EXPECT_FALSE(world.meeting.wake_at);
}

TEST(Plan, RecordIsGoneBeforeTheMachineIsEnded) {
  World world;
  world.run_until(kT);
  world.log.clear();
  world.meeting = must(end(world.meeting, "ada", world.now));
  world.run_until(kT + 10s);
  EXPECT_EQ(world.log,
            (std::vector<std::string>{"drop_record", "drop_record", "terminate", "terminate"}));
}

TEST(Plan, WhoNeverCameIsReleasedAloneAndMayComeBackLate) {
  World world;
  world.run_until(kT);
  world.enter(0);
  world.run_until(kT + 16min);
  EXPECT_EQ(world.step_of(0), SeatStep::occupied);
  EXPECT_EQ(world.step_of(1), SeatStep::released);
  EXPECT_EQ(world.alive(), 1U);
  world.meeting = must(restart(world.meeting, world.seat(1).id, world.now, world.policy));
  world.run_until(kT + 17min);
  EXPECT_EQ(world.step_of(1), SeatStep::ready);
  EXPECT_EQ(world.desktop(1).attempt, 2U);
  world.run_until(kT + 32min);  // asked for and never used: released again, 15 min after the asking
  EXPECT_EQ(world.step_of(1), SeatStep::released);
  EXPECT_EQ(world.step_of(0), SeatStep::occupied);
}

TEST(Plan, EverybodyLeftEndsAfterTheGraceAsCompleted) {
  World world;
  world.run_until(kT);
  world.enter(0);
  world.enter(1);
  world.run_until(kT + 20min);
  world.leave(0);
  world.leave(1);
  world.run_until(kT + 29min);
  EXPECT_FALSE(world.meeting.end);
  world.run_until(kT + 31min);
  ASSERT_TRUE(world.meeting.end);
  EXPECT_EQ(world.meeting.end->reason, EndReason::completed);
  EXPECT_EQ(world.alive(), 0U);
}

TEST(Plan, OneWhoStaysKeepsTheEmptyDesktopOfTheOther) {
  World world;
  world.run_until(kT);
  world.enter(0);
  world.enter(1);
  world.run_until(kT + 20min);
  world.leave(1);
  world.run_until(kT + 44min);
  EXPECT_EQ(world.alive(), 2U);
}

TEST(Plan, PartialNoShowIsNamedSo) {
  World world;
  world.run_until(kT);
  world.enter(0);
  world.run_until(kT + 20min);
  world.leave(0);
  world.run_until(kT + 31min);
  ASSERT_TRUE(world.meeting.end);
  EXPECT_EQ(world.meeting.end->reason, EndReason::partial_no_show);
}

TEST(Plan, UnknownPresenceIsLiveUntilTheHardCap) {
  World world;
  world.run_until(kT);
  world.connections[world.desktop(0).id] = std::nullopt;
  world.connections[world.desktop(1).id] = std::nullopt;
  world.run_until(kT + 75min - 1s);
  EXPECT_EQ(world.alive(), 2U);
  world.run_until(kT + 76min);
  ASSERT_TRUE(world.meeting.end);
  EXPECT_EQ(world.alive(), 0U);
}

TEST(Plan, HardCapEndsEvenWhoIsInside) {
  World world;
  world.run_until(kT);
  world.enter(0);
  world.run_until(kT + 75min + 1s);
  ASSERT_TRUE(world.meeting.end);
  EXPECT_EQ(world.meeting.end->reason, EndReason::overran);
  EXPECT_EQ(world.alive(), 0U);
}

TEST(Plan, ExtendingMovesTheCapAndTheMachinesDeadlines) {
  World world;
  world.run_until(kT);
  world.enter(0);
  world.meeting = must(extend(world.meeting, 30min, world.now, world.policy));
  world.run_until(kT + 76min);
  EXPECT_FALSE(world.meeting.end);
  EXPECT_EQ(world.count("set_deadline"), 2U);
  EXPECT_EQ(world.desktop(0).deadline_set, kT + 45min + 30min + 30min + 5min);
}

TEST(Plan, SomebodyFoundAtTheLastLookWithdrawsTheEnd) {
  World world;
  world.run_until(kT + 15min - 1s);
  // Somebody gets in between the look that decides and the look that fences.
  world.now = kT + 15min;
  auto first = plan(world.meeting, world.observe(), world.now, world.policy);
  ASSERT_TRUE(first.meeting.ending);
  EXPECT_TRUE(first.actions.empty());
  world.meeting = first.meeting;
  const auto generation = world.seat(0).generation;
  world.connections[world.desktop(0).id] = 1;
  world.pass();
  EXPECT_FALSE(world.meeting.end);
  EXPECT_FALSE(world.meeting.ending);
  EXPECT_EQ(world.step_of(0), SeatStep::occupied);
  EXPECT_EQ(world.step_of(1), SeatStep::released);  // alone
  EXPECT_GT(world.seat(0).generation, generation);  // S14: a new generation opens the gate again
}

TEST(Plan, GateIsClosedWhileAnEndIsBeingMade) {
  World world;
  world.run_until(kT + 15min - 1s);
  world.now = kT + 15min;
  world.look_once();
  ASSERT_TRUE(world.meeting.ending);
  EXPECT_TRUE(why_not_enter(world.meeting, world.seat(0), world.now, world.policy));
}

TEST(Plan, DeadDesktopIsReplacedAndTheOtherSeatUntouched) {
  World world;
  world.run_until(kT);
  world.enter(0);
  const auto other = world.desktop(1);
  world.die(0);
  world.run_until(kT + 1min);
  EXPECT_EQ(world.desktop(0).attempt, 2U);
  EXPECT_EQ(world.step_of(0), SeatStep::ready);
  EXPECT_EQ(world.desktop(1).id, other.id);
  EXPECT_EQ(world.desktop(1).attempt, 1U);
  EXPECT_EQ(world.alive(), 2U);
}

TEST(Plan, SeatFailsAfterTheLastAttemptAndTheOtherGoesOn) {
  World world;
  world.run_until(kT);
  world.enter(1);
  for (int i = 0; i < 3; ++i) {
    world.die(0);
    world.run_until(world.now + 1min);
  }
  EXPECT_EQ(world.step_of(0), SeatStep::failed);
  EXPECT_EQ(world.step_of(1), SeatStep::occupied);
  EXPECT_FALSE(world.meeting.end);
  EXPECT_EQ(world.alive(), 1U);
}

TEST(Plan, CapacityErrorGoesToTheNextPlaceWithANewKey) {
  World world;
  world.policy.places = 2;
  world.launch_answers = {base::fail(ErrorKind::exhausted, "no capacity")};
  world.run_until(kT - 9min);
  EXPECT_EQ(world.step_of(0), SeatStep::ready);
  EXPECT_EQ(world.desktop(0).place, 1U);
  EXPECT_EQ(world.seat(0).attempts, 1U);
}

TEST(Plan, NoCapacityAnywhereFailsTheMeetingAndLeavesNothing) {
  World world;
  for (int i = 0; i < 200; ++i) {
    world.launch_answers.push_back(i == 1 ? Outcome(std::optional<Instance>())
                                          : Outcome(base::fail(ErrorKind::exhausted, "full")));
  }
  world.run_until(kT);
  ASSERT_TRUE(world.meeting.end);
  EXPECT_EQ(world.meeting.end->reason, EndReason::failed);
  EXPECT_EQ(world.alive(), 0U);
  EXPECT_EQ(world.seat(0).failed->value, "full");
}

TEST(Plan, TimedOutLaunchIsTriedAgainWithTheSameKeyOnly) {
  World world;
  world.launch_answers = {base::fail(ErrorKind::unknown_outcome, "timed out"),
                          base::fail(ErrorKind::unknown_outcome, "timed out")};
  world.run_until(kT - 10min);
  const auto key = launch_key(world.desktop(0));
  world.run_until(kT - 9min);
  EXPECT_EQ(world.alive(), 2U);
  EXPECT_EQ(launch_key(world.desktop(0)), key);
  EXPECT_EQ(world.seat(0).attempts, 1U);
}

TEST(Plan, KeyOfATimedOutLaunchIsNeverGivenUpForAnother) {
  World world;
  world.policy.places = 3;
  world.policy.launch_lead = 10min;
  for (int i = 0; i < 100; ++i) {  // in turn for the two seats
    world.launch_answers.push_back(
        base::fail(i == 0 ? ErrorKind::unknown_outcome : ErrorKind::exhausted, "full"));
  }
  world.run_until(kT - 9min);
  EXPECT_EQ(world.desktop(0).place, 0U);  // its first call may still come about
  EXPECT_EQ(world.desktop(0).round, 0U);
  EXPECT_GT(world.desktop(1).round, 0U);  // only definite answers
}

TEST(Plan, LaunchWithoutAnAnswerIsAwaitedAsLongAsItMayComeAbout) {
  World world;
  world.policy.launch_late = 3min;
  world.launch_answers = {base::fail(ErrorKind::unknown_outcome, "timed out"),
                          base::fail(ErrorKind::unknown_outcome, "timed out")};
  world.run_until(kT - 10min);
  world.meeting = must(end(world.meeting, "ada", world.now));
  world.run_until(kT - 8min);
  EXPECT_FALSE(world.meeting.over_at);
  world.run_until(kT - 6min);
  EXPECT_TRUE(world.meeting.over_at);
}

TEST(Plan, SameKeyComesWithTheSameDeadlineAlsoAfterAnExtension) {
  World world;
  world.launch_answers = {base::fail(ErrorKind::unknown_outcome, "timed out"),
                          base::fail(ErrorKind::unknown_outcome, "timed out")};
  world.run_until(kT - 10min);
  const auto deadline = world.desktop(0).ends_itself_at;
  world.meeting = must(extend(world.meeting, 30min, world.now, world.policy));
  world.run_until(kT - 9min);
  EXPECT_EQ(world.desktop(0).ends_itself_at, deadline);
  EXPECT_EQ(world.desktop(0).deadline_set, deadline + 30min);  // moved by a call of its own
}

TEST(Plan, LookFromTheFutureIsNotReliedOn) {
  World world;
  world.run_until(kT);
  EXPECT_FALSE(why_not_enter(world.meeting, world.seat(0), world.now, world.policy));
  EXPECT_TRUE(why_not_enter(world.meeting, world.seat(0), world.now - 5min, world.policy));
}

TEST(Plan, SecondMachineOfOneAttemptIsEnded) {
  World world;
  world.run_until(kT - 9min);
  auto twin = world.instances[0];
  twin.id = must(InstanceId::parse("i-twin"));
  world.instances.push_back(twin);
  world.run_until(kT - 8min);
  EXPECT_EQ(world.alive(), 2U);
  EXPECT_EQ(world.instances[2].state, InstanceState::gone);
}

TEST(Plan, MachineOfAnUnknownAttemptIsNeverTouched) {
  World world;
  world.run_until(kT - 9min);
  auto other = world.instances[0];
  other.id = must(InstanceId::parse("i-other"));
  other.owner.attempt = 7;
  world.instances.push_back(other);
  world.run_until(kT - 8min);
  EXPECT_EQ(world.alive(), 3U);
}

TEST(Plan, MissingFromOneListIsNotGone) {
  World world;
  world.run_until(kT);
  auto kept = world.instances;
  world.instances.clear();
  world.now += 1min;
  world.pass();
  EXPECT_FALSE(world.desktop(0).gone);
  world.instances = kept;
  world.run_until(kT + 3min);
  EXPECT_EQ(world.desktop(0).misses, 0U);
  EXPECT_EQ(world.desktop(0).attempt, 1U);
}

TEST(Plan, FailedLooksDecideNothing) {
  World world;
  world.run_until(kT);
  world.list_fails = true;
  world.zone_fails = true;
  world.log.clear();
  world.run_until(kT + 14min);
  EXPECT_TRUE(world.log.empty());
  EXPECT_EQ(world.alive(), 2U);
}

TEST(Plan, EndedMachineIsNotBelievedGoneUntilSeen) {
  World world;
  world.run_until(kT);
  world.meeting = must(end(world.meeting, "ada", world.now));
  world.list_fails = true;
  world.run_until(kT + 5min);
  EXPECT_FALSE(world.meeting.over_at);
  world.list_fails = false;
  world.run_until(kT + 6min);
  EXPECT_TRUE(world.meeting.over_at);
}

TEST(Plan, OutageOfTheZoneHoldsAMachineWhoseNameWasGivenOut) {
  World world;
  world.run_until(kT);
  world.zone_fails = true;
  world.meeting = must(end(world.meeting, "ada", world.now));
  world.run_until(kT + 20min);
  EXPECT_EQ(world.alive(), 2U);
  EXPECT_FALSE(world.meeting.over_at);
  world.policy.kill_despite_name = true;
  world.run_until(kT + 30min);
  EXPECT_EQ(world.alive(), 0U);
  EXPECT_FALSE(world.meeting.over_at);  // its record is still there
  world.zone_fails = false;
  world.run_until(kT + 31min);
  EXPECT_TRUE(world.meeting.over_at);
}

TEST(Plan, ClockJumpHoldsEndsButNotOrders) {
  World world;
  world.run_until(kT);
  world.hold_kills = true;
  world.run_until(kT + 80min);
  EXPECT_FALSE(world.meeting.end);
  world.meeting = must(cancel(world.meeting, "ada", world.now));
  world.run_until(kT + 81min);
  EXPECT_TRUE(world.meeting.over_at);
}

TEST(Plan, EveryoneWhoEnteredAskingEndsTheMeeting) {
  World world;
  world.run_until(kT);
  world.enter(0);
  world.enter(1);
  world.meeting = must(ask_end(world.meeting, world.seat(0).id, world.now));
  world.pass();
  EXPECT_FALSE(world.meeting.end);
  world.meeting = must(ask_end(world.meeting, world.seat(1).id, world.now));
  world.pass();
  ASSERT_TRUE(world.meeting.end);
  EXPECT_EQ(world.meeting.end->reason, EndReason::ended_by_everyone);
}

TEST(Plan, LongDowntimeStartsNothingAndEndsTheMeeting) {
  World world;
  world.now = kT + 20min;  // nobody looked since the day before
  world.run_until(kT + 21min);
  EXPECT_EQ(world.count("launch"), 0U);
  ASSERT_TRUE(world.meeting.end);
  EXPECT_EQ(world.meeting.end->reason, EndReason::failed);
}

TEST(Plan, NoLaunchAfterCancel) {
  World world;
  world.meeting = must(cancel(world.meeting, "ada", world.now));
  world.run_until(kT + 1h);
  EXPECT_TRUE(world.log.empty());
  EXPECT_TRUE(world.meeting.over_at);
}

TEST(Plan, SilentDesktopWithSomebodyInsideIsKept) {
  World world;
  world.run_until(kT);
  world.enter(0);
  world.mute.insert(world.desktop(0).id);
  world.run_until(kT + 40min);
  EXPECT_EQ(world.desktop(0).attempt, 1U);
  EXPECT_EQ(world.step_of(0), SeatStep::stale);
  EXPECT_FALSE(world.meeting.end);
}

TEST(Plan, MeetingWhoseSeatsHaveFailedIsLookedAtAgainAtOnce) {
  World world;
  world.run_until(kT - 5min);
  for (auto& seat : world.meeting.seats) {
    seat.desktop.reset();
    seat.failed = Fact<std::string>{"no desktop", {world.now, Source::launch}};
  }
  const auto wake = next_wake(world.meeting, world.now, world.policy);
  ASSERT_TRUE(wake);
  EXPECT_LE(*wake, world.now + world.policy.poll_slow);
}

TEST(Plan, EndThatIsHeldIsLookedAtAgainThoughNothingIsThere) {
  World world;
  world.now = kT + 16min;  // nothing could be launched
  auto observed = world.observe();
  observed.hold_kills = true;
  const auto once = plan(world.meeting, observed, world.now, world.policy);
  ASSERT_FALSE(once.meeting.ending || once.meeting.end);
  ASSERT_TRUE(once.meeting.wake_at);
  EXPECT_LE(*once.meeting.wake_at, world.now + world.policy.reconcile_hot);
}

TEST(Plan, EndThatIsNotSettledYetIsLookedAtAgainThoughNothingIsLeft) {
  World world;
  world.now = kT + 16min;  // nobody was there to launch anything
  const auto once = plan(world.meeting, world.observe(), world.now, world.policy);
  ASSERT_TRUE(once.meeting.ending);
  ASSERT_TRUE(once.meeting.wake_at);
  EXPECT_LE(*once.meeting.wake_at, world.now + world.policy.poll_slow);
}

TEST(Plan, SettledWorldSeesNoFurtherAction) {
  World world;
  world.run_until(kT + 1h);
  ASSERT_TRUE(world.meeting.over_at);
  world.log.clear();
  world.run_until(kT + 24h);
  EXPECT_TRUE(world.log.empty());
}

TEST(Plan, SecondPlanFromTheSameFactsIsTheSame) {
  World world;
  world.run_until(kT - 10min);
  const auto observed = world.observe();
  const auto one = plan(world.meeting, observed, world.now, world.policy);
  const auto two = plan(world.meeting, observed, world.now, world.policy);
  EXPECT_EQ(one.meeting, two.meeting);
  EXPECT_EQ(one.actions, two.actions);
}

}  // namespace
}  // namespace domain
