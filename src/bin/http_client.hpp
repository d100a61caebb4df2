#pragma once
// A small blocking HTTP client for the commands: one request, one connection, 30 s at most. Answers
// whatever status the server gives; no redirect is followed.

#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "base/secret.hpp"
#include "bin/state.hpp"

namespace bin {

struct HttpRequest {
  std::string method = "GET";
  std::string path;
  std::string body;  // JSON; empty: none
  base::Secret key;  // for Authorization; may be empty
  std::vector<std::pair<std::string, std::string>> headers;
};

struct HttpReply {
  unsigned status = 0;
  std::string body;
};

// unavailable: nobody answers there, or not as a server of ours would.
base::Result<HttpReply> exchange(const ServerAddress& server, const HttpRequest& request);

}  // namespace bin
