#include "story/golden.hpp"

#include <dirent.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <vector>

#include "story/stage.hpp"

namespace sim::story {
namespace {

constexpr std::size_t kAround = 2;  // lines shown around a difference

std::optional<std::string> read(const std::string& path) {
  std::ifstream in(path);
  if (!in) return std::nullopt;
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

struct Edit {
  char mark;  // ' ', '-' or '+'
  std::string line;
};

// By the longest common subsequence.
std::vector<Edit> edits_of(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  std::vector<std::vector<std::size_t>> common(a.size() + 1,
                                               std::vector<std::size_t>(b.size() + 1, 0));
  for (auto i = a.size(); i-- > 0;) {
    for (auto j = b.size(); j-- > 0;) {
      common[i][j] =
          a[i] == b[j] ? common[i + 1][j + 1] + 1 : std::max(common[i + 1][j], common[i][j + 1]);
    }
  }
  std::vector<Edit> edits;
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < a.size() || j < b.size()) {
    if (i < a.size() && j < b.size() && a[i] == b[j]) {
      edits.push_back({' ', a[i++]});
      ++j;
    } else if (j == b.size() || (i < a.size() && common[i + 1][j] >= common[i][j + 1])) {
      edits.push_back({'-', a[i++]});
    } else {
      edits.push_back({'+', b[j++]});
    }
  }
  return edits;
}

std::vector<std::string> scripts_of(const std::string& folder) {
  std::vector<std::string> names;
  DIR* const open = opendir(folder.c_str());
  if (open == nullptr) return names;
  while (const dirent* entry = readdir(open)) {
    const std::string name = static_cast<const char*>(entry->d_name);
    if (name.ends_with(".txt")) names.push_back(name.substr(0, name.size() - 4));
  }
  closedir(open);
  std::sort(names.begin(), names.end());
  return names;
}

// The narrative, or nothing after it was said why there is none.
std::optional<Played> play_file(const std::string& file, const std::string& name) {
  const auto text = read(file);
  if (!text) {
    std::printf("%s: cannot be read\n", file.c_str());
    return std::nullopt;
  }
  const auto script = parse_script(name, *text);
  if (!script) {
    std::printf("%s\n", script.error().message.c_str());
    return std::nullopt;
  }
  return play(*script);
}

bool tell_one(const std::string& folder, const std::string& name, bool write) {
  const auto played = play_file(folder + "/" + name + ".txt", name + ".txt");
  if (!played) return false;
  if (played->violation) {
    std::printf("%s: %s: %s\n%s", name.c_str(), played->violation->invariant.c_str(),
                played->violation->message.c_str(), played->narrative.c_str());
    return false;
  }
  const auto golden = folder + "/" + name + ".golden";
  if (write) {
    std::ofstream out(golden);
    out << played->narrative;
    return out.good();
  }
  const auto changed = difference(read(golden).value_or(""), played->narrative);
  if (changed.empty()) return true;
  std::printf("--- %s.golden\n+++ %s as it is now\n%s", name.c_str(), name.c_str(),
              changed.c_str());
  return false;
}

}  // namespace

std::string difference(const std::string& before, const std::string& after) {
  const auto edits = edits_of(lines_of(before), lines_of(after));
  std::string text;
  std::size_t shown = 0;  // up to here
  for (std::size_t i = 0; i < edits.size(); ++i) {
    if (edits[i].mark == ' ') continue;
    const auto from = std::max(shown, i < kAround ? 0 : i - kAround);
    if (from > shown) text += "  ...\n";
    std::size_t last = i;
    for (auto k = i; k < edits.size() && k <= last + 2 * kAround; ++k) {
      if (edits[k].mark != ' ') last = k;
    }
    const auto to = std::min(edits.size(), last + kAround + 1);
    for (auto k = from; k < to; ++k)
      text += std::string(1, edits[k].mark) + " " + edits[k].line + "\n";
    shown = to;
    i = last;
  }
  return text;
}

int tell_story(const std::string& file) {
  const auto slash = file.rfind('/');
  const auto played = play_file(file, slash == std::string::npos ? file : file.substr(slash + 1));
  if (!played) return 2;
  std::fputs(played->narrative.c_str(), stdout);
  if (!played->violation) return 0;
  std::printf("VIOLATED %s: %s\n", played->violation->invariant.c_str(),
              played->violation->message.c_str());
  return 1;
}

int tell_stories(const std::string& folder, bool write) {
  const auto names = scripts_of(folder);
  std::size_t bad = 0;
  for (const auto& name : names) bad += tell_one(folder, name, write) ? 0U : 1U;
  if (names.empty()) std::printf("no story in %s\n", folder.c_str());
  if (bad > 0) {
    std::printf("a change that is meant: ./dev golden writes the goldens anew; read them\n");
  }
  std::printf("%zu stories%s, %zu not as expected\n", names.size(), write ? " written" : "", bad);
  return bad == 0 && !names.empty() ? 0 : 1;
}

}  // namespace sim::story
