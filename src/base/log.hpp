#pragma once
// Logs: one JSON object a line, a constant message and key/value pairs. The same key always means
// the same thing: meeting, seat, desktop, attempt, instance, action, reason, error, detail.
// Thread-safe. What is logged never holds a secret: Secret has no conversion to Field.

#include <concepts>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace base {

enum class LogLevel { debug, info, warn, error };

struct Field {
  std::string_view key;
  std::string value;  // already JSON

  Field(std::string_view name, std::string_view text);
  Field(std::string_view name, const char* text) : Field(name, std::string_view(text)) {}
  Field(std::string_view name, const std::string& text) : Field(name, std::string_view(text)) {}
  Field(std::string_view name, bool flag);
  template <std::integral T>
  Field(std::string_view name, T number) : key(name), value(std::to_string(number)) {}
};

// Where lines go (default: nowhere). `sink` gets whole lines without the newline; it is called
// under a lock. `now` gives the text of the "at" key.
void set_log(LogLevel lowest, std::function<std::string()> now,
             std::function<void(std::string_view)> sink);

void log(LogLevel level, std::string_view message, std::initializer_list<Field> fields = {});
// A failed call: adds error kind, message and detail.
void log_error(LogLevel level, std::string_view message, const Error& error,
               std::initializer_list<Field> fields = {});

// `text` as a JSON string with its quotes.
std::string json_quote(std::string_view text);

}  // namespace base
