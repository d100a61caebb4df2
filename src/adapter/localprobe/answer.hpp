#pragma once
// What a desktop's name answers to a probe, read from the bytes of an HTTP/1.1 response. Everything
// in it is untrusted: only a small, plain, complete answer in exactly our form says anything. Pure.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace adapter::localprobe {

constexpr std::size_t kAnswerMax = 16 * 1024;  // head and body together

struct Answer {
  std::string desktop;
  std::uint32_t attempt = 0;
  bool screen = false;
  std::optional<std::uint32_t> connections;  // nothing: it does not know
  bool operator==(const Answer&) const = default;
};

// How many bytes the whole response has, once its head is there and says so; nothing: not yet
// known. An error: it can't become an answer, reading on is no use.
base::Result<std::optional<std::size_t>> response_size(std::string_view received);

// The answer of a whole response; an error's message says what is wrong with it.
base::Result<Answer> parse_response(std::string_view response);

}  // namespace adapter::localprobe
