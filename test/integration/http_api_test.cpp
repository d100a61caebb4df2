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

}  // namespace
}  // namespace test
