#pragma once
// Files that only we may read: written whole or not at all (temporary file, fsync, rename), mode
// 0600, and refused when anybody else could have read or planted them. No symbolic link is
// followed.

#include <string>

#include "base/result.hpp"
#include "base/secret.hpp"

namespace adapter::file {

// not_found: no such file; denied: a link, not a regular file, not ours, or group or others may
// read or write it; invalid: longer than 64 KiB; unavailable: the disk says no.
base::Result<base::Secret> read_private(const std::string& path);

// Replaces `path` atomically and durably. `only_new`: conflict when it exists.
base::Result<> write_private(const std::string& path, const base::Secret& content, bool only_new);

// Writes in place, neither atomically nor durably: for what has only to be recent.
base::Result<> write_recent(const std::string& path, std::string_view content);

// Makes the folder (and its parents) with mode 0700; denied when it exists and others may write to
// it.
base::Result<> make_private_folder(const std::string& path);

}  // namespace adapter::file
