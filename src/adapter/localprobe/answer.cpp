#include "adapter/localprobe/answer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <limits>

namespace adapter::localprobe {
namespace {

using base::ErrorKind;
using base::fail;
using base::Result;

constexpr std::string_view kHeadEnd = "\r\n\r\n";

auto strange(const char* why) {
  return fail(ErrorKind::unavailable, why);
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                            [&](char x, char y) { return lower(x) == lower(y); });
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

struct Head {
  int status = 0;
  std::size_t body_at = 0;
  std::size_t body_size = 0;
};

// "HTTP/1.1 200 ..."
std::optional<int> parse_status(std::string_view line) {
  if (line.size() < 12 || line.substr(0, 9) != "HTTP/1.1 " ||
      (line.size() > 12 && line[12] != ' ')) {
    return std::nullopt;
  }
  int status = 0;
  const auto [end, error] = std::from_chars(line.data() + 9, line.data() + 12, status);
  if (error != std::errc{} || end != line.data() + 12 || status < 100) return std::nullopt;
  return status;
}

Result<std::size_t> parse_size(std::string_view value) {
  std::size_t size = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), size);
  if (error != std::errc{} || end != value.data() + value.size() || size > kAnswerMax) {
    return strange("it answers with a body that is too long");
  }
  return size;
}

Result<std::optional<Head>> parse_head(std::string_view received) {
  const auto head_end = received.find(kHeadEnd);
  if (head_end == std::string_view::npos) {
    if (received.size() >= kAnswerMax) return strange("it answers with a head that is too long");
    return std::optional<Head>();
  }
  auto lines = received.substr(0, head_end + 2);
  std::optional<std::size_t> size;
  const auto take_line = [&lines] {
    const auto end = lines.find("\r\n");
    const auto line = lines.substr(0, end);
    lines.remove_prefix(end + 2);
    return line;
  };
  const auto status = parse_status(take_line());
  if (!status) return strange("it answers something else than HTTP/1.1");
  while (!lines.empty()) {
    const auto line = take_line();
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) return strange("it answers with a malformed head");
    const auto name = line.substr(0, colon);
    if (equal_ignoring_case(name, "transfer-encoding")) {
      return strange("it answers without a length");
    }
    if (!equal_ignoring_case(name, "content-length")) continue;
    if (size) return strange("it answers with two lengths");
    size = TRY(parse_size(trim(line.substr(colon + 1))));
  }
  if (!size) return strange("it answers without a length");
  const auto body_at = head_end + kHeadEnd.size();
  if (body_at + *size > kAnswerMax) return strange("it answers with a body that is too long");
  return std::optional<Head>(Head{*status, body_at, *size});
}

std::optional<std::uint32_t> to_number(const boost::json::value& value) {
  if (!value.is_int64() || value.get_int64() < 0 ||
      value.get_int64() > std::numeric_limits<std::uint32_t>::max()) {
    return std::nullopt;
  }
  return static_cast<std::uint32_t>(value.get_int64());
}

Result<Answer> parse_body(std::string_view body) {
  boost::json::error_code error;
  boost::json::parse_options options;
  options.max_depth = 4;
  const auto document =
      boost::json::parse({body.data(), body.size()}, error, boost::json::storage_ptr(), options);
  if (error || !document.is_object()) return strange("it answers something else than JSON");
  const auto& object = document.get_object();
  const auto* desktop = object.if_contains("desktop");
  const auto* attempt = object.if_contains("attempt");
  const auto* screen = object.if_contains("screen");
  const auto* connections = object.if_contains("connections");
  if (desktop == nullptr || !desktop->is_string() || attempt == nullptr || !to_number(*attempt) ||
      screen == nullptr || !screen->is_bool()) {
    return strange("it does not say which desktop it is");
  }
  Answer answer;
  answer.desktop = desktop->get_string();
  answer.attempt = *to_number(*attempt);
  answer.screen = screen->get_bool();
  if (connections != nullptr) answer.connections = to_number(*connections);
  return answer;
}

}  // namespace

Result<std::optional<std::size_t>> response_size(std::string_view received) {
  const auto head = TRY(parse_head(received));
  if (!head) return std::optional<std::size_t>();
  return std::optional<std::size_t>(head->body_at + head->body_size);
}

Result<Answer> parse_response(std::string_view response) {
  const auto head = TRY(parse_head(response));
  if (!head || response.size() < head->body_at + head->body_size) {
    return strange("it hung up in the middle of its answer");
  }
  if (head->status != 200) {
    return fail(ErrorKind::unavailable, fmt::format("it answers with status {}", head->status));
  }
  return parse_body(response.substr(head->body_at, head->body_size));
}

}  // namespace adapter::localprobe
