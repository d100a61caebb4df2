#pragma once
// Trace: one line for each thing that happens in the world, hashed always, kept as text only when
// somebody wants to read it. Times are relative to the start of the run.

#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

#include "base/time.hpp"

namespace sim {

class Trace {
 public:
  enum class Mode { hash, print, keep };

  void set_mode(Mode mode) { mode_ = mode; }
  bool is_text() const { return mode_ != Mode::hash; }
  std::uint64_t hash() const { return hash_; }
  const std::string& text() const { return text_; }

  // actor: who ("p1", "world", "ada"); verb: what; subject: to what; detail: more.
  void line(base::Duration since_start, std::string_view actor, std::string_view verb,
            std::string_view subject, std::string_view detail = {});

 private:
  void mix(std::string_view bytes) {
    for (const char c : bytes) hash_ = (hash_ ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
    hash_ = (hash_ ^ 0xFFU) * 1099511628211ULL;
  }

  Mode mode_ = Mode::hash;
  std::uint64_t hash_ = 14695981039346656037ULL;
  std::string text_;
};

}  // namespace sim
