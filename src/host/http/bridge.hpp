#pragma once
// Bridge: the WebSocket of a viewer and the socket of its screen, both ways, one message in memory
// each way (so a slow side slows the other, and nothing grows). Counts as presence while open;
// closes with the codes of docs/HTTP_API.md when its access ends.

#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>

#include "host/http/hub.hpp"
#include "host/http/stream.hpp"

namespace host::http {

using UpgradeRequest = beast::http::request<beast::http::string_body>;

// False when another screen of this desktop is open and the grant does not take over: `stream` is
// untouched then.
bool serve_screen(Hub& hub, Stream& stream, UpgradeRequest request,
                  std::shared_ptr<const Grant> grant);

}  // namespace host::http
