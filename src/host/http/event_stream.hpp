#pragma once
// Server-sent events of one seat, or of one desktop: the status at once and on each change, a
// comment line every ping period. A reader that is slow gets the newest status and no queue.

#include "host/http/hub.hpp"
#include "host/http/stream.hpp"

namespace host::http {

void serve_events(Hub& hub, Stream stream, std::shared_ptr<const Grant> grant);

}  // namespace host::http
