// The reading half of tidy: the tree, the allow list, and C++ without comments and literals.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tidy/rules.hpp"

namespace tidy {
namespace {

namespace fs = std::filesystem;

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

bool holds_for(const fs::path& path) {
  static const std::set<std::string> extensions{".cpp",  ".hpp", ".mjs",  ".js",  ".sh",   ".css",
                                                ".html", ".md",  ".toml", ".txt", ".json", ".ts"};
  return path.filename() == "dev" || path.filename() == "run" ||
         extensions.contains(path.extension().string());
}

bool is_left_out(const fs::path& path) {
  static const std::set<std::string> names{"build", "node_modules", ".git", "package-lock.json",
                                           "corpus"};
  return names.contains(path.filename().string());
}

// The end of a raw string literal whose opening quote is at `at`, or npos.
std::size_t raw_end(std::string_view text, std::size_t at) {
  const auto open = text.find('(', at);
  if (open == std::string_view::npos) return open;
  const auto close = ")" + std::string(text.substr(at + 1, open - at - 1)) + "\"";
  const auto end = text.find(close, open);
  return end == std::string_view::npos ? end : end + close.size();
}

// The end of an ordinary literal whose opening quote is at `at`.
std::size_t literal_end(std::string_view text, std::size_t at) {
  const char quote = text[at];
  std::size_t i = at + 1;
  while (i < text.size() && text[i] != quote && text[i] != '\n') i += text[i] == '\\' ? 2 : 1;
  return std::min(text.size(), i + 1);
}

bool is_digit_separator(std::string_view text, std::size_t at) {
  return text[at] == '\'' && at > 0 && std::isalnum(static_cast<unsigned char>(text[at - 1])) != 0;
}

}  // namespace

std::string code_only(std::string_view text) {
  std::string code(text);
  const auto blank = [&code](std::size_t from, std::size_t to) {
    for (std::size_t i = from; i < std::min(to, code.size()); ++i) {
      if (code[i] != '\n') code[i] = ' ';
    }
  };
  for (std::size_t i = 0; i < text.size();) {
    std::size_t end = i + 1;
    if (text.substr(i, 2) == "//") {
      end = std::min(text.size(), text.find('\n', i));
      blank(i, end);
    } else if (text.substr(i, 2) == "/*") {
      end = text.find("*/", i + 2);
      end = end == std::string_view::npos ? text.size() : end + 2;
      blank(i, end);
    } else if (text.substr(i, 2) == "R\"" && raw_end(text, i + 1) != std::string_view::npos) {
      end = raw_end(text, i + 1);
      blank(i + 2, end - 1);
    } else if (text[i] == '"' || (text[i] == '\'' && !is_digit_separator(text, i))) {
      end = literal_end(text, i);
      blank(i + 1, end - 1);
    }
    i = end;
  }
  return code;
}

std::vector<Allowed> parse_allowed(std::string_view text) {
  std::vector<Allowed> allowed;
  std::istringstream in{std::string(text)};
  std::size_t number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    if (line.empty() || line[0] == '#') continue;
    std::istringstream words(line);
    Allowed entry;
    entry.line = number;
    words >> entry.path >> entry.rule >> std::ws;
    std::getline(words, entry.reason);
    allowed.push_back(entry);
  }
  return allowed;
}

Findings without_allowed(const Findings& findings, const std::vector<Allowed>& allowed) {
  Findings left;
  for (const auto& finding : findings) {
    bool ok = false;
    for (const auto& entry : allowed) {
      const bool folder = entry.path.ends_with('/') && finding.path.starts_with(entry.path);
      if ((folder || entry.path == finding.path) && entry.rule == finding.rule) {
        entry.used = true;
        ok = true;
      }
    }
    if (!ok) left.push_back(finding);
  }
  return left;
}

std::vector<File> read_tree(const std::string& root) {
  std::vector<File> files;
  fs::recursive_directory_iterator it(root);
  for (; it != fs::recursive_directory_iterator(); ++it) {
    if (is_left_out(it->path())) {
      it.disable_recursion_pending();
    } else if (it->is_regular_file() && holds_for(it->path())) {
      files.push_back({fs::relative(it->path(), root).generic_string(), read_file(it->path())});
    }
  }
  std::sort(files.begin(), files.end(),
            [](const File& left, const File& right) { return left.path < right.path; });
  return files;
}

}  // namespace tidy
