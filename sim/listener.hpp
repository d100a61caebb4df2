#pragma once
// Listener: hears what happens in a world while it runs, to tell it (story/narrator.hpp). Changes
// nothing, and a world runs the same without one.

#include <cstddef>
#include <string_view>

#include "domain/meeting.hpp"

namespace sim {

class Listener {
 public:
  virtual ~Listener() = default;
  // A line of the trace.
  virtual void traced(std::string_view actor, std::string_view verb, std::string_view subject,
                      std::string_view detail) = 0;
  // A commit of a control plane, before anybody else runs; `before` is null for a new meeting.
  virtual void committed(std::size_t process, const domain::Meeting* before,
                         const domain::Meeting& after) = 0;
  virtual void reached(std::string_view probe) = 0;
};

}  // namespace sim
