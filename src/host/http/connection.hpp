#pragma once
// Connection: one HTTP/1.1 connection: reads strictly framed requests one after another, within the
// limits, answers files and the hot status itself and everything else from the pool, and hands
// itself over to an event stream or a screen when a handler granted one.

#include "host/http/hub.hpp"
#include "host/http/stream.hpp"

namespace host::http {

void serve_connection(Hub& hub, Stream stream, std::string address);

}  // namespace host::http
