#include "adapter/local/environment.hpp"

#include <cstdint>

namespace adapter::local {

namespace {

constexpr std::size_t kValueBytesMax = 1000;
constexpr const char* kReplacement = "\xEF\xBF\xBD";  // U+FFFD

struct Decoded {
  std::uint32_t point = 0;
  std::size_t length = 0;  // 0: not UTF-8
};

Decoded decode(std::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  if (first < 0x80) return {first, 1};
  const std::size_t length = first >= 0xF0 && first < 0xF5   ? 4
                             : first >= 0xE0 && first < 0xF0 ? 3
                             : first >= 0xC2 && first < 0xE0 ? 2
                                                             : 0;
  if (length == 0 || text.size() < length) return {};
  std::uint32_t point = first & (0x7FU >> length);
  for (std::size_t at = 1; at < length; ++at) {
    const auto next = static_cast<unsigned char>(text[at]);
    if ((next & 0xC0U) != 0x80) return {};
    point = (point << 6U) | (next & 0x3FU);
  }
  const std::uint32_t least = length == 4 ? 0x10000 : length == 3 ? 0x800 : 0x80;
  if (point < least || point > 0x10FFFF || (point >= 0xD800 && point < 0xE000)) return {};
  return {point, length};
}

bool acts_on_a_terminal(std::uint32_t point) {
  return point < 0x20 || (point >= 0x7F && point < 0xA0) || point == 0x200E || point == 0x200F ||
         point == 0x2028 || point == 0x2029 || (point >= 0x202A && point <= 0x202E) ||
         (point >= 0x2066 && point <= 0x2069);
}

}  // namespace

std::string displayable(std::string_view text) {
  std::string clean;
  while (!text.empty() && clean.size() + 4 <= kValueBytesMax) {
    const auto [point, length] = decode(text);
    if (length == 0 || acts_on_a_terminal(point)) {
      clean += kReplacement;
    } else {
      clean += text.substr(0, length);
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return clean;
}

std::map<std::string, std::string> session_environment(const Template& image,
                                                       const port::LaunchSpec& spec) {
  std::map<std::string, std::string> values = image.environment;
  values["HOWDAH_DESKTOP"] = spec.desktop.text();
  values["HOWDAH_TITLE"] = displayable(spec.title);
  values["HOWDAH_ROLE"] = displayable(spec.role);
  values["HOWDAH_PERSON"] = displayable(spec.person);
  values["HOWDAH_CALL_URL"] = displayable(spec.call_url);
  values["DISPLAY"] = ":1";
  values["HOME"] = "/home/user";
  values["USER"] = "user";
  values["LOGNAME"] = "user";
  values["SHELL"] = "/bin/bash";
  values["XDG_RUNTIME_DIR"] = "/run/user";
  values.try_emplace("PATH", "/usr/local/bin:/usr/bin:/bin");
  values.try_emplace("LANG", "C.UTF-8");
  return values;
}

}  // namespace adapter::local
