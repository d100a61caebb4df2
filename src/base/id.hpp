#pragma once
// Id<Tag>: an identifier that was parsed, one type per kind, so that a meeting id can never be
// passed where an instance id is meant. The text is 1 to 63 of [a-z0-9-], not at an end a dash:
// every id can be a DNS label and needs no escaping in a path, a header or a log.

#include <compare>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace base {

bool is_label(std::string_view text);

template <class Tag>
class Id {
 public:
  static Result<Id> parse(std::string_view text) {
    if (!is_label(text)) return fail(ErrorKind::invalid, "this is not an id");
    return Id(std::string(text));
  }
  const std::string& text() const { return text_; }
  auto operator<=>(const Id&) const = default;

 private:
  explicit Id(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

}  // namespace base
