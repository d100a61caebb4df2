#include "tidy/rules.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <regex>
#include <sstream>

namespace tidy {
namespace {

bool starts(std::string_view text, std::string_view prefix) {
  return text.starts_with(prefix);
}
bool ends(std::string_view text, std::string_view suffix) {
  return text.ends_with(suffix);
}
bool is_cpp(const std::string& path) {
  return ends(path, ".cpp") || ends(path, ".hpp");
}
bool is_code(const std::string& path) {
  return is_cpp(path) || ends(path, ".mjs") || ends(path, ".js") || ends(path, ".sh") ||
         ends(path, ".css") || ends(path, ".html") || path == "dev";
}
bool is_test(const std::string& path) {
  return starts(path, "test/") || ends(path, "_test.cpp") || ends(path, "_test.hpp") ||
         ends(path, ".test.mjs");
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  std::istringstream in{std::string(text)};
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

// Folder of a source file below src: "domain", "adapter/local", "host/http", ...
std::string layer_of(std::string_view path) {
  if (!starts(path, "src/")) return "";
  path.remove_prefix(4);
  const auto parts = starts(path, "adapter/") || starts(path, "host/") ? 2 : 1;
  std::size_t end = 0;
  for (int i = 0; i < parts; ++i) end = path.find('/', end == 0 ? 0 : end + 1);
  return std::string(path.substr(0, end));
}

bool may_include(const std::string& from, const std::string& to, bool test) {
  if (from == to || to == "base") return true;
  if (from == "base") return false;
  if (to == "domain") return true;
  if (from == "domain") return false;
  if (to == "port") return true;
  if (from == "port") return false;
  if (from == "bin") return true;
  const bool shared = to == "adapter/http" || to == "adapter/aws" || to == "adapter/system";
  if (starts(from, "adapter/")) return shared;
  // The fakes are good enough to run the product on; tests of use cases and hosts do.
  if (test && starts(to, "adapter/memory")) return true;
  if (from == "app") return false;
  return to == "app" || (starts(from, "host/") && starts(to, "host/"));
}

struct Library {
  std::string_view header;
  std::string_view places;  // prefixes of paths, separated by blanks
  std::string_view why;
};

constexpr std::array<Library, 8> kLibraries{{
    {"toml++/", "src/bin/config_read.cpp", "toml++ is read in one file, bin/config_read.cpp"},
    {"CLI/", "src/bin/", "CLI11 belongs to bin"},
    {"boost/beast",
     "src/host/http/ src/adapter/http/ src/adapter/local/ src/adapter/localhost/ "
     "src/bin/http_client.cpp",
     "Beast belongs to host/http and adapter/http"},
    {"boost/asio",
     "src/host/ src/adapter/http/ src/adapter/local/ src/adapter/localhost/ "
     "src/bin/http_client.cpp src/bin/serve",
     "Asio belongs to the hosts"},
    {"sqlite3.h", "src/adapter/sqlite/", "SQLite belongs to adapter/sqlite"},
    {"openssl/",
     "src/base/crypto src/base/secret src/adapter/system/ src/adapter/http/ src/host/http/ "
     "src/bin/certs",
     "use base/crypto"},
    {"spdlog/", "", "use base/log"},
    {"day.hpp", "src/bin/command_simulate_day.cpp",
     "of the simulation the product knows one planned day, as a command: nothing that serves"},
}};

bool in_places(std::string_view path, std::string_view places) {
  std::istringstream in{std::string(places)};
  for (std::string place; in >> place;) {
    if (starts(path, place)) return true;
  }
  return false;
}

using Words = std::vector<std::string_view>;

// A regular expression is slow, above all under a sanitizer: it is tried only where one of the
// words stands that are in whatever matches.
bool has_word(std::string_view text, const Words& words) {
  return std::any_of(words.begin(), words.end(), [text](std::string_view word) {
    return text.find(word) != std::string_view::npos;
  });
}

struct Ban {
  std::string_view rule;
  Words words;
  std::string_view pattern;  // ECMAScript
  std::string_view places;   // where it is allowed
  bool tests_too;
  std::string_view instead;
};

constexpr std::string_view kOutside = "src/adapter/system/ src/host/ sim/";
constexpr std::string_view kAnyHost = "src/adapter/system/ src/host/ src/bin/ sim/";

const std::vector<Ban> kBans{
    {"wall-clock",
     {"system_clock"},
     R"(\bsystem_clock::now\b)",
     kOutside,
     false,
     "take `now`, or port::Clock"},
    {"steady-clock",
     {"steady_clock"},
     R"(\bsteady_clock::now\b)",
     kOutside,
     false,
     "take `now`, or port::Clock"},
    {"c-time",
     {"time"},
     R"(\btime\s*\(\s*(nullptr|NULL|0|&)|\b(gettimeofday|clock_gettime|ftime)\s*\()",
     kOutside,
     false,
     "take `now`, or port::Clock"},
    {"sleep",
     {"sleep"},
     R"(\bsleep_for\b|\bsleep_until\b|\bu?sleep\s*\(|\bnanosleep\s*\()",
     kOutside,
     true,
     "wait for a condition, with a bound"},
    {"random",
     {"random_device", "rand", "mt19937", "distribution", "shuffle"},
     R"(\brandom_device\b|\bs?rand\s*\(|\bmt19937|\buniform_\w+_distribution|std::shuffle)",
     "",
     false,
     "base::Rng for jitter, port::Entropy for secrets"},
    {"environment",
     {"env"},
     R"(\bgetenv\b|\bsetenv\s*\(|\bputenv\s*\()",
     "src/adapter/system/",
     false,
     "no component reads the environment: configuration"},
    {"thread",
     {"thread", "async"},
     R"(\bstd::j?thread\b|\bstd::async\b|\bpthread_create\b)",
     kOutside,
     false,
     "threads belong to the hosts"},
    {"filesystem",
     {"filesystem"},
     R"(\bstd::filesystem\b)",
     "src/adapter/system/ src/adapter/file/ src/bin/",
     false,
     "files belong to adapters"},
    {"print",
     {"cout", "cerr", "printf", "puts"},
     R"(\bstd::cout\b|\bstd::cerr\b|(^|[^\w])(std::)?f?printf\s*\(|\bputs\s*\()",
     kAnyHost,
     false,
     "base::log"},
    {"assert",
     {"assert"},
     R"((^|[^\w])assert\s*\()",
     "",
     true,
     "CHECK (base/check.hpp), on in every build"},
    {"exception",
     {"throw", "catch"},
     R"((^|[^\w])throw\b|\bcatch\s*\()",
     "src/adapter/ src/host/ src/bin/ sim/",
     false,
     "Result and TRY; exceptions never cross a port"},
    {"using-std", {"using"}, R"(\busing namespace std\s*;)", "", true, "write std::"},
    {"shell",
     {"system", "popen"},
     R"((^|[^\w])(std::)?system\s*\(|\bpopen\s*\()",
     "",
     false,
     "run programs by argument list, never by a shell"},
    {"unordered",
     {"unordered"},
     R"(\bstd::unordered_)",
     "src/adapter/ src/host/ src/bin/ src/base/",
     false,
     "std::map: what decides must replay"},
};

// A block opens a function when the text before its brace ends like a signature.
bool opens_function(const std::string& head) {
  static const std::regex container(
      R"(\b(namespace|class|struct|enum|union)\b[^()]*$|\bextern\s*""?\s*$)");
  static const std::regex data(R"((^|[^=!<>+\-*/%&|^])=\s*([\w:<>, ]*)$)");
  if (head.find(')') == std::string::npos) return false;
  return !std::regex_search(head, container) && !std::regex_search(head, data);
}

Findings check_functions(const File& file) {
  constexpr std::size_t kFunctionMax = 70;
  Findings findings;
  const auto code = code_only(file.text);
  std::vector<bool> stack;  // per open block: is it (inside) a function
  std::string head;
  std::size_t line = 1;
  std::size_t head_line = 1;
  std::size_t function_line = 0;
  for (const char c : code) {
    if (c == '\n') ++line;
    if (c == '{') {
      const bool inside = !stack.empty() && stack.back();
      const bool function = inside || opens_function(head);
      if (function && !inside) function_line = head_line;
      stack.push_back(function);
      head.clear();
    } else if (c == '}') {
      if (stack.empty())
        return findings;  // not balanced: preprocessor games, the compiler's business
      const bool function = stack.back();
      stack.pop_back();
      const bool outermost = function && (stack.empty() || !stack.back());
      if (outermost && line - function_line + 1 > kFunctionMax) {
        findings.push_back({file.path, function_line, "function-length",
                            "a function of " + std::to_string(line - function_line + 1) +
                                " lines; at most 70: name its parts"});
      }
      head.clear();
    } else if (c == ';') {
      head.clear();
    } else {
      if (head.empty() && std::isspace(static_cast<unsigned char>(c)) == 0) head_line = line;
      if (!head.empty() || std::isspace(static_cast<unsigned char>(c)) == 0) head += c;
    }
  }
  return findings;
}

}  // namespace

Findings check_layers(const File& file) {
  static const std::regex include(R"(^\s*#\s*include\s*[<"]([^>"]+)[>"])");
  Findings findings;
  const auto from = layer_of(file.path);
  if (from.empty() || !is_cpp(file.path)) return findings;
  const auto lines = lines_of(file.text);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    std::smatch match;
    if (!has_word(lines[i], {"include"})) continue;
    if (!std::regex_search(lines[i], match, include)) continue;
    const auto target = match[1].str();
    const auto to = layer_of("src/" + target);
    static const std::set<std::string> tops{"base",    "domain", "port", "app",
                                            "adapter", "host",   "bin"};
    if (tops.contains(to.substr(0, to.find('/'))) && !may_include(from, to, is_test(file.path))) {
      findings.push_back({file.path, i + 1, "layer", from + " may not include " + to});
    }
    for (const auto& library : kLibraries) {
      if (starts(target, library.header) && !in_places(file.path, library.places) &&
          !is_test(file.path)) {
        findings.push_back({file.path, i + 1, "library", std::string(library.why)});
      }
    }
  }
  return findings;
}

Findings check_bans(const File& file) {
  Findings findings;
  if (!is_cpp(file.path)) return findings;
  const auto lines = lines_of(code_only(file.text));
  for (const auto& ban : kBans) {
    if (in_places(file.path, ban.places)) continue;
    if (is_test(file.path) && !ban.tests_too) continue;
    const std::regex pattern{std::string(ban.pattern)};
    for (std::size_t i = 0; i < lines.size(); ++i) {
      if (has_word(lines[i], ban.words) && std::regex_search(lines[i], pattern)) {
        findings.push_back({file.path, i + 1, std::string(ban.rule),
                            "banned here; instead: " + std::string(ban.instead)});
      }
    }
  }
  return findings;
}

Findings check_sizes(const File& file) {
  constexpr std::size_t kLineMax = 100;
  constexpr std::size_t kFileMax = 500;
  constexpr std::size_t kMainMax = 120;
  Findings findings;
  if (!is_code(file.path)) return findings;
  const auto lines = lines_of(file.text);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const auto characters = std::count_if(lines[i].begin(), lines[i].end(), [](char c) {
      return (static_cast<unsigned char>(c) & 0xC0) != 0x80;  // UTF-8 continuation bytes
    });
    if (static_cast<std::size_t>(characters) > kLineMax) {
      findings.push_back({file.path, i + 1, "line-length", "a line of more than 100 characters"});
    }
  }
  const auto most = ends(file.path, "/main.cpp") ? kMainMax : kFileMax;
  if (!is_test(file.path) && lines.size() > most) {
    findings.push_back({file.path, 1, "file-length",
                        std::to_string(lines.size()) + " lines, at most " + std::to_string(most)});
  }
  if (is_cpp(file.path)) {
    for (auto& finding : check_functions(file)) findings.push_back(std::move(finding));
  }
  return findings;
}

