#pragma once
// The rules that no compiler checks: which folder may include which, what is banned and what
// replaces it, how long things may be. Each check is a pure function from a file's text to
// findings; the test runs them over the tree, and over small bad examples to show that they see.

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace tidy {

struct File {
  std::string path;  // from the root of the repository, with '/'
  std::string text;
};

struct Finding {
  std::string path;
  std::size_t line = 0;
  std::string rule;
  std::string what;
};

using Findings = std::vector<Finding>;

// Includes that go against the arrows of DESIGN section 5, and libraries outside their one place.
Findings check_layers(const File& file);
// Calls that have a better replacement (STYLE 2.6), outside the folders that may use them.
Findings check_bans(const File& file);
// Lines, functions, files and main.
Findings check_sizes(const File& file);
// Notes that must not stay, paths of somebody's machine, headers without a word of what they are.
Findings check_text(const File& file);
// Every `./dev ...` in the README is a command of the script `dev`.
Findings check_readme(const File& readme, const File& dev);

// The text with comments, string and character literals blanked out, lines kept.
std::string code_only(std::string_view text);

// Lines of the allow list: "path rule reason", '#' begins a comment. A path that ends in '/' allows
// its whole folder.
struct Allowed {
  std::string path;
  std::string rule;
  std::string reason;
  std::size_t line = 0;
  mutable bool used = false;
};
std::vector<Allowed> parse_allowed(std::string_view text);
// Findings that the list does not allow; entries that allowed something are marked as used.
Findings without_allowed(const Findings& findings, const std::vector<Allowed>& allowed);

// All files that the rules hold for, below `root`.
std::vector<File> read_tree(const std::string& root);

}  // namespace tidy
