#pragma once
// Queue: which meetings wait for a pass, which have one running, and which rest after a failed one.
// Never two passes of one meeting at once; a meeting that is asked for while its pass runs gets
// another one. Those that take something down go before all others (L13). Thread-safe.

#include <chrono>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <set>

#include "base/random.hpp"
#include "base/time.hpp"
#include "domain/ids.hpp"

namespace host::loop {

class Queue {
 public:
  using SteadyTime = std::chrono::steady_clock::time_point;
  static constexpr std::size_t kWaitingMax = 4096;

  Queue(base::Duration backoff_min, base::Duration backoff_max, std::uint64_t seed)
      : backoff_min_(backoff_min), backoff_max_(backoff_max), rng_(seed) {}

  // False when the queue is full; true also when the meeting waits, runs or rests already.
  // `hinted`: somebody says that something changed, so a rest is over and a running pass is not
  // enough. `first`: before those that are not.
  bool add(const domain::MeetingId& meeting, bool hinted, bool first = false);
  // Whether it waits, runs or rests already: then nobody has to find out whether it goes first.
  bool knows(const domain::MeetingId& meeting) const;
  // The next meeting; waits. Nothing: stopped.
  std::optional<domain::MeetingId> take();
  enum class Result { good, idle, failed };
  // A pass ended. idle: it changed nothing and wants to be called at once again (rest a little).
  // failed: it is tried again after a rest that grows, whatever the store says.
  void done(const domain::MeetingId& meeting, Result result);
  void stop();

  // How many meetings are known here, so that as many more are asked of the store.
  std::size_t size() const;
  // Rests that are over at `now` end; the next time one ends.
  std::optional<SteadyTime> wake(SteadyTime now);

 private:
  struct Rest {
    SteadyTime until;
    base::Duration backoff{0};
    bool over = false;
  };
  void rest(const domain::MeetingId& meeting, Result result);
  bool push(const domain::MeetingId& meeting, bool first = false);

  base::Duration backoff_min_;
  base::Duration backoff_max_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  base::Rng rng_;
  std::deque<domain::MeetingId> first_;  // taken before the others
  std::deque<domain::MeetingId> waiting_;
  std::set<domain::MeetingId> queued_;
  std::set<domain::MeetingId> running_;
  std::set<domain::MeetingId> again_;
  std::map<domain::MeetingId, Rest> resting_;
  std::set<domain::MeetingId> hinted_;  // of those that rest
  bool stopped_ = false;
};

}  // namespace host::loop