Findings check_text(const File& file) {
  // The words are put together so that this file does not find itself.
  static const std::regex notes(std::string("TO") + R"(DO\(now\)|\bFIX)" + R"(ME\b|\bXX)" +
                                R"(X\b)");
  static const std::regex machine(std::string(R"((^|[\s"'`=:(])/(wo)") + R"(rk|ro)" +
                                  R"(ot|tmp/wt)(/|\b)|/home/\w+/)");
  Findings findings;
  const auto lines = lines_of(file.text);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (has_word(lines[i], {"(now)", "FIX", "XX"}) && std::regex_search(lines[i], notes)) {
      findings.push_back({file.path, i + 1, "note", "do it, or write it as an issue"});
    }
    if (has_word(lines[i], {"/wo", "/ro", "/tm", "/ho"}) && std::regex_search(lines[i], machine)) {
      findings.push_back({file.path, i + 1, "machine-path", "a path of one machine"});
    }
  }
  if (ends(file.path, ".hpp")) {
    const bool once = !lines.empty() && lines[0] == "#pragma once";
    if (!once || lines.size() < 2 || !starts(lines[1], "//")) {
      findings.push_back({file.path, 1, "header-comment",
                          "begins with #pragma once and a comment: what it is and promises"});
    }
  }
  return findings;
}

Findings check_readme(const File& readme, const File& dev) {
  static const std::regex call(R"(\./dev\s+([a-z]+))");
  Findings findings;
  const auto lines = lines_of(readme.text);
  std::set<std::string> named;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    for (std::sregex_iterator it(lines[i].begin(), lines[i].end(), call), end; it != end; ++it) {
      const auto name = (*it)[1].str();
      named.insert(name);
      const std::regex branch("\n  ([a-z -]*\\| *)?" + name + "( *\\|[a-z -]*)?\\)\n");
      if (!std::regex_search(dev.text, branch)) {
        findings.push_back({readme.path, i + 1, "readme", "./dev has no command " + name});
      }
    }
  }
  for (const auto* name : {"run", "test", "demo"}) {
    if (!named.contains(name)) {
      findings.push_back({readme.path, 1, "readme", std::string("does not say ./dev ") + name});
    }
  }
  return findings;
}

}  // namespace tidy
