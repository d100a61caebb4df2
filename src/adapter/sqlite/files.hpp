#pragma once
// What the store needs of files: private to their owner, durable, never overwriting. Errors name
// the path and say what the system said.

#include <string>

#include "base/result.hpp"

namespace adapter::sqlite {

bool exists(const std::string& path);
// Mode 0600; conflict when it exists.
base::Result<> create_private_file(const std::string& path);
// unavailable: this process may not write the file, or not make others beside it.
base::Result<> check_may_write(const std::string& path);
// Takes away what the group and others may do.
base::Result<> make_private(const std::string& path);
// Nothing there is success.
base::Result<> remove_file(const std::string& path);
// Private to its owner; replaces what `to` names.
base::Result<> copy_file(const std::string& from, const std::string& to);
base::Result<> sync_file(const std::string& path);
// conflict when `to` exists.
base::Result<> rename_file(const std::string& from, const std::string& to);
// What was created, renamed or removed beside `path`.
base::Result<> sync_folder(const std::string& path);
// At most `count` first bytes; not_found when there is no file.
base::Result<std::string> read_head(const std::string& path, std::size_t count);
// As an error of `path` after a failed system call.
tl::unexpected<base::Error> system_error(const std::string& what, const std::string& path);

}  // namespace adapter::sqlite
