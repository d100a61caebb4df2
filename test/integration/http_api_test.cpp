#include <boost/json.hpp>

#include "integration/http_house.hpp"

namespace test {
namespace {

namespace json = boost::json;

json::object object_of(const Answer& answer) {
  json::error_code error;
  auto value = json::parse(answer.body, error);
  EXPECT_FALSE(error) << answer.body;
  return value.is_object() ? value.as_object() : json::object{};
}

std::string booking_of(HttpHouse& house, std::string_view extra = "") {
  return "{\"title\":\"Algebra\",\"length_minutes\":45,\"start\":\"" +
         base::to_rfc3339(house.clock.now() + 1h) + "\"" + std::string(extra) + "}";
}

TEST(HttpApi, HealthAndPagesAreThere) {
  HttpHouse house;
  EXPECT_EQ(house.call("GET", "/healthz").status, 200);
  EXPECT_EQ(house.call("GET", "/readyz").status, 200);
  house.ready = false;
  const auto not_ready = house.call("GET", "/readyz");
  EXPECT_EQ(not_ready.status, 503);
  EXPECT_EQ(object_of(not_ready).at("detail").as_string(), "disk full");
  EXPECT_EQ(house.call("GET", "/").body, "<!doctype html>organiser");
  EXPECT_EQ(house.call("GET", "/j/mabc-1").body, "<!doctype html>join");
  EXPECT_EQ(house.call("GET", "/assets/app.js").body, "export {};");
  EXPECT_EQ(house.call("GET", "/assets/none.js").status, 404);
  EXPECT_EQ(house.call("GET", "/", {{"If-None-Match", "\"o1\""}}).status, 304);
  const auto head = house.call("HEAD", "/");
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.header("content-length"), "24");
}

TEST(HttpApi, BooksAndShowsAMeeting) {
  HttpHouse house;
  const auto booked = house.call("POST", "/v1/meetings", house.with_key(), booking_of(house));
  ASSERT_EQ(booked.status, 201) << booked.body;
  const auto meeting = object_of(booked);
  EXPECT_EQ(meeting.at("phase").as_string(), "booked");
  EXPECT_EQ(meeting.at("seats").as_array().size(), 2U);
  const std::string id(meeting.at("id").as_string());
  const auto link = std::string(meeting.at("seats").at(0).at("link").as_string());
  EXPECT_TRUE(link.starts_with(house.origin + "/j/" + id + "-1#")) << link;
  const auto shown = house.call("GET", "/v1/meetings/" + id, house.with_key());
  EXPECT_EQ(shown.body, booked.body);
  const auto all = object_of(house.call("GET", "/v1/meetings", house.with_key()));
  EXPECT_EQ(all.at("meetings").as_array().size(), 1U);
  EXPECT_EQ(all.at("next").as_string(), "");
  const auto cancelled = house.call("POST", "/v1/meetings/" + id + "/cancel", house.with_key());
  EXPECT_EQ(cancelled.status, 200);
  EXPECT_EQ(object_of(cancelled).at("end").at("reason").as_string(), "cancelled");
}

// Each says which field is wrong, and leaves nothing behind.
TEST(HttpApi, ABadBookingNamesItsFieldAndStoresNothing) {
  HttpHouse house;
  const auto start = ",\"start\":\"" + base::to_rfc3339(house.clock.now() + 1h) + "\"";
  const std::string long_name(300, 'x');
  const auto with = [&](const std::string& more) { return start + "," + more; };
  const std::vector<std::pair<std::string, std::pair<int, std::string>>> rows{
      {"", {400, "start"}},
      {with("\"colour\":1"), {400, "colour"}},
      {with("\"seats\":7"), {400, "seats"}},
      {with("\"seats\":[]"), {422, "seats"}},
      {with(R"("seats":[{"role":"teacher"},{"role":"teacher"}])"), {422, "seats[1].role"}},
      {with(R"("seats":[{"role":"pilot"}])"), {422, "seats[0].role"}},
      {with(R"("seats":[{"role":"teacher","email":"nobody"}])"), {422, "seats[0].email"}},
      {with(R"("seats":[{"role":"teacher","name":")" + long_name + "\"}]"), {422, "seats[0].name"}},
      {with(R"("seats":[{"role":"teacher","name":"a\u0007"}])"), {422, "seats[0].name"}},
      {with(R"("call_url":"http://not.secure.example")"), {422, "call_url"}},
      {R"(,"start_local":"2027-03-28 02:30","zone":"Europe/Berlin")", {422, "start_local"}},
      {R"(,"start_local":"2027-03-01 02:30","zone":"Europe/Nowhere")", {422, "zone"}},
      {R"(,"start":"2099-01-01T00:00:00Z")", {422, "start"}},
      {R"(,"start":"2001-01-01T00:00:00Z")", {422, "start"}},
  };
  for (const auto& [more, expected] : rows) {
    const auto answer = house.call("POST", "/v1/meetings", house.with_key(),
                                   "{\"title\":\"Algebra\",\"length_minutes\":45" + more + "}");
    EXPECT_EQ(answer.status, expected.first) << more << answer.body;
    EXPECT_EQ(answer.header("content-type"), "application/problem+json") << more;
    const auto problem = object_of(answer);
    ASSERT_TRUE(problem.contains("field")) << more << answer.body;
    EXPECT_EQ(problem.at("field").as_string(), expected.second) << more;
  }
  EXPECT_EQ(house.call("POST", "/v1/meetings", house.with_key(), "{\"title\":").status, 400);
  const auto all = object_of(house.call("GET", "/v1/meetings", house.with_key()));
  EXPECT_TRUE(all.at("meetings").as_array().empty());
}

// An empty key is a client's mistake: it believes that asking again is safe.
TEST(HttpApi, AnIdempotencyKeyThatIsThereMustBeGood) {
  HttpHouse house;
  for (const std::string& key :
       {std::string(), std::string("a b"), std::string("\xc3\xa4"), std::string(129, 'k')}) {
    const auto answer = house.call("POST", "/v1/meetings",
                                   house.with_key({{"Idempotency-Key", key}}), booking_of(house));
    ASSERT_EQ(answer.status, 422) << '"' << key << "\" " << answer.body;
    EXPECT_EQ(object_of(answer).at("field").as_string(), "Idempotency-Key");
  }
  const auto all = object_of(house.call("GET", "/v1/meetings", house.with_key()));
  EXPECT_TRUE(all.at("meetings").as_array().empty());
}

TEST(HttpApi, ReschedulesUntilDesktopsRun) {
  HttpHouse house;
  const auto meeting = house.book();
  const auto path = "/v1/meetings/" + meeting.id.text() + "/reschedule";
  const auto to = [&](base::Duration later) {
    return "{\"start\":\"" + base::to_rfc3339(meeting.start.at + later) + "\"}";
  };
  const auto moved = house.call("POST", path, house.with_key(), to(5min));
  EXPECT_EQ(moved.status, 200) << moved.body;
  EXPECT_EQ(house.load(meeting.id).start.at, meeting.start.at + 5min);
  house.clock.advance(5min);
  house.settle(meeting.id);
  EXPECT_EQ(house.call("POST", path, house.with_key(), to(2h)).status, 409);
  EXPECT_EQ(house.load(meeting.id).start.at, meeting.start.at + 5min);
}

TEST(HttpApi, sec_05_MetricsNeedAKeyThatMayRead) {
  HttpHouse house;
  const auto who = must(house.access.by_key(kApiKey));
  const auto status = [&](const std::set<port::Scope>& scopes) {
    const auto name =
        "k" + std::to_string(scopes.size()) + std::to_string(static_cast<int>(*scopes.begin()));
    const auto key = must(house.access.add_key(who, name, scopes));
    return house
        .call("GET", "/metrics", {{"Authorization", "Bearer " + std::string(key.key.reveal())}})
        .status;
  };
  EXPECT_EQ(house.call("GET", "/metrics").status, 401);
  EXPECT_EQ(status({port::Scope::book}), 403);
  EXPECT_EQ(status({port::Scope::read}), 200);
  EXPECT_EQ(status({port::Scope::operate}), 200);
}

}  // namespace
}  // namespace test
