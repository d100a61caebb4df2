#pragma once
// The few files that are made for a desktop rather than shared with the host.

#include <string>
#include <vector>

#include "adapter/local/config.hpp"

namespace adapter::local {

struct SandboxFile {
  std::string path;
  std::string text;
  std::string mode;  // octal
};

std::vector<SandboxFile> sandbox_files(const Template& image);

// Program and arguments of the session: the template's, or our own.
std::vector<std::string> session_command(const Template& image);

constexpr const char* kNameServer = "10.0.2.3";  // slirp4netns's own, inside a desktop's network

}  // namespace adapter::local
