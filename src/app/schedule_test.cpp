#include "app/schedule.hpp"

#include <gtest/gtest.h>

#include "app/app_world_test.hpp"
#include "base/random.hpp"

namespace app {
namespace {

using base::ErrorKind;
using port::Scope;

Principal principal(const std::string& name, std::set<Scope> scopes) {
  return {must(domain::PrincipalId::parse(name)), std::move(scopes)};
}

TEST(Schedule, BookingTwiceWithOneKeyIsOneMeeting) {
  AppWorld world;
  const auto one = must(world.schedule.book(world.ada, world.booking(), {{"k", "hash"}}));
  const auto two = must(world.schedule.book(world.ada, world.booking(), {{"k", "hash"}}));
  EXPECT_EQ(one.meeting.id, two.meeting.id);
  EXPECT_TRUE(two.replayed);
  const auto other = world.schedule.book(world.ada, world.booking(), {{"k", "other"}});
  EXPECT_EQ(other.error().kind, ErrorKind::conflict);
}

TEST(Schedule, RefusedBookingNamesTheFieldAndStoresNothing) {
  AppWorld world;
  const auto expect = [&](const std::string& field, auto spoil) {
    auto booking = world.booking();
    booking.seats = {{"teacher", "", ""}, {"student", "", ""}};
    spoil(booking);
    const auto result = world.schedule.book(world.ada, booking, std::nullopt);
    ASSERT_FALSE(result) << field;
    EXPECT_EQ(result.error().kind, ErrorKind::invalid) << field;
    EXPECT_EQ(result.error().field, field);
  };
  expect("title", [](auto& b) { b.title = ""; });
  expect("title", [](auto& b) { b.title = "a\x07"; });
  expect("start", [](auto& b) { b.start.at = kT - 2h; });
  expect("start", [](auto& b) { b.start.at = kT + 24h * 400; });
  expect("length_minutes", [](auto& b) { b.length = 1min; });
  expect("length_minutes", [](auto& b) { b.length = 13h; });
  expect("call_url", [](auto& b) { b.call_url = "javascript:alert(1)"; });
  expect("seats[1].role", [](auto& b) { b.seats[1].role = "teacher"; });
  expect("seats[0].role", [](auto& b) { b.seats[0].role = "pilot"; });
  expect("seats[1].email", [](auto& b) { b.seats[1].email = "x"; });
  expect("seats[0].name", [](auto& b) { b.seats[0].person = std::string(101, 'x'); });
  expect("seats", [](auto& b) { b.seats.resize(9, {"teacher", "", ""}); });
  EXPECT_TRUE(must(world.store.list(std::nullopt, "", 10)).meetings.empty());
}

TEST(Schedule, SeatsDefaultToTheConfiguredRolesAndCallUrlToTheTemplate) {
  AppWorld world;
  world.settings.call_url_template = "https://meet.example.org/{meeting}";
  const auto meeting = world.book();
  ASSERT_EQ(meeting.seats.size(), 2U);
  EXPECT_EQ(meeting.seats[1].role, "student");
  EXPECT_EQ(meeting.call_url, "https://meet.example.org/" + meeting.id.text());
}

TEST(Schedule, CancellingTwiceChangesNothing) {
  AppWorld world;
  const auto meeting = world.book();
  const auto once = must(world.schedule.cancel(world.ada, meeting.id));
  const auto twice = must(world.schedule.cancel(world.ada, meeting.id));
  EXPECT_EQ(once, twice);
  EXPECT_EQ(must(world.schedule.end(world.ada, meeting.id)).end->reason,
            domain::EndReason::cancelled);
}

// A server that was down across the whole start finds that nobody could come; who moves the meeting
// in that moment wants it to take place.
TEST(Schedule, ReschedulingWithdrawsAnEndForWantOfPeople) {
  AppWorld world;
  const auto meeting = world.book();
  world.clock.advance(1h + 16min);
  auto stored = world.load(meeting.id);
  stored.ending = domain::End{domain::EndReason::failed, world.clock.now(), "howdah"};
  must(world.store.save({.meeting = stored, .audit = {}, .launches = 0, .limits = {}}));
  must(world.schedule.reschedule(world.ada, meeting.id, {kT + 3h, "", ""}));
  world.run_until(kT + 3h);
  EXPECT_EQ(world.alive(), 2U);
}

TEST(Schedule, ReschedulingMovesTheWakeAndStopsOnceDesktopsRun) {
  AppWorld world;
  const auto meeting = world.book();
  const auto moved = must(world.schedule.reschedule(world.ada, meeting.id, {kT + 1h, "", ""}));
  EXPECT_EQ(moved.wake_at, kT + 50min);
  world.run_until(kT + 55min);
  const auto late = world.schedule.reschedule(world.ada, meeting.id, {kT + 3h, "", ""});
  EXPECT_EQ(late.error().kind, ErrorKind::conflict);
}

TEST(Schedule, ExtendingStopsAtTheQuota) {
  AppWorld world;
  const auto meeting = world.book();
  must(world.schedule.extend(world.ada, meeting.id, 2h));
  EXPECT_EQ(world.schedule.extend(world.ada, meeting.id, 1min).error().kind, ErrorKind::conflict);
}

// Reference: what a principal may do to a meeting of `ada`.
ErrorKind expected(const Principal& who, bool change) {
  const bool own = who.id.text() == "ada";
  const bool all = who.scopes.contains(Scope::operate);
  if (!own && !all) return ErrorKind::not_found;
  const bool scope = all || who.scopes.contains(change ? Scope::book : Scope::read);
  return scope ? ErrorKind::internal : ErrorKind::denied;  // internal stands for "allowed"
}

TEST(Security, sec_28_OneOrganiserNeverSeesOrEndsAnothersMeeting) {
  AppWorld world;
  const auto meeting = world.book();
  base::Rng rng(28);
  for (int i = 0; i < 500; ++i) {
    std::set<Scope> scopes;
    if (rng.below(2) != 0) scopes.insert(Scope::book);
    if (rng.below(2) != 0) scopes.insert(Scope::read);
    if (rng.below(3) == 0) scopes.insert(Scope::operate);
    const auto who = principal(rng.below(2) != 0 ? "ada" : "eve", scopes);
    const auto check = [&](const auto& result, bool change) {
      const auto kind = expected(who, change);
      EXPECT_EQ(result.has_value(), kind == ErrorKind::internal);
      if (!result) EXPECT_EQ(result.error().kind, kind);
    };
    switch (rng.below(8)) {
      case 0:
        check(world.schedule.get(who, meeting.id), false);
        break;
      case 1:
        check(world.schedule.audit(who, meeting.id), false);
        break;
      case 2:
        check(world.schedule.extend(who, meeting.id, 1ms), true);
        break;
      case 3:
        check(world.schedule.rotate(who, meeting.seats[0].id), true);
        break;
      case 4:
        check(world.schedule.reschedule(who, meeting.id, {kT + 1h, "", ""}), true);
        break;
      case 5:
        check(world.schedule.cancel(who, world.book().id), true);
        break;
      case 6:
        check(world.schedule.end(who, world.book().id), true);
        break;
      default: {
        const auto page = world.schedule.list(who, "", 10);
        const bool sees = page && !page->meetings.empty();
        EXPECT_EQ(sees, expected(who, false) == ErrorKind::internal);
        break;
      }
    }
  }
  EXPECT_FALSE(world.load(meeting.id).end);
  EXPECT_EQ(world.schedule.cancel(principal("eve", {Scope::book}), meeting.id).error().message,
            world.schedule
                .cancel(principal("eve", {Scope::book}), must(domain::MeetingId::parse("mnone")))
                .error()
                .message);
}

TEST(Security, sec_29_WithoutRoomForAllOfItAMeetingWaits) {
  AppWorld world;
  world.settings.limits = {100, 100, 100, 3};
  world.book();
  world.book();
  world.run_until(kT - 5min);
  EXPECT_EQ(world.alive(), 2U);  // a meeting is launched whole or waits
}

TEST(Access, KeysAreFoundByHashAndRevoked) {
  AppWorld world;
  must(world.access.ensure_key(base::Secret("first")));
  must(world.access.ensure_key(base::Secret("first")));
  const auto root = must(world.access.by_key("first"));
  EXPECT_EQ(root.id.text(), "organiser");
  const auto made = must(world.access.add_key(root, "ci", {Scope::book}));
  const auto ci = must(world.access.by_key(made.key.reveal()));
  EXPECT_EQ(ci.scopes, std::set<Scope>{Scope::book});
  EXPECT_EQ(world.access.add_key(ci, "more", {Scope::book}).error().kind, ErrorKind::denied);
  must(world.access.revoke(root, "ci"));
  EXPECT_EQ(world.access.by_key(made.key.reveal()).error().kind, ErrorKind::denied);
}

TEST(Security, sec_05_LoginCodeIsSingleUseAndItsCookieDiesWithTheKey) {
  AppWorld world;
  must(world.access.ensure_key(base::Secret("first")));
  const auto root = must(world.access.by_key("first"));
  const auto code = must(world.access.new_login(root.id)).first;
  const auto cookie = must(world.access.login(code.reveal()));
  EXPECT_FALSE(world.access.login(code.reveal()));
  EXPECT_EQ(must(world.access.by_cookie(cookie)).id, root.id);
  EXPECT_FALSE(world.access.by_cookie(cookie + "x"));
  const auto late = must(world.access.new_login(root.id)).first;
  world.clock.advance(25h);
  EXPECT_FALSE(world.access.login(late.reveal()));
  must(world.access.revoke(root, "organiser"));
  EXPECT_FALSE(world.access.by_cookie(cookie));
}

// The answer was lost, and the client tries again when the start has passed.
TEST(Schedule, TheSameBookingAgainIsAnsweredAlsoWhenItWouldBeTooLate) {
  AppWorld world;
  const std::pair<std::string, std::string> key{"k1", "hash"};
  const auto made = must(world.schedule.book(world.ada, world.booking(), key));
  world.clock.advance(2h);
  const auto again = must(world.schedule.book(world.ada, world.booking(), key));
  EXPECT_TRUE(again.replayed);
  EXPECT_EQ(again.meeting.id, made.meeting.id);
  const auto other = world.schedule.book(world.ada, world.booking(), {{"k1", "another"}});
  EXPECT_EQ(other.error().kind, base::ErrorKind::conflict);
  const auto late = world.schedule.book(world.ada, world.booking(), {{"k2", "hash"}});
  EXPECT_EQ(late.error().kind, base::ErrorKind::invalid);
}

}  // namespace
}  // namespace app
