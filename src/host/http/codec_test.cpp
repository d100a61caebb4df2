#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "app/app_world_test.hpp"
#include "host/http/codec_read.hpp"
#include "host/http/codec_write.hpp"
#include "host/http/problem.hpp"

namespace host::http {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;  // NOLINT: 10min reads better than any alternative

struct BadBody {
  std::string body;
  int status;
  const char* field;
};

// A booking but for its start, and with one.
std::string untimed(const std::string& rest) {
  return R"({"title":"A","length_minutes":45,)" + rest + "}";
}
std::string timed(const std::string& rest) {
  return untimed(R"("start":"2026-12-01T09:00:00Z",)" + rest);
}
// ... at a local time.
std::string local(const std::string& time, const std::string& rest) {
  return untimed(R"("start_local":")" + time + R"(",)" + rest);
}

TEST(Codec, EveryBadBookingNamesItsField) {
  const std::vector<BadBody> rows{
      {"", 400, ""},
      {"{", 400, ""},
      {"[]", 400, ""},
      {"null", 400, ""},
      {"{\"title\":\"A\"} x", 400, ""},
      {"{\"title\":\"\xff\"}", 400, ""},
      {"[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]", 400, ""},
      {R"({"length_minutes":45,"start":"2026-12-01T09:00:00Z"})", 400, "title"},
      {R"({"title":1,"length_minutes":45})", 400, "title"},
      {R"({"title":"A","start":"2026-12-01T09:00:00Z"})", 400, "length_minutes"},
      {R"({"title":"A","length_minutes":"45"})", 400, "length_minutes"},
      {R"({"title":"A","length_minutes":45.5})", 400, "length_minutes"},
      {R"({"title":"A","length_minutes":9223372036854775807})", 422, "length_minutes"},
      {R"({"title":"A","length_minutes":18446744073709551615})", 422, "length_minutes"},
      {R"({"title":"A","length_minutes":45})", 400, "start"},
      {untimed(R"("start":5)"), 400, "start"},
      {untimed(R"("start":"tomorrow")"), 422, "start"},
      {untimed(R"("start":"2026-12-01T09:00:00")"), 422, "start"},
      {timed(R"("zone":"Europe/Berlin")"), 400, "zone"},
      {untimed(R"("start_local":"2026-12-01T09:00")"), 400, "zone"},
      {untimed(R"("zone":"Europe/Berlin")"), 400, "start_local"},
      {local("2026-12-01T09:00", R"("zone":"Mars/Base")"), 422, "zone"},
      {local("2026-03-29T02:30", R"("zone":"Europe/Berlin")"), 422, "start_local"},
      {local("2026-10-25T02:30", R"("zone":"Europe/Berlin")"), 422, "start_choice"},
      {local("2026-10-25T02:30", R"("zone":"Europe/Berlin","start_choice":"both")"), 422,
       "start_choice"},
      {timed(R"("colour":"red")"), 400, "colour"},
      {timed(R"("seats":{})"), 400, "seats"},
      {timed(R"("seats":[])"), 422, "seats"},
      {timed(R"("seats":["x"])"), 400, "seats[0]"},
      {timed(R"("seats":[{"role":"teacher"},{"name":"B"}])"), 400, "seats[1].role"},
      {timed(R"("seats":[{"role":"teacher","email":7}])"), 400, "seats[0].email"},
      {timed(R"("seats":[{"role":"teacher","id":"x"}])"), 400, "seats[0].id"},
  };
  for (const auto& row : rows) {
    const auto parsed = parse_booking(row.body);
    ASSERT_FALSE(parsed) << row.body;
    EXPECT_EQ(status_of(parsed.error()), row.status) << row.body;
    EXPECT_EQ(parsed.error().field, row.field) << row.body;
  }
}

TEST(Codec, ReadsABookingInEachFormOfItsStart) {
  const auto instant = parse_booking(
      R"({"title":"A","length_minutes":45,"start":"2026-12-01T09:00:00+01:00",
          "call_url":"https://meet.example.org/a",
          "seats":[{"role":"teacher","name":"Ada","email":"ada@example.org"},
                   {"role":"student"}]})");
  ASSERT_TRUE(instant) << instant.error().message;
  EXPECT_EQ(base::to_rfc3339(instant->start.at), "2026-12-01T08:00:00Z");
  EXPECT_EQ(instant->start.zone, "");
  EXPECT_EQ(instant->start.local, "2026-12-01T09:00:00+01:00");
  EXPECT_EQ(instant->length, std::chrono::minutes(45));
  EXPECT_EQ(instant->seats.at(0).person, "Ada");
  EXPECT_EQ(instant->seats.at(1).role, "student");
  const auto spoken = parse_booking(local("2026-12-01T09:00", R"("zone":"Europe/Berlin")"));
  ASSERT_TRUE(spoken) << spoken.error().message;
  EXPECT_EQ(spoken->start.at, instant->start.at);
  EXPECT_EQ(spoken->start.zone, "Europe/Berlin");
  EXPECT_EQ(spoken->start.local, "2026-12-01T09:00:00");
  EXPECT_TRUE(spoken->seats.empty());
  const auto later =
      parse_booking(local("2026-10-25T02:30", R"("zone":"Europe/Berlin","start_choice":"later")"));
  ASSERT_TRUE(later) << later.error().message;
  EXPECT_EQ(base::to_rfc3339(later->start.at), "2026-10-25T01:30:00Z");
}

