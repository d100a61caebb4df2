// `howdah simulate-day` as people run it: a table, files, and refusals that name their option.
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "integration/cli_support.hpp"

namespace {

namespace json = boost::json;

cli::Output simulate(std::vector<std::string> words) {
  words.insert(words.begin(), {HOWDAH_BINARY, "simulate-day"});
  return cli::run(words);
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(SimulateDay, TellsASmallDayAsTableJsonAndPicture) {
  const cli::Folder folder;
  const auto day = simulate(
      {"--meetings", "20", "--json-file", folder / "day.json", "--svg", folder / "day.svg"});
  ASSERT_EQ(day.code, 0) << day.err;
  EXPECT_TRUE(contains(day.out, "The limits allow 40 seats two minutes before their start; got 40"))
      << day.out;
  EXPECT_TRUE(contains(day.out, "lead for 99 % two minutes early"));
  EXPECT_TRUE(contains(day.err, "in time"));  // progress
  const auto figures = json::parse(cli::read_file(folder / "day.json")).as_object();
  EXPECT_EQ(figures.at("seats").to_number<int>(), 40);
  EXPECT_EQ(figures.at("ready_seconds_after_start").as_array().size(), 40U);
  EXPECT_TRUE(contains(cli::read_file(folder / "day.svg"), "</svg>"));
}

TEST(SimulateDay, RefusesWhatItCannotMeanAndNamesTheOption) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> bad{
      {{"--meetings", "0"}, "--meetings"},
      {{"--seats", "9"}, "--seats"},
      {{"--at", "25:00"}, "--at"},
      {{"--at", "9"}, "--at"},
      {{"--lead", "soon"}, "--lead"},
      {{"--spread", "-1m"}, "--spread"},
      {{"--boot", "3m", "--boot-p99", "1m"}, "--boot-p99"},
      {{"--dns", "bind"}, "--dns"},
      {{"--svg", "/nowhere/at/all.svg"}, "--svg"},
      {{"--launch-rate", "0"}, "--launch-rate"}};
  for (const auto& [words, option] : bad) {
    const auto refused = simulate(words);
    EXPECT_EQ(refused.code, 2) << words[0] << " " << words[1];
    EXPECT_TRUE(contains(refused.err, option)) << refused.err;
    EXPECT_TRUE(refused.out.empty());
  }
}

}  // namespace
