#pragma once
// schedule-meeting and what an organiser does with a meeting afterwards. Thread-safe: state is in
// the store alone. Every change is a compare-and-set that is tried again (at most 5 times) on
// conflict.

#include <optional>
#include <string>

#include "app/ports.hpp"
#include "app/principal.hpp"
#include "domain/command.hpp"

namespace app {

class Schedule {
 public:
  Schedule(const Ports& ports, const Settings& settings) : ports_(ports), settings_(settings) {}

  // idempotency: the request's key and the hash of its body, if it came with one.
  base::Result<port::Created> book(
      const Principal& who, domain::Booking booking,
      const std::optional<std::pair<std::string, std::string>>& idempotency);
  base::Result<domain::Meeting> get(const Principal& who, const domain::MeetingId& id);
  base::Result<port::Page> list(const Principal& who, const std::string& from, std::size_t limit);
  base::Result<std::vector<port::AuditEntry>> audit(const Principal& who,
                                                    const domain::MeetingId& id);
  base::Result<domain::Meeting> cancel(const Principal& who, const domain::MeetingId& id);
  base::Result<domain::Meeting> end(const Principal& who, const domain::MeetingId& id);
  base::Result<domain::Meeting> extend(const Principal& who, const domain::MeetingId& id,
                                       base::Duration by);
  base::Result<domain::Meeting> reschedule(const Principal& who, const domain::MeetingId& id,
                                           const domain::Start& start);
  base::Result<domain::Meeting> rotate(const Principal& who, const domain::SeatId& seat);

 private:
  base::Result<domain::Meeting> find(const Principal& who, const domain::MeetingId& id,
                                     Operation operation);
  template <class Change>
  base::Result<domain::Meeting> change(const Principal& who, const domain::MeetingId& id,
                                       std::string_view action, std::string_view target,
                                       const Change& apply);

  const Ports& ports_;
  const Settings& settings_;
};

}  // namespace app
