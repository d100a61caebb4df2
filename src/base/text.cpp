#include "base/text.hpp"

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <optional>
#include <string>

namespace base {
namespace {

constexpr std::size_t kUrlBytesMax = 2000;
constexpr std::size_t kEmailBytesMax = 254;

// The code point at the front, which is dropped; nothing when it is not valid UTF-8.
std::optional<std::uint32_t> take_code_point(std::string_view& text) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = at(0);
  const std::size_t size = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  if ((first >= 0x80 && first < 0xC2) || first > 0xF4 || text.size() < size) return std::nullopt;
  std::uint32_t point = size == 1 ? first : first & (0xFFU >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) {
    if ((at(i) & 0xC0U) != 0x80U) return std::nullopt;
    point = (point << 6U) | (at(i) & 0x3FU);
  }
  const bool too_long = (size == 3 && point < 0x800) || (size == 4 && point < 0x10000);
  const bool surrogate = point >= 0xD800 && point <= 0xDFFF;
  if (too_long || surrogate || point > 0x10FFFF) return std::nullopt;
  text.remove_prefix(size);
  return point;
}

bool is_refused(std::uint32_t point) {
  const bool control = point < 0x20 || (point >= 0x7F && point <= 0x9F);
  const bool line = point == 0x2028 || point == 0x2029;
  const bool bidi = (point >= 0x202A && point <= 0x202E) || (point >= 0x2066 && point <= 0x2069) ||
                    point == 0x200E || point == 0x200F || point == 0x061C;
  return control || line || bidi || point == 0xFEFF;
}

bool is_plain(char c) {
  return c > 0x20 && c < 0x7F;
}

}  // namespace

Result<std::size_t> utf8_length(std::string_view text, std::string_view field) {
  std::size_t count = 0;
  while (!text.empty()) {
    if (!take_code_point(text)) {
      return fail(ErrorKind::invalid, "this is not valid UTF-8", std::string(field));
    }
    ++count;
  }
  return count;
}

Result<> check_name(std::string_view text, std::size_t characters_max, std::string_view field) {
  const auto name = std::string(field);
  if (text.empty()) return fail(ErrorKind::invalid, "must not be empty", name);
  if (text.front() == ' ' || text.back() == ' ') {
    return fail(ErrorKind::invalid, "must not begin or end with a blank", name);
  }
  if (TRY(utf8_length(text, field)) > characters_max) {
    return fail(ErrorKind::invalid,
                "must have at most " + std::to_string(characters_max) + " characters", name);
  }
  while (!text.empty()) {
    if (is_refused(*take_code_point(text))) {
      return fail(ErrorKind::invalid, "must not hold control or direction characters", name);
    }
  }
  return {};
}

Result<> check_email(std::string_view text, std::string_view field) {
  const auto refuse = [&] {
    return fail(ErrorKind::invalid, "must be an e-mail address like ada@example.org",
                std::string(field));
  };
  if (text.size() > kEmailBytesMax || !std::all_of(text.begin(), text.end(), is_plain)) {
    return refuse();
  }
  const auto at = text.find('@');
  if (at == 0 || at == std::string_view::npos || at > 64) return refuse();
  if (text.find_first_of("\"(),:;<>[\\]") != std::string_view::npos) return refuse();
  auto domain = text.substr(at + 1);
  if (domain.find('@') != std::string_view::npos || domain.find('.') == std::string_view::npos) {
    return refuse();
  }
  while (!domain.empty()) {
    const auto label = domain.substr(0, domain.find('.'));
    const auto good = [](char c) {
      return std::isalnum(static_cast<unsigned char>(c)) || c == '-';
    };
    if (label.empty() || label.size() > 63 || !std::all_of(label.begin(), label.end(), good)) {
      return refuse();
    }
    domain.remove_prefix(label.size());
    if (domain == ".") return refuse();
    if (!domain.empty()) domain.remove_prefix(1);
  }
  return {};
}

Result<> check_https_url(std::string_view text, std::string_view field) {
  const auto refuse = [&](const char* why) {
    return fail(ErrorKind::invalid, why, std::string(field));
  };
  constexpr std::string_view kScheme = "https://";
  if (text.substr(0, kScheme.size()) != kScheme) return refuse("must be an https:// address");
  if (text.size() > kUrlBytesMax) return refuse("must have at most 2000 bytes");
  const auto rest = text.substr(kScheme.size());
  if (!std::all_of(rest.begin(), rest.end(), is_plain) ||
      rest.find_first_of("\"<>\\^`{|}") != std::string_view::npos) {
    return refuse("must hold only characters that are allowed in a URL");
  }
  const auto host = rest.substr(0, rest.find_first_of("/?#"));
  if (host.empty() || host.find('@') != std::string_view::npos) {
    return refuse("must name a host and no user");
  }
  const auto good = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '.' || c == ':' ||
           c == '[' || c == ']';
  };
  if (!std::all_of(host.begin(), host.end(), good)) return refuse("must name a valid host");
  return {};
}

}  // namespace base
