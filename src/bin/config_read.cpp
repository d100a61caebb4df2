// The one file that knows TOML: a visitor that fills Config from a table, and remembers the line of
// each key and which keys nobody asked for.
#define TOML_EXCEPTIONS 0
#define TOML_HEADER_ONLY 1
// toml++ 3.3 enters parse_key() with what begins no key ("[[[") and asserts that it does; a release
// build would even assume it, which is undefined. Without the assertion it answers an error.
#define TOML_ASSERT(condition) static_assert(true)
#pragma push_macro("NDEBUG")
#undef NDEBUG
#include <toml++/toml.h>
#pragma pop_macro("NDEBUG")

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "bin/config_fields.hpp"

namespace bin {
namespace {

using base::ErrorKind;
using base::fail;

constexpr std::size_t kTextMax = 4096;
constexpr std::size_t kFileMax = 1024 * 1024;

class Reader final : public FieldVisitor {
 public:
  Reader(const toml::table& root, const std::string& name) : root_(root), name_(name) {}

  void section(std::string_view name, std::string_view /*about*/) override {
    leave();
    prefix_ = std::string(name);
    known_top_.insert(prefix_);
    enter(root_.get(name), "a section");
  }
  std::size_t sections(std::string_view name, std::size_t count,
                       std::string_view /*about*/) override {
    leave();
    list_name_ = std::string(name);
    known_top_.insert(list_name_);
    const auto* node = root_.get(name);
    if (node == nullptr) return count;
    list_ = node->as_array();
    if (list_ == nullptr) problem(node, list_name_, fmt::format("[[{}]] is expected", name));
    lines_[list_name_] = line_of(node);
    return list_ == nullptr ? count : list_->size();
  }
  void next_section(std::size_t index) override {
    leave();
    prefix_ = fmt::format("{}[{}]", list_name_, index);
    enter(list_ == nullptr ? nullptr : list_->get(index), "[[...]]");
  }

  void duration(std::string_view key, base::Duration& value, base::Duration min, base::Duration max,
                std::string_view /*about*/) override {
    const auto* node = find(key);
    if (node == nullptr) return;
    const auto* text = node->as_string();
    const auto parsed = base::parse_duration(text == nullptr ? "" : text->get());
    if (!parsed || *parsed < min || *parsed > max) {
      return problem(node, path(key),
                     fmt::format("a duration from {} to {} is expected, like \"90s\" or \"10m\"",
                                 base::to_text(min), base::to_text(max)));
    }
    value = *parsed;
  }
  void integer(std::string_view key, std::uint64_t& value, std::uint64_t min, std::uint64_t max,
               std::string_view /*about*/) override {
    const auto* node = find(key);
    if (node == nullptr) return;
    const auto* number = node->as_integer();
    if (number == nullptr || number->get() < 0 || static_cast<std::uint64_t>(number->get()) < min ||
        static_cast<std::uint64_t>(number->get()) > max) {
      return problem(node, path(key), fmt::format("a number from {} to {} is expected", min, max));
    }
    value = static_cast<std::uint64_t>(number->get());
  }
  void real(std::string_view key, double& value, double max, std::string_view /*about*/) override {
    const auto* node = find(key);
    if (node == nullptr) return;
    const auto number = node->value<double>();
    if (!node->is_number() || !number || !(*number >= 0) || !(*number <= max)) {
      return problem(node, path(key), fmt::format("a number from 0 to {} is expected", max));
    }
    value = *number;
  }
  void size(std::string_view key, std::uint64_t& value, std::uint64_t min, std::uint64_t max,
            std::string_view /*about*/) override {
    const auto* node = find(key);
    if (node == nullptr) return;
    const auto* text = node->as_string();
    const auto parsed = parse_size(text == nullptr ? "" : text->get());
    if (!parsed || *parsed < min || *parsed > max) {
      return problem(node, path(key),
                     fmt::format("a size from {} to {} is expected, like \"512MiB\"",
                                 size_text(min), size_text(max)));
    }
    value = *parsed;
  }
  void flag(std::string_view key, bool& value, std::string_view /*about*/) override {
    const auto* node = find(key);
    if (node == nullptr) return;
    if (const auto* flag = node->as_boolean()) {
      value = flag->get();
    } else {
      problem(node, path(key), "true or false is expected");
    }
  }
  void text(std::string_view key, std::string& value, std::string_view /*about*/) override {
    const auto* node = find(key);
    if (node != nullptr) take_text(*node, path(key), value);
  }
  void choice(std::string_view key, std::string& value, const std::vector<std::string>& allowed,
              std::string_view /*about*/) override {
    const auto* node = find(key);
    if (node == nullptr) return;
    const auto* text = node->as_string();
    if (text == nullptr ||
        std::find(allowed.begin(), allowed.end(), text->get()) == allowed.end()) {
      return problem(node, path(key),
                     fmt::format("one of \"{}\" is expected", fmt::join(allowed, "\", \"")));
    }
    value = text->get();
  }
  void texts(std::string_view key, std::vector<std::string>& value,
             std::string_view /*about*/) override {
    const auto* node = find(key);
    if (node == nullptr) return;
    const auto* array = node->as_array();
    if (array == nullptr) return problem(node, path(key), "a list of texts is expected");
    value.clear();
    for (const auto& each : *array) take_text(each, path(key), value.emplace_back());
  }
  void pairs(std::string_view key, std::map<std::string, std::string>& value,
             std::string_view /*about*/) override {
    const auto* node = find(key);
    if (node == nullptr) return;
    const auto* table = node->as_table();
    if (table == nullptr) return problem(node, path(key), "{ NAME = \"value\" } is expected");
    value.clear();
    for (const auto& [name, each] : *table) {
      take_text(each, path(key), value[std::string(name.str())]);
    }
  }