TEST(Codec, SmallBodiesAreAsStrict) {
  EXPECT_EQ(*parse_extend(R"({"minutes":15})"), std::chrono::minutes(15));
  EXPECT_FALSE(parse_extend(R"({"minutes":15,"x":1})"));
  EXPECT_FALSE(parse_extend(R"({"minutes":"15"})"));
  EXPECT_EQ(*parse_single(R"({"link":"a"})", "link"), "a");
  EXPECT_FALSE(parse_single(R"({"code":"a"})", "link"));
  EXPECT_EQ(*parse_leave(""), false);
  EXPECT_EQ(*parse_leave("{}"), false);
  EXPECT_EQ(*parse_leave(R"({"end_for_everybody":true})"), true);
  EXPECT_FALSE(parse_leave(R"({"end_for_everybody":1})"));
  EXPECT_FALSE(parse_leave(R"({"end_for_everyone":true})"));
  const auto key = parse_key(R"({"name":"ci","scopes":["book","read"]})");
  ASSERT_TRUE(key);
  EXPECT_EQ(key->scopes, (std::set{port::Scope::book, port::Scope::read}));
  EXPECT_EQ(status_of(parse_key(R"({"name":"ci","scopes":["root"]})").error()), 422);
  EXPECT_EQ(status_of(parse_key(R"({"name":"ci","scopes":"book"})").error()), 400);
}

TEST(Codec, AStatusChangesOnlyWhenSomethingDid) {
  app::AppWorld world;
  const auto meeting = world.book();
  const auto at = [&](base::Timestamp now) {
    return render_status(meeting, meeting.seats[0].id, now, world.settings.policy);
  };
  EXPECT_EQ(at(app::kT - base::Duration(60min)), at(app::kT - base::Duration(11min)));
  const auto status = json::parse(at(app::kT - base::Duration(60min))).as_object();
  for (const char* name :
       {"seat",        "role",     "name",    "title",  "call_url",   "start",     "launch_at",
        "planned_end", "hard_cap", "phase",   "step",   "attempt",    "can_enter", "can_restart",
        "steps",       "others",   "trouble", "failed", "release_at", "closing",   "end"}) {
    EXPECT_TRUE(status.contains(name)) << name;
  }
  EXPECT_EQ(status.size(), 21U);
}

TEST(Codec, ConnectedIsAddedToAStatus) {
  EXPECT_EQ(with_connected(R"({"a":{"b":1}})", 2), R"({"a":{"b":1},"connected":2})");
}

TEST(Codec, TextOfPeopleStaysText) {
  app::AppWorld world;
  auto meeting = world.book();
  meeting.title = "</script><script>alert(\"1\")\\";
  const auto status = json::parse(
      render_status(meeting, meeting.seats[0].id, world.clock.now(), world.settings.policy));
  EXPECT_EQ(status.at("title").as_string(), "</script><script>alert(\"1\")\\");
}

TEST(Problem, ErrorKindsBecomeTheStatusesOfTheContract) {
  using base::ErrorKind;
  const auto status = [](ErrorKind kind) { return problem(base::Error{kind, "m", "", ""}).status; };
  EXPECT_EQ(status(ErrorKind::invalid), 422);
  EXPECT_EQ(status(ErrorKind::not_found), 404);
  EXPECT_EQ(status(ErrorKind::denied), 403);
  EXPECT_EQ(status(ErrorKind::conflict), 409);
  EXPECT_EQ(status(ErrorKind::exhausted), 429);
  EXPECT_EQ(status(ErrorKind::unavailable), 503);
  EXPECT_EQ(status(ErrorKind::unknown_outcome), 503);
  EXPECT_EQ(status(ErrorKind::internal), 500);
  const auto full = problem({ErrorKind::invalid, "is missing", "seats[1].role", "syntax"});
  EXPECT_EQ(full.body,
            R"({"type":"about:blank","title":"Bad Request","status":400,"detail":"is missing",)"
            R"("field":"seats[1].role"})");
  EXPECT_EQ(full.content_type, "application/problem+json");
}

}  // namespace
}  // namespace host::http
