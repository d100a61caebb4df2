#include <gtest/gtest.h>

#include <fstream>
#include <regex>
#include <sstream>
#include <string>

#include "story/golden.hpp"
#include "story/page.hpp"
#include "story/stage.hpp"

namespace sim::story {
namespace {

constexpr const char* kHead =
    "start 2026-03-02T09:00:00Z\n"
    "length 45m\n"
    "seats Ada (teacher), Ben (student)\n";

std::string complaint(const std::string& lines) {
  const auto script = parse_script("odd.txt", kHead + lines);
  return script ? "" : script.error().message;
}

std::string file_text(const std::string& path) {
  std::ifstream in(std::string(HOWDAH_SOURCE_DIR) + "/" + path);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

TEST(Script, RefusesAnUnknownSentenceWithItsFileAndLineAndWhatIsNear) {
  EXPECT_EQ(complaint("T-30m the organiser books\nT-5m Ada sings\n"),
            "odd.txt:5: nothing is called \"Ada sings\"; near to it: \"<person> comes\"");
  EXPECT_EQ(
      complaint("T-30m the cloud is full at place 1\n"),
      "odd.txt:4: nothing is called \"the cloud is full at place 1\"; near to it: \"the cloud "
      "is full at place <number> for <duration>\"");
}

TEST(Script, RefusesWordsThatDoNotFitTheirPlace) {
  struct Row {
    const char* lines;
    const char* complaint;
  };
  const Row rows[] = {
      {"T-5m Eve comes\n", "odd.txt:4: nothing is called \"Eve comes\""},
      {"T-5m the DNS provider is down for ever\n", "odd.txt:4: nothing is called"},
      {"T-5m expect Ada's desktop lovely\n", "odd.txt:4: nothing is called"},
      {"T-5m server 2 dies for 1m\n", "odd.txt:4: there is no server 2"},
      {"T-5m the cloud is full at place 2 for 1m\n", "odd.txt:4: there is no place 2"},
      {"T-5m Ada comes\nT-6m Ben comes\n", "odd.txt:5: earlier than the line above it"},
      {"T-31m Ada comes\n", "odd.txt:4: the story has not begun yet then"},
      {"at nine Ada comes\n", "odd.txt:4: neither a setting nor a time: \"at\""},
      {"T-5x Ada comes\n", "odd.txt:4: neither a setting nor a time: \"T-5x\""},
      {"end Ada comes\n", "odd.txt:4: at the end one can only look and expect"},
      {"end look\nT+5m Ada comes\n", "odd.txt:5: earlier than the line above it"},
      {"T-5m Ada comes\nservers 2\n", "odd.txt:5: settings stand before the first time"},
      {"servers 9\n", "odd.txt:4: a number from 1 to 3 is expected"},
      {"screens wooden\n", "odd.txt:4: screens are bridged or direct"},
      {"policy no_show 5m\n", "odd.txt:4: no such policy: no_show 5m"},
      {"length soon\n", "odd.txt:4: a duration is expected"},
      {"start the middle 2026-10-25T02:30 in Europe/Berlin\n", "odd.txt:4: the earlier or the"},
      {"start 2026-10-25T02:30 in Europe/Berlin\n", "odd.txt:4: 2026-10-25T02:30:00 exists twice"},
      {"seats Ada teacher\n", "odd.txt:4: expected: seats Ada (teacher), Ben (student)"},
      {"", "odd.txt:1: nothing happens here"}};
  for (const auto& row : rows) {
    EXPECT_TRUE(complaint(row.lines).starts_with(row.complaint))
        << row.lines << complaint(row.lines);
  }
}

TEST(Script, EveryPhraseIsInTheReference) {
  const auto reference = file_text("sim/scenario/README.md");
  for (const auto& phrase : phrases()) {
    EXPECT_NE(reference.find(std::string("`") + std::string(phrase.pattern) + "`"),
              std::string::npos)
        << phrase.pattern;
  }
}

TEST(Page, SaysWhatTheRealPageSays) {
  const auto words = file_text("web/js/words.js");
  for (const auto heading : all_headings()) {
    EXPECT_NE(words.find(heading), std::string::npos) << heading;
  }
  EXPECT_NE(file_text("web/join.html").find(wrong_link_heading()), std::string::npos);
}

Played played(const std::string& lines) {
  const auto script = parse_script("odd.txt", kHead + lines);
  EXPECT_TRUE(script) << script.error().message;
  return play(*script);
}

TEST(Story, FailsWhenWhatItExpectsIsNotSo) {
  const auto story = played(
      "T-30m the organiser books\n"
      "T-4m expect Ada inside\n");
  ASSERT_TRUE(story.violation);
  EXPECT_EQ(story.violation->invariant, "expect");
  EXPECT_EQ(story.violation->message, "odd.txt:5: \"expect Ada inside\", but Ada is outside");
}

TEST(Story, IsToldTheSameTwice) {
  const char* lines =
      "T-30m the organiser books\n"
      "T-5m Ada comes\n"
      "T+5m Ada's desktop dies\n"
      "T+30m Ada leaves\n";
  EXPECT_EQ(played(lines).narrative, played(lines).narrative);
}

TEST(Story, AChangedRuleShowsAsADifferenceThatCanBeRead) {
  const char* lines = "T-30m the organiser books\n";
  const auto before = played(lines).narrative;
  const auto after = played(std::string("policy no_show_after 16m\n") + lines).narrative;
  const auto changed = difference(before, after);
  // In the seconds after the rule's minute, by when it is looked.
  const std::regex was("- T\\+15:0\\d +The meeting ends: no_show\n");
  const std::regex is("\\+ T\\+16:0\\d +The meeting ends: no_show\n");
  EXPECT_TRUE(std::regex_search(changed, was)) << changed;
  EXPECT_TRUE(std::regex_search(changed, is)) << changed;
  EXPECT_EQ(changed.find("booked for"), std::string::npos);
  EXPECT_EQ(difference(before, before), "");
}

// As `sim --stories` does.
TEST(Story, AllAreToldAsTheirGoldensTellThem) {
  EXPECT_EQ(tell_stories(std::string(HOWDAH_SOURCE_DIR) + "/sim/scenario", false), 0);
}

}  // namespace
}  // namespace sim::story
