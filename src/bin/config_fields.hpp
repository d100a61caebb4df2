#pragma once
// The fields of the configuration, told once: name, bounds and meaning of each. Reading, printing
// and the example file are visitors of the same description, so they cannot disagree.

#include <concepts>
#include <cstdint>
#include <limits>

#include "bin/config.hpp"

namespace bin {

class FieldVisitor {
 public:
  virtual ~FieldVisitor() = default;
  virtual void section(std::string_view name, std::string_view about) = 0;
  // A list of sections of one name: answers how many there are to visit.
  virtual std::size_t sections(std::string_view name, std::size_t count,
                               std::string_view about) = 0;
  virtual void next_section(std::size_t index) = 0;

  virtual void duration(std::string_view key, base::Duration& value, base::Duration min,
                        base::Duration max, std::string_view about) = 0;
  virtual void integer(std::string_view key, std::uint64_t& value, std::uint64_t min,
                       std::uint64_t max, std::string_view about) = 0;
  virtual void real(std::string_view key, double& value, double max, std::string_view about) = 0;
  virtual void size(std::string_view key, std::uint64_t& value, std::uint64_t min,
                    std::uint64_t max, std::string_view about) = 0;
  virtual void flag(std::string_view key, bool& value, std::string_view about) = 0;
  virtual void text(std::string_view key, std::string& value, std::string_view about) = 0;
  virtual void choice(std::string_view key, std::string& value,
                      const std::vector<std::string>& allowed, std::string_view about) = 0;
  virtual void texts(std::string_view key, std::vector<std::string>& value,
                     std::string_view about) = 0;
  virtual void pairs(std::string_view key, std::map<std::string, std::string>& value,
                     std::string_view about) = 0;

  template <std::unsigned_integral T>
  void number(std::string_view key, T& value, std::uint64_t min, std::uint64_t max,
              std::string_view about) {
    std::uint64_t wide = value;
    integer(key, wide, min, max, about);
    value = static_cast<T>(wide);
  }
  template <std::unsigned_integral T>
  void bytes(std::string_view key, T& value, std::uint64_t min, std::uint64_t max,
             std::string_view about) {
    std::uint64_t wide = value;
    size(key, wide, min, max, about);
    value = static_cast<T>(wide);
  }
};

void describe(FieldVisitor& visitor, Config& config);

// What single values can't show: problems of values with each other, by key ("server.listen").
struct Problem {
  std::string key;
  std::string what;
};
std::vector<Problem> check_together(const Config& config);

// "512MiB", "64KiB", "100": how sizes are written.
std::string size_text(std::uint64_t bytes);
base::Result<std::uint64_t> parse_size(std::string_view text);

}  // namespace bin
