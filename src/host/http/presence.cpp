#include "host/http/presence.hpp"

#include "base/log.hpp"

namespace host::http {
namespace {

constexpr int kFailuresMax = 5;
constexpr std::chrono::milliseconds kRetry{500};

bool may_pass(base::ErrorKind kind) {
  return kind == base::ErrorKind::unavailable || kind == base::ErrorKind::unknown_outcome ||
         kind == base::ErrorKind::conflict || kind == base::ErrorKind::exhausted;
}

}  // namespace

void Presence::report(const domain::DesktopId& desktop, bool used) {
  {
    const std::lock_guard lock(mutex_);
    State& state = states_[desktop];
    state.used = state.used || used;
    state.again = true;
    if (state.running) return;
    state.running = true;
  }
  pool_.submit_own([this, desktop] { run(desktop); });
}

void Presence::run(const domain::DesktopId& desktop) {
  for (;;) {
    bool used = false;
    {
      const std::lock_guard lock(mutex_);
      State& state = states_[desktop];
      if (!state.again) {
        states_.erase(desktop);
        return;
      }
      state.again = false;
      used = state.used;
    }
    const auto done = join_.report_presence(desktop, screens_.count(desktop), used);
    const std::lock_guard lock(mutex_);
    State& state = states_[desktop];
    if (done) {
      state.failures = 0;
      // Only what was told is done: a screen may have become used meanwhile.
      if (used && !state.again) state.used = false;
      continue;
    }
    if (!may_pass(done.error().kind) || ++state.failures > kFailuresMax) {
      const auto level = done.error().kind == base::ErrorKind::not_found ? base::LogLevel::info
                                                                         : base::LogLevel::warn;
      base::log_error(level, "presence was not stored", done.error(),
                      {{"desktop", desktop.text()}});
      state.failures = 0;
      continue;
    }
    state.again = true;
    later_(kRetry, [this, desktop] { pool_.submit_own([this, desktop] { run(desktop); }); });
    return;
  }
}

}  // namespace host::http