  // All problems, in the order of their lines.
  std::vector<std::string> finish(const Config& config) {
    leave();
    for (const auto& [key, node] : root_) {
      if (!known_top_.contains(std::string(key.str()))) {
        problem_at(key.source().begin.line, std::string(key.str()),
                   fmt::format("unknown; allowed are {}", fmt::join(known_top_, ", ")));
      }
    }
    if (problems_.empty()) {
      for (const auto& each : check_together(config)) {
        const auto line = lines_.find(each.key);
        problem_at(line == lines_.end() ? 1 : line->second, each.key, each.what);
      }
    }
    std::vector<std::string> lines;
    for (const auto& [line, what] : problems_) lines.push_back(what);
    return lines;
  }

 private:
  static std::uint32_t line_of(const toml::node* node) { return node->source().begin.line; }
  std::string path(std::string_view key) const { return fmt::format("{}.{}", prefix_, key); }

  void enter(const toml::node* node, std::string_view expected) {
    table_ = node == nullptr ? nullptr : node->as_table();
    if (node != nullptr && table_ == nullptr) {
      problem(node, prefix_, fmt::format("{} is expected", expected));
    }
    known_.clear();
  }
  // Keys of the section that nobody asked for.
  void leave() {
    if (table_ != nullptr) {
      for (const auto& [key, node] : *table_) {
        if (known_.contains(std::string(key.str()))) continue;
        problem_at(key.source().begin.line, path(key.str()),
                   fmt::format("unknown; allowed are {}", fmt::join(known_, ", ")));
      }
    }
    table_ = nullptr;
  }
  const toml::node* find(std::string_view key) {
    known_.insert(std::string(key));
    const auto* node = table_ == nullptr ? nullptr : table_->get(key);
    if (node != nullptr) lines_[path(key)] = line_of(node);
    return node;
  }
  void take_text(const toml::node& node, const std::string& key, std::string& value) {
    const auto* text = node.as_string();
    if (text == nullptr || text->get().size() > kTextMax ||
        text->get().find('\0') != std::string::npos) {
      return problem(&node, key, "a text in quotes is expected, of at most 4096 bytes");
    }
    value = text->get();
  }
  void problem(const toml::node* node, const std::string& key, const std::string& what) {
    problem_at(line_of(node), key, what);
  }
  void problem_at(std::uint32_t line, const std::string& key, const std::string& what) {
    problems_.emplace(line, fmt::format("{}:{}: {}: {}", name_, line, key, what));
  }

  const toml::table& root_;
  const std::string name_;
  const toml::table* table_ = nullptr;
  const toml::array* list_ = nullptr;
  std::string list_name_;
  std::string prefix_;
  std::set<std::string> known_;
  std::set<std::string> known_top_;
  std::map<std::string, std::uint32_t> lines_;
  std::multimap<std::uint32_t, std::string> problems_;
};

}  // namespace

base::Result<Config> parse_config(std::string_view text, const std::string& name) {
  if (text.size() > kFileMax) return fail(ErrorKind::invalid, name + ": longer than 1 MiB");
  const auto parsed = toml::parse(text, name);
  if (!parsed) {
    return fail(ErrorKind::invalid,
                fmt::format("{}:{}: {}", name, parsed.error().source().begin.line,
                            parsed.error().description()));
  }
  Config config;
  Reader reader(parsed.table(), name);
  describe(reader, config);
  const auto problems = reader.finish(config);
  if (!problems.empty()) {
    return fail(ErrorKind::invalid, fmt::format("{}", fmt::join(problems, "\n")));
  }
  config.meeting.policy.places = static_cast<std::uint32_t>(config.images.size());
  config.loop.sweep_period = config.sweep.period;
  config.loop.retention = config.meeting.policy.retention;
  return config;
}

base::Result<Config> read_config(const std::string& path) {
  if (path.empty()) return parse_config("", "defaults");
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  if (!in || std::filesystem::is_directory(path)) {
    return fail(ErrorKind::not_found, fmt::format("{}: cannot be read", path));
  }
  return parse_config(text.str(), path);
}

}  // namespace bin
