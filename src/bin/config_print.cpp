// The configuration as text: what config/example.toml holds, and what `howdah config check` shows.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "bin/config_fields.hpp"

namespace bin {
namespace {

class Printer final : public FieldVisitor {
 public:
  explicit Printer(Comments comments) : comments_(comments) {}

  void section(std::string_view name, std::string_view about) override {
    if (!out_.empty()) out_ += "\n";
    comment(about);
    out_ += fmt::format("[{}]\n", name);
  }
  std::size_t sections(std::string_view name, std::size_t count, std::string_view about) override {
    list_name_ = std::string(name);
    list_about_ = std::string(about);
    return count;
  }
  void next_section(std::size_t index) override {
    out_ += "\n";
    if (index == 0) comment(list_about_);
    out_ += fmt::format("[[{}]]\n", list_name_);
  }
  void duration(std::string_view key, base::Duration& value, base::Duration /*min*/,
                base::Duration /*max*/, std::string_view about) override {
    line(key, quoted(base::to_text(value)), about);
  }
  void integer(std::string_view key, std::uint64_t& value, std::uint64_t /*min*/,
               std::uint64_t /*max*/, std::string_view about) override {
    line(key, fmt::format("{}", value), about);
  }
  void real(std::string_view key, double& value, double /*max*/, std::string_view about) override {
    line(key, fmt::format("{}", value), about);
  }
  void size(std::string_view key, std::uint64_t& value, std::uint64_t /*min*/,
            std::uint64_t /*max*/, std::string_view about) override {
    line(key, quoted(size_text(value)), about);
  }
  void flag(std::string_view key, bool& value, std::string_view about) override {
    line(key, value ? "true" : "false", about);
  }
  void text(std::string_view key, std::string& value, std::string_view about) override {
    line(key, quoted(value), about);
  }
  void choice(std::string_view key, std::string& value, const std::vector<std::string>& allowed,
              std::string_view about) override {
    line(key, quoted(value), fmt::format("{}; {}", fmt::join(allowed, " | "), about));
  }
  void texts(std::string_view key, std::vector<std::string>& value,
             std::string_view about) override {
    std::vector<std::string> all;
    for (const auto& each : value) all.push_back(quoted(each));
    line(key, fmt::format("[{}]", fmt::join(all, ", ")), about);
  }
  void pairs(std::string_view key, std::map<std::string, std::string>& value,
             std::string_view about) override {
    std::vector<std::string> all;
    for (const auto& [name, each] : value) {
      all.push_back(fmt::format("{} = {}", quoted(name), quoted(each)));
    }
    line(key, fmt::format("{{{}}}", fmt::join(all, ", ")), about);
  }

  std::string take() { return std::move(out_); }

 private:
  static std::string quoted(std::string_view text) { return base::json_quote(text); }
  void comment(std::string_view about) {
    if (comments_ == Comments::yes) out_ += fmt::format("# {}\n", about);
  }
  void line(std::string_view key, const std::string& value, std::string_view about) {
    const auto setting = fmt::format("{} = {}", key, value);
    if (comments_ == Comments::yes) {
      out_ += fmt::format("{:<38} # {}\n", setting, about);
    } else {
      out_ += setting + "\n";
    }
  }

  Comments comments_;
  std::string list_name_;
  std::string list_about_;
  std::string out_;
};

}  // namespace

std::string print_config(const Config& config, Comments comments) {
  Config copy = config;  // visitors may change what they visit; this one does not
  Printer printer(comments);
  describe(printer, copy);
  return printer.take();
}

}  // namespace bin
