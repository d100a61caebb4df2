#include "base/log.hpp"

#include <fmt/format.h>

#include <mutex>

namespace base {
namespace {

struct Sink {
  std::mutex mutex;
  LogLevel lowest = LogLevel::info;
  std::function<std::string()> now;
  std::function<void(std::string_view)> write;
};

Sink& sink() {
  static Sink the_sink;
  return the_sink;
}

std::string_view name_of(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return "debug";
    case LogLevel::info:
      return "info";
    case LogLevel::warn:
      return "warn";
    case LogLevel::error:
      return "error";
  }
  return "error";
}

void write_line(LogLevel level, std::string_view message, std::initializer_list<Field> fields,
                std::string_view extra) {
  auto& out = sink();
  const std::lock_guard lock(out.mutex);
  if (!out.write || level < out.lowest) return;
  std::string line =
      fmt::format(R"({{"at":{},"level":"{}","message":{})", json_quote(out.now ? out.now() : ""),
                  name_of(level), json_quote(message));
  for (const auto& field : fields)
    line += fmt::format(",{}:{}", json_quote(field.key), field.value);
  line += extra;
  line += '}';
  out.write(line);
}

}  // namespace

Field::Field(std::string_view name, std::string_view text) : key(name), value(json_quote(text)) {}
Field::Field(std::string_view name, bool flag) : key(name), value(flag ? "true" : "false") {}

void set_log(LogLevel lowest, std::function<std::string()> now,
             std::function<void(std::string_view)> write) {
  auto& out = sink();
  const std::lock_guard lock(out.mutex);
  out.lowest = lowest;
  out.now = std::move(now);
  out.write = std::move(write);
}

void log(LogLevel level, std::string_view message, std::initializer_list<Field> fields) {
  write_line(level, message, fields, "");
}

void log_error(LogLevel level, std::string_view message, const Error& error,
               std::initializer_list<Field> fields) {
  std::string extra =
      fmt::format(R"(,"error":"{}","reason":{})", to_string(error.kind), json_quote(error.message));
  if (!error.field.empty()) extra += fmt::format(R"(,"field":{})", json_quote(error.field));
  if (!error.detail.empty()) extra += fmt::format(R"(,"detail":{})", json_quote(error.detail));
  write_line(level, message, fields, extra);
}

std::string json_quote(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (byte < 0x20 || byte == 0x7f) {
      quoted += fmt::format("\\u{:04x}", static_cast<unsigned>(byte));
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

}  // namespace base
