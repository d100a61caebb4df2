#include "adapter/localhost/record_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace adapter::localhost {
namespace {

// The value of the line "<key> <value>\n" at the front of `text`, which is dropped.
std::optional<std::string_view> take_line(std::string_view& text, std::string_view key) {
  const auto end = text.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  const auto line = text.substr(0, end);
  if (line.size() <= key.size() + 1 || line.substr(0, key.size()) != key ||
      line[key.size()] != ' ') {
    return std::nullopt;
  }
  text.remove_prefix(end + 1);
  return line.substr(key.size() + 1);
}

std::optional<std::uint32_t> to_number(std::optional<std::string_view> text) {
  if (!text) return std::nullopt;
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
  if (error != std::errc{} || end != text->data() + text->size()) return std::nullopt;
  return number;
}

}  // namespace

bool is_plain(std::string_view value) {
  return !value.empty() && value.size() <= 253 &&
         std::all_of(value.begin(), value.end(), [](char c) { return c > ' ' && c <= '~'; });
}

std::string to_text(const domain::Record& record) {
  return fmt::format(
      "howdah-record 1\nname {}\naddress {}\nstore {}\nseat {}\nattempt {}\ngeneration {}\n",
      record.name, record.address, record.owner.store, record.owner.seat.text(),
      record.owner.attempt, record.generation);
}

std::optional<domain::Record> parse_record(std::string_view text) {
  auto rest = text;
  if (take_line(rest, "howdah-record") != "1") return std::nullopt;
  const auto name = take_line(rest, "name");
  const auto address = take_line(rest, "address");
  const auto store = take_line(rest, "store");
  const auto seat_text = take_line(rest, "seat");
  const auto attempt = to_number(take_line(rest, "attempt"));
  const auto generation = to_number(take_line(rest, "generation"));
  if (!name || !address || !store || !seat_text || !attempt || !generation) return std::nullopt;
  const auto seat = domain::SeatId::parse(*seat_text);
  if (!seat || !is_plain(*name) || !is_plain(*address) || !is_plain(*store)) return std::nullopt;
  domain::Record record{std::string(*name),
                        std::string(*address),
                        {std::string(*store), *seat, *attempt},
                        *generation};
  if (to_text(record) != text) return std::nullopt;
  return record;
}

}  // namespace adapter::localhost
