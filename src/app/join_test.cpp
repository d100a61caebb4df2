#include "app/join.hpp"

#include <gtest/gtest.h>

#include "app/app_world_test.hpp"
#include "base/random.hpp"

namespace app {
namespace {

using base::ErrorKind;

TEST(Security, sec_01_LinkOfOneSeatOpensNothingElse) {
  AppWorld world;
  const auto meeting = world.book();
  const auto link = must(world.join.link_token(meeting.seats[0]));
  const auto [guest, cookie] = must(world.join.exchange(link));
  EXPECT_EQ(guest.seat, meeting.seats[0].id);
  EXPECT_TRUE(world.join.guest(meeting.seats[0].id, cookie));
  EXPECT_FALSE(world.join.guest(meeting.seats[1].id, cookie));
  EXPECT_FALSE(world.join.guest(meeting.seats[0].id, link));  // a link is not a cookie
}

TEST(Security, sec_01_EveryAlteredLinkIsRefused) {
  AppWorld world;
  const auto meeting = world.book();
  const auto link = must(world.join.link_token(meeting.seats[0]));
  base::Rng rng(7);
  for (int i = 0; i < 2000; ++i) {
    std::string forged = link;
    forged[rng.below(static_cast<std::uint32_t>(forged.size()))] =
        static_cast<char>(33 + rng.below(94));
    if (forged == link) continue;
    EXPECT_FALSE(world.join.exchange(forged)) << forged;
  }
  for (std::size_t size = 0; size < link.size(); ++size) {
    EXPECT_FALSE(world.join.exchange(link.substr(0, size)));
  }
  EXPECT_FALSE(world.join.exchange(link + "."));
}

TEST(Security, sec_01_KeyRotationKeepsOldLinksUntilTheOldKeyIsRetired) {
  AppWorld world;
  const auto meeting = world.book();
  const auto old_link = must(world.join.link_token(meeting.seats[0]));
  world.secrets.put("link_key", base::Secret(std::string(32, 'n')));
  EXPECT_TRUE(world.join.exchange(old_link));
  const auto new_link = must(world.join.link_token(meeting.seats[0]));
  EXPECT_NE(old_link, new_link);
  EXPECT_TRUE(world.join.exchange(new_link));
  world.secrets.retire_old("link_key");
  EXPECT_FALSE(world.join.exchange(old_link));
  EXPECT_TRUE(world.join.exchange(new_link));
}

TEST(Security, sec_01_RotatingTheLinkVoidsOldLinkAndCookieOfThatSeatOnly) {
  AppWorld world;
  const auto meeting = world.book();
  const auto mine = must(world.join.exchange(must(world.join.link_token(meeting.seats[0]))));
  const auto other = must(world.join.exchange(must(world.join.link_token(meeting.seats[1]))));
  const auto old_link = must(world.join.link_token(meeting.seats[0]));
  must(world.schedule.rotate(world.ada, meeting.seats[0].id));
  EXPECT_FALSE(world.join.exchange(old_link));
  EXPECT_FALSE(world.join.guest(meeting.seats[0].id, mine.second));
  EXPECT_TRUE(world.join.guest(meeting.seats[1].id, other.second));
}

TEST(Security, sec_03_ExchangeIsRepeatableAndNoUse) {
  AppWorld world;
  const auto meeting = world.book();
  world.run_until(kT);
  const auto link = must(world.join.link_token(meeting.seats[0]));
  const auto before = world.load(meeting.id).version;
  for (int i = 0; i < 20; ++i) must(world.join.exchange(link));
  EXPECT_EQ(world.load(meeting.id).version, before);
  must(world.join.enter(world.guest(meeting, 0)));  // even entering only mints a token
  EXPECT_FALSE(world.load(meeting.id).seats[0].used_at);
  world.run_until(kT + 16min);
  EXPECT_EQ(world.load(meeting.id).end->reason, domain::EndReason::no_show);
}

TEST(Security, sec_04_AllBadLinksGetOneAnswer) {
  AppWorld world;
  const auto meeting = world.book();
  auto foreign = meeting;
  foreign.seats[0].id = must(domain::SeatId::parse("munknown-1"));
  const auto rotated = must(world.join.link_token(meeting.seats[0]));
  must(world.schedule.rotate(world.ada, meeting.seats[0].id));
  const auto unknown = must(world.join.link_token(foreign.seats[0]));
  const auto first = world.join.exchange("nonsense").error();
  EXPECT_EQ(first.kind, ErrorKind::not_found);
  for (const auto& link : {rotated, unknown, rotated + "x", std::string()}) {
    EXPECT_EQ(world.join.exchange(link).error(), first) << link;
  }
}

TEST(Join, EntersOnlyWhenReadyAndThenOnce) {
  AppWorld world;
  const auto meeting = world.book();
  EXPECT_EQ(world.join.enter(world.guest(meeting, 0)).error().kind, ErrorKind::conflict);
  world.run_until(kT);
  const auto entry = must(world.join.enter(world.guest(meeting, 0)));
  EXPECT_TRUE(world.join.pass_door(entry.desktop, entry.token));
  EXPECT_FALSE(world.join.pass_door(entry.desktop, entry.token));
}

// The link is checked, then rotated, and only then the order is stored: it is of nobody any more.
TEST(Join, WhatAFormerLinkAskedForIsNotStoredAfterItsRotation) {
  AppWorld world;
  const auto meeting = world.book();
  world.run_until(kT + 16min);  // released, so that it could be started again
  const auto former = world.guest(meeting, 0);
  must(world.schedule.rotate(world.ada, meeting.seats[0].id));
  const auto before = world.load(meeting.id);
  EXPECT_EQ(world.join.ask_end(former).error().kind, ErrorKind::not_found);
  EXPECT_EQ(world.join.restart(former).error().kind, ErrorKind::not_found);
  EXPECT_EQ(world.join.enter(former).error().kind, ErrorKind::not_found);
  EXPECT_EQ(world.load(meeting.id), before);
}

TEST(Join, WhoOpensAScreenAgainIsStoredBefore) {
  AppWorld world;
  const auto meeting = world.book();
  world.run_until(kT);
  const auto entry = must(world.join.enter(world.guest(meeting, 0)));
  const auto pass = must(world.join.pass_door(entry.desktop, entry.token));
  world.clock.advance(5min);
  const auto guest = must(world.join.desk_guest(pass.desktop, pass.cookie));
  const auto back = must(world.join.reenter(pass.desktop, guest));
  EXPECT_EQ(back.own().desktop->entered_at, world.clock.now());
  EXPECT_EQ(world.load(meeting.id).seats[0].desktop->entered_at, world.clock.now());
  must(world.schedule.end(world.ada, meeting.id));
  EXPECT_EQ(world.join.reenter(pass.desktop, guest).error().kind, ErrorKind::not_found);
}

TEST(Security, sec_11_TokenIsForOneDesktopOneMinuteOneUse) {
  AppWorld world;
  const auto meeting = world.book();
  world.run_until(kT);
  const auto mine = must(world.join.enter(world.guest(meeting, 0)));
  const auto other = must(world.join.enter(world.guest(meeting, 1)));
  EXPECT_FALSE(world.join.pass_door(other.desktop, mine.token));
  EXPECT_FALSE(world.join.pass_door(mine.desktop, "x"));
  world.clock.advance(61s);
  EXPECT_FALSE(world.join.pass_door(mine.desktop, mine.token));
}

TEST(Security, sec_11_ClosingTheGateVoidsTokensThatAreUnderWay) {
  AppWorld world;
  const auto meeting = world.book();
  world.run_until(kT);
  const auto entry = must(world.join.enter(world.guest(meeting, 0)));
  must(world.schedule.cancel(world.ada, meeting.id));
  EXPECT_FALSE(world.join.pass_door(entry.desktop, entry.token));
}

TEST(Join, StaleReadinessIsProbedAgainBeforeItIsReliedOn) {
  AppWorld world;
  const auto meeting = world.book();
  world.run_until(kT);
  const auto instance = world.load(meeting.id).seats[0].desktop->instance->value;
  world.clock.advance(31s);
  world.compute.hang(instance);
  EXPECT_EQ(world.join.enter(world.guest(meeting, 0)).error().kind, ErrorKind::conflict);
  world.compute.hang(instance, false);
  EXPECT_TRUE(world.join.enter(world.guest(meeting, 0)));
}

// A server that is suspended between its write and its answer.
class SuspendingWakeups final : public port::Wakeups {
 public:
  // Meanwhile the clock may be set back.
  SuspendingWakeups(adapter::memory::Clock& clock, base::Duration time, base::Duration back)
      : clock_(clock), time_(time), back_(back) {}
  void wake(const domain::MeetingId& /*meeting*/, base::Timestamp /*at*/) override {
    clock_.advance(time_);
    clock_.step(-back_);
  }

