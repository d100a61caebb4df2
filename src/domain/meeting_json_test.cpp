#include "domain/meeting_json.hpp"

#include <gtest/gtest.h>

#include "contract/any_meeting.hpp"

namespace {

using domain::meeting_from_json;
using domain::to_json;

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from << " is not in " << text;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

// A meeting with a desktop, so that every depth is there.
std::string sample() {
  auto meeting = test::plain_meeting("m1");
  auto desktop = test::plain_desktop(meeting.seats[1].id, meeting.start.at);
  desktop.running = {meeting.start.at, domain::Source::list};
  meeting.seats[1].desktop = desktop;
  meeting.end = {domain::EndReason::no_show, meeting.start.at, "howdah"};
  return to_json(meeting);
}

void expect_refused(const std::string& text, const std::string& field, const std::string& part) {
  const auto read = meeting_from_json(text);
  ASSERT_FALSE(read) << text;
  EXPECT_EQ(read.error().kind, base::ErrorKind::invalid);
  EXPECT_EQ(read.error().field, field);
  EXPECT_NE(read.error().message.find(part), std::string::npos) << read.error().message;
}

TEST(MeetingJson, ReadsBackWhatItWroteForAnyMeeting) {
  EXPECT_TRUE(rc::check([] {
    const auto meeting = test::any_meeting();
    const auto read = meeting_from_json(to_json(meeting));
    RC_ASSERT(read.has_value());
    RC_ASSERT(*read == meeting);
  }));
}

TEST(MeetingJson, LeavesTheVersionToTheStore) {
  auto meeting = test::plain_meeting("m1");
  meeting.version = 7;
  EXPECT_EQ(meeting_from_json(to_json(meeting))->version, 0U);
}

TEST(MeetingJson, EveryRequiredFieldIsMissedByName) {
  expect_refused(replaced(sample(), R"("title":"Algebra",)", ""), "title", "is missing");
  expect_refused(replaced(sample(), R"("epoch":1,)", ""), "seats[0].epoch", "is missing");
  expect_refused(replaced(sample(), R"("misses":0,)", ""), "seats[1].desktop.misses", "missing");
  expect_refused(replaced(sample(), R"(,"source":"list")", ""), "seats[1].desktop.running.source",
                 "is missing");
}

TEST(MeetingJson, NullWrongTypesAndUnknownFieldsAreRefusedByPath) {
  const struct {
    const char* from;
    const char* to;
    const char* field;
    const char* part;
  } rows[] = {
      {R"("title":"Algebra")", R"("title":null)", "title", "must be a string"},
      {R"("title":"Algebra")", R"("title":["Algebra"])", "title", "must be a string"},
      {R"("owner":"ada")", R"("owner":"Ada Lovelace")", "owner", "not known"},
      {R"("length":3600000)", R"("length":"1h")", "length", "whole number"},
      {R"("length":3600000)", R"("length":3600000.5)", "length", "whole number"},
      {R"("length":3600000)", R"("length":9000000000000000000)", "length", "out of range"},
      {R"("epoch":1)", R"("epoch":-1)", "seats[0].epoch", "out of range"},
      {R"("epoch":1)", R"("epoch":4294967296)", "seats[0].epoch", "out of range"},
      {R"("seats":[)", R"("seats":{"a":[)", "", "not JSON"},
      {R"("tokens":[])", R"("tokens":{})", "seats[0].tokens", "must be a list"},
      {R"("tokens":[])", R"("tokens":[7])", "seats[0].tokens[0]", "must be an object"},
      {R"("reason":"no_show")", R"("reason":"bored")", "end.reason", "not known"},
      {R"("source":"list")", R"("source":"")", "seats[1].desktop.running.source", "not known"},
      {R"("end":{)", R"("end":null,"ending":{)", "end", "must be an object"},
      {R"("by":"howdah")", R"("by":"howdah","mood":1)", "end", "not known"},
      {R"("title":)", R"("subtitle":"x","title":)", "", "not known"},
      {R"("schema":1)", R"("schema":0)", "schema", "number from 1"},
      {R"("schema":1)", R"("schema":"1")", "schema", "number from 1"},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.to);
    expect_refused(replaced(sample(), row.from, row.to), row.field, row.part);
  }
}

TEST(MeetingJson, WhatIsNotAnObjectIsRefused) {
  for (const char* text : {"", "null", "[]", "7", "{", "{}{}", "\xff\xfe", "{\"schema\":1"}) {
    EXPECT_FALSE(meeting_from_json(text)) << text;
  }
  EXPECT_FALSE(meeting_from_json(std::string((1U << 20U) + 1, ' ')));
}

TEST(MeetingJson, EveryPrefixIsRefused) {
  const auto text = sample();
  for (std::size_t size = 0; size < text.size(); ++size) {
    ASSERT_FALSE(meeting_from_json(std::string_view(text).substr(0, size))) << size;
  }
}

TEST(MeetingJson, ANewerSchemaIsRefusedWithAMessageThatSaysSo) {
  expect_refused(replaced(sample(), R"("schema":1)", R"("schema":2)"), "schema",
                 "newer version of howdah (schema 2");
}

TEST(MeetingJson, TextThatIsNotUtf8NeverMakesARowUnreadable) {
  auto meeting = test::plain_meeting("m1");
  meeting.seats[0].trouble = "caf\xe9 \xf0\x9f is full";
  const auto read = meeting_from_json(to_json(meeting));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->seats[0].trouble, "caf? ?? is full");
}

}  // namespace
