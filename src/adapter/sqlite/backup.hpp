#pragma once
// Backups of a store: one file, copied while the store is in use, checked, and put back only where
// nothing is in the way.

#include <string>

#include "adapter/sqlite/connection.hpp"
#include "base/result.hpp"

namespace adapter::sqlite {

// Copies the store that `from` reads, as it is now, to `to` (mode 0600), syncs and checks the copy.
// conflict: `to` exists. Nothing is left there after an error.
base::Result<> copy_store(Connection& from, const std::string& to);

// The file is a whole store of ours that this version can read: structure, indexes, identity.
base::Result<> verify_backup(const std::string& path);

// Puts a verified copy of the backup at `store`, where no store and nothing of one may be.
base::Result<> restore_backup(const std::string& backup, const std::string& store);

}  // namespace adapter::sqlite
