#include "trace.hpp"

#include <array>

namespace sim {

void Trace::line(base::Duration since_start, std::string_view actor, std::string_view verb,
                 std::string_view subject, std::string_view detail) {
  hash_ = (hash_ ^ static_cast<std::uint64_t>(since_start.count())) * 1099511628211ULL;
  mix(actor);
  mix(verb);
  mix(subject);
  mix(detail);
  if (mode_ == Mode::hash) return;
  const auto ms = since_start.count();
  std::array<char, 32> at{};
  std::snprintf(at.data(), at.size(), "%02lld:%02lld:%02lld.%03lld ",
                static_cast<long long>(ms / 3'600'000), static_cast<long long>(ms / 60'000 % 60),
                static_cast<long long>(ms / 1000 % 60), static_cast<long long>(ms % 1000));
  std::string line = at.data();
  for (const auto part : {actor, verb, subject, detail}) {
    if (part.empty()) continue;
    line += part;
    line += ' ';
  }
  line.back() = '\n';
  if (mode_ == Mode::print) {
    std::fwrite(line.data(), 1, line.size(), stdout);
  } else {
    text_ += line;
  }
}

}  // namespace sim
