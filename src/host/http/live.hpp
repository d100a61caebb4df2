#pragma once
// Live: what people with links see, in memory. Keeps the status of seats that were asked for
// recently, already rendered, and who is watching; is told of every committed meeting (changed). A
// read costs a look-up and a constant-time comparison of the cookie. It never reads the store and
// decides nothing: an entry is made from a meeting that app::Join checked, and follows the commits
// from there on.
//
// To miss no commit, a handler calls expect() before it loads the meeting, and remember() after.
// Thread-safe; watchers are called without a lock.

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "app/join.hpp"
#include "host/http/screens.hpp"
#include "port/clock.hpp"

namespace host::http {

using Body = std::shared_ptr<const std::string>;

// Told of each new status (`end` empty), and once of the end of the access it was given (the last
// call).
using Watch = std::function<void(const Body& status, std::optional<CloseCode> end)>;

struct Watched {
  domain::SeatId seat;
  std::uint32_t epoch = 0;
  std::optional<domain::DesktopId> desktop;  // set: the access is to this desktop
  bool screen = false;                       // a screen's own watch: it is never refused
};

class Live {
 public:
  Live(const domain::Policy& policy, port::Clock& clock, std::size_t meetings_max)
      : policy_(policy), clock_(clock), meetings_max_(meetings_max) {}

  void expect(const domain::MeetingId& meeting);
  // `cookie` was found good for this guest; answers the seat's status.
  Body remember(const app::Guest& guest, std::string_view cookie);
  // The status, if this cookie of this seat is known to be good; else null: ask app::Join.
  Body find(std::string_view seat, std::string_view cookie);

  // A meeting was committed, or looked at (time passed). Older versions than known are ignored.
  void changed(const domain::Meeting& meeting);

  // From now on; if `watched` lost its access between the check of `meeting` and now, `watch` is
  // told at once. 0: `streams_max` others watch this seat already. Screens neither count as such
  // nor are they refused: one that nobody watches over would outlive its link (SECURITY row 13).
  std::uint64_t watch(const domain::Meeting& meeting, const Watched& watched, Watch watch,
                      std::size_t streams_max);
  void unwatch(const domain::MeetingId& meeting, std::uint64_t id);
  std::size_t watchers() const;

 private:
  using SteadyTime = std::chrono::steady_clock::time_point;
  struct GoodCookie {
    std::string value;
    SteadyTime until;
  };
  struct SeatView {
    domain::SeatId id;
    std::uint32_t epoch = 0;
    Body status;
    std::vector<GoodCookie> cookies;
  };
  struct Watcher {
    std::uint64_t id = 0;
    Watched watched;
    std::shared_ptr<Watch> watch;
    Body told;
  };
  struct Entry {
    std::optional<domain::Meeting> meeting;
    std::vector<SeatView> seats;
    std::vector<Watcher> watchers;
    std::uint64_t used = 0;
  };
  struct Call {
    std::shared_ptr<Watch> watch;
    Body status;
    std::optional<CloseCode> end;
  };

  Entry* find_entry(std::string_view meeting);
  SeatView& view_of(Entry& entry, const domain::SeatId& seat);
  void render(Entry& entry, SeatView& view);
  void make_room();
  static std::optional<CloseCode> end_of(const domain::Meeting& meeting, const Watched& watched);

  const domain::Policy policy_;
  port::Clock& clock_;
  const std::size_t meetings_max_;
  mutable std::mutex mutex_;
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };
  std::unordered_map<std::string, Entry, Hash, std::equal_to<>> entries_;
  std::uint64_t uses_ = 0;
  std::uint64_t last_watcher_ = 0;
};

}  // namespace host::http
