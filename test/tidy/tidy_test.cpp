// The tree keeps the rules; and each rule sees the mistake it is there for.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "tidy/rules.hpp"

namespace tidy {
namespace {

const std::vector<File>& tree() {
  static const auto files = read_tree(HOWDAH_SOURCE_DIR);
  return files;
}

const File& file(const std::string& path) {
  for (const auto& each : tree()) {
    if (each.path == path) return each;
  }
  static const File none;
  ADD_FAILURE() << path << " is missing";
  return none;
}

const std::vector<Allowed>& allowed() {
  static const auto list = parse_allowed(file("test/tidy/allow.txt").text);
  return list;
}

template <class Check>
void expect_clean(const Check& check) {
  ASSERT_GT(tree().size(), 30u) << "the tree was not found";
  for (const auto& each : tree()) {
    for (const auto& finding : without_allowed(check(each), allowed())) {
      ADD_FAILURE() << finding.path << ":" << finding.line << ": [" << finding.rule << "] "
                    << finding.what;
    }
  }
}

std::string rules_of(const Findings& findings) {
  std::string rules;
  for (const auto& finding : findings) rules += finding.rule + " ";
  return rules;
}

TEST(Tidy, IncludesFollowTheArrows) {
  expect_clean(check_layers);
}
TEST(Tidy, NothingBannedIsUsed) {
  expect_clean(check_bans);
}
TEST(Tidy, LinesFunctionsAndFilesAreShort) {
  expect_clean(check_sizes);
}
TEST(Tidy, NoNotesNoMachinePathsEveryHeaderIntroducesItself) {
  expect_clean(check_text);
}

TEST(Tidy, ReadmeNamesOnlyCommandsThatExist) {
  for (const auto& finding : check_readme(file("README.md"), file("dev"))) {
    ADD_FAILURE() << finding.path << ":" << finding.line << ": " << finding.what;
  }
}

TEST(Tidy, EveryAllowedExceptionHasAReasonAndIsNeeded) {
  for (const auto& each : tree()) {
    for (auto* check : {&check_layers, &check_bans, &check_sizes, &check_text}) {
      without_allowed((*check)(each), allowed());
    }
  }
  for (const auto& entry : allowed()) {
    EXPECT_GE(entry.reason.size(), 10u) << "allow.txt:" << entry.line << ": say why";
    EXPECT_TRUE(entry.used) << "allow.txt:" << entry.line << ": nothing needs this any more";
  }
}

struct Example {
  const char* path;
  std::string text;
  const char* rules;
};

TEST(Tidy, LayersSeeEveryForbiddenArrow) {
  const Example examples[] = {
      {"src/domain/a.cpp", "#include \"port/clock.hpp\"\n", "layer "},
      {"src/domain/a.cpp", "#include \"base/time.hpp\"\n", ""},
      {"src/base/a.cpp", "#include \"domain/ids.hpp\"\n", "layer "},
      {"src/port/a.hpp", "#include \"app/ports.hpp\"\n", "layer "},
      {"src/app/a.cpp", "#include \"adapter/memory/store.hpp\"\n", "layer "},
      {"src/app/a_test.cpp", "#include \"adapter/memory/store.hpp\"\n", ""},
      {"src/adapter/local/a.cpp", "#include \"app/ports.hpp\"\n", "layer "},
      {"src/adapter/local/a.cpp", "#include \"adapter/sqlite/store.hpp\"\n", "layer "},
      {"src/adapter/ec2/a.cpp", "#include \"adapter/http/client.hpp\"\n", ""},
      {"src/host/http/a.cpp", "#include \"adapter/memory/store.hpp\"\n", "layer "},
      {"src/host/http/a.cpp", "#include \"app/join.hpp\"\n", ""},
      {"src/bin/a.cpp", "#include \"adapter/memory/store.hpp\"\n#include \"host/http/a.hpp\"\n",
       ""},
      {"src/app/a.cpp", "#include <sqlite3.h>\n", "library "},
      {"src/bin/a.cpp", "#include <toml++/toml.h>\n", "library "},
  };
  for (const auto& example : examples) {
    EXPECT_EQ(rules_of(check_layers({example.path, example.text})), example.rules)
        << example.path << ": " << example.text;
  }
}

TEST(Tidy, BansSeeCallsButNotWordsInCommentsAndLiterals) {
  const Example examples[] = {
      {"src/app/a.cpp", "auto t = std::chrono::system_clock::now();", "wall-clock "},
      {"src/app/a.cpp", "// system_clock::now() is banned\n", ""},
      {"src/app/a.cpp", "auto s = \"std::thread\"; auto r = R\"x(getenv)x\";", ""},
      {"src/adapter/system/a.cpp", "auto t = std::chrono::system_clock::now();", ""},
      {"src/app/a.cpp", "auto t = time(nullptr);", "c-time "},
      {"src/app/a.cpp", "auto t = start_time(meeting); a.time(b);", ""},
      {"src/adapter/ec2/a.cpp", "std::this_thread::sleep_for(1s);", "sleep "},
      {"src/app/a_test.cpp", "std::this_thread::sleep_for(1s);", "sleep "},
      {"src/app/a.cpp", "std::random_device device;", "random "},
      {"src/app/a.cpp", "const char* home = getenv(\"HOME\");", "environment "},
      {"src/app/a.cpp", "std::thread worker;", "thread "},
      {"src/host/loop/a.cpp", "std::thread worker;", ""},
      {"src/domain/a.cpp", "throw 1;", "exception "},
      {"src/domain/a.cpp", "assert(x);", "assert "},
      {"src/domain/a.cpp", "static_assert(x); constexpr auto big = 1'000'000;", ""},
      {"src/adapter/local/a.cpp", "system(\"rm\");", "shell "},
      {"src/app/a.cpp", "std::printf(\"x\");", "print "},
      {"src/app/a.cpp", "snprintf(buffer, 1, text);", ""},
  };
  for (const auto& example : examples) {
    EXPECT_EQ(rules_of(check_bans({example.path, example.text})), example.rules) << example.text;
  }
}

std::string repeated(const std::string& line, int times) {
  std::string text;
  for (int i = 0; i < times; ++i) text += line;
  return text;
}

TEST(Tidy, SizesSeeLongLinesFunctionsAndFiles) {
  const Example examples[] = {
      {"src/app/a.cpp", std::string(101, 'x') + "\n", "line-length "},
      {"src/app/a.cpp", std::string(100, 'x') + "\n", ""},
      {"src/app/a.cpp", repeated("// line\n", 501), "file-length "},
      {"src/app/a_test.cpp", repeated("// line\n", 501), ""},
      {"src/bin/main.cpp", repeated("// line\n", 121), "file-length "},
      {"src/app/a.cpp", "namespace x {\nint f(int a) {\n" + repeated("  a += 1;\n", 68) + "}\n}\n",
       ""},
      {"src/app/a.cpp", "namespace x {\nint f(int a) {\n" + repeated("  a += 1;\n", 69) + "}\n}\n",
       "function-length "},
      {"src/app/a.cpp",
       "class A {\n  int f(int a) {\n    if (a) {\n" + repeated("  a += 1;\n", 80) + "}\n  }\n};\n",
       "function-length "},
      {"src/app/a.cpp", "struct A {\n" + repeated("  int a;\n", 90) + "};\n", ""},
      {"src/app/a.cpp", "const int kAll[] = {\n" + repeated("  1,\n", 90) + "};\n", ""},
  };
  for (const auto& example : examples) {
    EXPECT_EQ(rules_of(check_sizes({example.path, example.text})), example.rules)
        << example.text.substr(0, 200);
  }
}

TEST(Tidy, TextSeesNotesPathsAndSilentHeaders) {
  const std::string fix = std::string("// FIX") + "ME\n";
  const std::string path = std::string("run /wo") + "rk/main/x\n";
  const Example examples[] = {
      {"src/app/a.cpp", fix, "note "},
      {"docs/a.md", path, "machine-path "},
      {"docs/a.md", "src/framework/x and /workers\n", ""},
      {"src/app/a.hpp", "#pragma once\n\nint x;\n", "header-comment "},
      {"src/app/a.hpp", "#pragma once\n// What it is.\n", ""},
  };
  for (const auto& example : examples) {
    EXPECT_EQ(rules_of(check_text({example.path, example.text})), example.rules) << example.text;
  }
}

TEST(Tidy, ReadmeCheckSeesACommandThatDoesNotExist) {
  const File dev{"dev", "case $x in\n  run)\n  test)\n  demo)\n  help | -h)\nesac\n"};
  EXPECT_EQ(rules_of(check_readme({"README.md", "./dev run ./dev test ./dev demo"}, dev)), "");
  EXPECT_EQ(rules_of(check_readme({"README.md", "./dev run ./dev test ./dev demo ./dev fly"}, dev)),
            "readme ");
  EXPECT_EQ(rules_of(check_readme({"README.md", "./dev run, ./dev test"}, dev)), "readme ");
}

}  // namespace
}  // namespace tidy