 private:
  adapter::memory::Clock& clock_;
  base::Duration time_;
  base::Duration back_;
};

TEST(Join, AnswerThatWasHeldUpForLongIsNone) {
  using Held = std::pair<base::Duration, base::Duration>;
  for (const auto& [time, back] : {Held{15min, 0s}, Held{6s, 0s}, Held{15min, 15min}}) {
    AppWorld world;
    const auto meeting = world.book();
    world.run_until(kT);
    SuspendingWakeups suspending(world.clock, time, back);
    const Ports ports{world.store,   world.store, world.compute, world.zone,   world.prober,
                      world.secrets, suspending,  world.clock,   world.entropy};
    Join held_up(ports, world.settings);
    const auto guest = world.guest(world.load(meeting.id), 0);
    EXPECT_EQ(held_up.enter(guest).error().kind, base::ErrorKind::unavailable);
    const auto entry = must(world.join.enter(world.guest(world.load(meeting.id), 0)));
    const auto passed = held_up.pass_door(entry.desktop, entry.token);
    EXPECT_EQ(passed.error().kind, base::ErrorKind::unavailable);
    world.clock.advance(1s);  // or nothing would be written
    const auto inside = world.guest(world.load(meeting.id), 0);
    EXPECT_EQ(held_up.reenter(entry.desktop, inside).error().kind, base::ErrorKind::unavailable);
  }
}

TEST(Security, sec_13_AccessEndsWithItsReason) {
  AppWorld world;
  const auto meeting = world.book();
  world.run_until(kT);
  const auto pass = world.enter(meeting, 0);
  EXPECT_TRUE(world.join.desk_guest(pass.desktop, pass.cookie));
  const auto other = world.enter(meeting, 1);
  EXPECT_FALSE(world.join.desk_guest(other.desktop, pass.cookie));
  must(world.schedule.rotate(world.ada, meeting.seats[0].id));
  EXPECT_FALSE(world.join.desk_guest(pass.desktop, pass.cookie));
  EXPECT_TRUE(world.join.desk_guest(other.desktop, other.cookie));
  must(world.schedule.end(world.ada, meeting.id));
  EXPECT_FALSE(world.join.desk_guest(other.desktop, other.cookie));
}

TEST(Security, sec_13_NewAttemptVoidsTheOldDesktopsCookie) {
  AppWorld world;
  const auto meeting = world.book();
  world.run_until(kT);
  const auto pass = world.enter(meeting, 0);
  world.compute.die(world.load(meeting.id).seats[0].desktop->instance->value);
  world.run_until(kT + 2min);
  EXPECT_EQ(world.load(meeting.id).seats[0].desktop->attempt, 2U);
  EXPECT_FALSE(world.join.desk_guest(pass.desktop, pass.cookie));
  EXPECT_TRUE(world.join.enter(world.guest(meeting, 0)));
}

TEST(Security, sec_21_WhatADesktopReportsTouchesItsOwnSeatAndNeverTheHardCap) {
  AppWorld world;
  const auto meeting = world.book();
  world.run_until(kT);
  const auto before = world.load(meeting.id);
  const auto liar = before.seats[0].desktop->id;
  base::Rng rng(21);
  for (int i = 0; i < 100; ++i) {
    must(world.join.report_presence(liar, rng.below(5), rng.below(2) != 0));
  }
  must(world.join.report_presence(liar, 1, true));
  const auto after = world.load(meeting.id);
  EXPECT_EQ(after.seats[1], before.seats[1]);
  EXPECT_EQ(domain::hard_cap(after, world.settings.policy),
            domain::hard_cap(before, world.settings.policy));
  world.prober.set_connections(liar, 1);
  world.run_until(kT + 76min);
  EXPECT_EQ(world.alive(), 0U);
  EXPECT_FALSE(world.join.report_presence(domain::desktop_id(meeting.seats[0].id, 9), 1, true));
}

TEST(Join, LastPageOfAnEndedMeetingIsStillThere) {
  AppWorld world;
  const auto meeting = world.book();
  world.run_until(kT + 1h);
  const auto guest = world.guest(meeting, 0);
  ASSERT_TRUE(guest.meeting.end);
  EXPECT_EQ(world.join.enter(guest).error().kind, ErrorKind::conflict);
}

TEST(Join, ProbeTicketsAreForOneDesktop) {
  AppWorld world;
  const auto meeting = world.book();
  const auto one = domain::desktop_id(meeting.seats[0].id, 1);
  const auto two = domain::desktop_id(meeting.seats[1].id, 1);
  const auto ticket = must(world.join.probe_ticket(one));
  EXPECT_TRUE(world.join.check_probe_ticket(one, ticket));
  EXPECT_FALSE(world.join.check_probe_ticket(two, ticket));
}

}  // namespace
}  // namespace app
