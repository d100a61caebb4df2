// docs/SECURITY.md against the tree: every row that is not of the cloud has a test of its number,
// and every parser a fuzzer.

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

namespace {

namespace fs = std::filesystem;

std::string read(const fs::path& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::set<std::string> matches(const std::string& text, const std::string& pattern) {
  const std::regex expression(pattern);
  std::set<std::string> found;
  for (std::sregex_iterator at(text.begin(), text.end(), expression), end; at != end; ++at) {
    found.insert((*at)[1].str());
  }
  return found;
}

std::set<std::string> numbers_of_tests() {
  std::set<std::string> numbers;
  for (const auto* folder : {"src", "test"}) {
    for (const auto& entry :
         fs::recursive_directory_iterator(fs::path(HOWDAH_SOURCE_DIR) / folder)) {
      const auto ending = entry.path().extension();
      if (!entry.is_regular_file() || (ending != ".cpp" && ending != ".mjs")) continue;
      const auto text = read(entry.path());
      for (auto at = text.find("sec_"); at != std::string::npos; at = text.find("sec_", at + 1)) {
        const bool named = at > 0 && std::string_view(" '").find(text[at - 1]) != std::string::npos;
        if (named && text.size() > at + 6 && text[at + 6] == '_')
          numbers.insert(text.substr(at + 4, 2));
      }
    }
  }
  return numbers;
}

TEST(SecurityRows, EachHasATest) {
  const auto rows = matches(read(fs::path(HOWDAH_SOURCE_DIR) / "docs/SECURITY.md"),
                            "\n\\| (\\d+) \\| (?!\\*cloud)");
  EXPECT_EQ(rows.size(), 31U);
  const auto tested = numbers_of_tests();
  for (const auto& row : rows) {
    const auto number = row.size() == 1 ? "0" + row : row;
    EXPECT_TRUE(tested.contains(number))
        << "row " << row << " has no test sec_" << number << "_...";
  }
}

TEST(Security, sec_30_EveryParserIsFuzzedAndReleasesAreHardened) {
  const fs::path root(HOWDAH_SOURCE_DIR);
  for (const auto* name :
       {"ticket", "http_body", "config", "time", "meeting_json", "probe_answer", "screen"}) {
    EXPECT_TRUE(fs::exists(root / "test/fuzz" / ("fuzz_" + std::string(name) + ".cpp"))) << name;
  }
  const auto build = read(root / "CMakeLists.txt");
  for (const auto* flag : {"-D_FORTIFY_SOURCE=3", "-fstack-protector-strong",
                           "-D_GLIBCXX_ASSERTIONS", "-static-pie", "-Wl,-z,relro,-z,now"}) {
    EXPECT_NE(build.find(flag), std::string::npos) << flag;
  }
}

}  // namespace
