#pragma once
// StaticFile: one file of the web pages as it was embedded at build time. The bytes live as long as
// the process; nothing is read from disk while serving.

#include <span>
#include <string_view>

namespace host::http {

struct StaticFile {
  std::string_view path;  // "/assets/join.js"; the pages: "/organiser.html", "/join.html", ...
  std::string_view content_type;  // "text/javascript; charset=utf-8"
  std::string_view bytes;
  std::string_view etag;  // with its quotes: "\"5f3a...\""
};

// Pages: "/" and "/j/<seat>" on the public host and "/" on a desktop's host are answered from the
// files "/organiser.html", "/join.html" and "/viewer.html"; "/assets/..." as they are named, on
// both.
using StaticFiles = std::span<const StaticFile>;

}  // namespace host::http
