#pragma once
// The pages as they were embedded at build time (web/CMakeLists.txt): HTML, scripts, styles,
// pictures, noVNC and the licences that go with it. Sorted by path, lives as long as the process.

#include <span>

#include "host/http/static_file.hpp"

std::span<const host::http::StaticFile> web_files();
