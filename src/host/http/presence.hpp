#pragma once
// Presence: tells the use case how many screens of a desktop are open, whenever that changes, in
// order: never two reports of one desktop at once, and the last one says how it is. Failed reports
// come again a few times; after that the periodic probe tells.

#include <chrono>
#include <functional>
#include <map>
#include <mutex>

#include "app/join.hpp"
#include "host/http/pool.hpp"
#include "host/http/screens.hpp"

namespace host::http {

class Presence {
 public:
  // later(time, job): runs `job` after `time`, on any thread.
  using Later = std::function<void(std::chrono::milliseconds, std::function<void()>)>;

  Presence(app::Join& join, Screens& screens, Pool& pool, Later later)
      : join_(join), screens_(screens), pool_(pool), later_(std::move(later)) {}

  // used: a screen of this desktop was open for long enough.
  void report(const domain::DesktopId& desktop, bool used);

 private:
  struct State {
    bool running = false;
    bool again = false;
    bool used = false;
    int failures = 0;
  };
  void run(const domain::DesktopId& desktop);

  app::Join& join_;
  Screens& screens_;
  Pool& pool_;
  Later later_;
  std::mutex mutex_;
  std::map<domain::DesktopId, State> states_;
};

}  // namespace host::http
