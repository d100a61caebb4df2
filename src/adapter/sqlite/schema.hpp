#pragma once
// The store's file: how a new one is made, how an existing one is recognised, and how one of an
// older version is brought forward. A step is one transaction, and a new file appears under its
// name only when it is whole, so nothing half-made is ever left.

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "adapter/sqlite/connection.hpp"
#include "adapter/sqlite/disk.hpp"

namespace adapter::sqlite {

// steps[i] leads from version i to version i + 1; version 0 is an empty file.
using Steps = std::span<const std::string_view>;
Steps schema_steps();

// "Howd", in the file's header.
constexpr std::int64_t kApplicationId = 0x486f7764;

// Makes a store at `path`, which must not exist, readable by its owner alone.
base::Result<> create_store(Disk& disk, const std::string& path, const std::string& identity);

// The file at `path` says that it is a store of ours, of any version, or has a log beside it that
// may say so: check_store() asks again. not_found: no file; invalid: something else is there.
base::Result<> check_store_file(Disk& disk, const std::string& path);

// The same of an open store, whatever state its file was in. invalid: it is not ours.
base::Result<> check_store(Connection& connection);

// Brings the file forward by the steps that it lacks. invalid: it is newer than `steps` (S29).
base::Result<> migrate(Connection& connection, Steps steps);

}  // namespace adapter::sqlite
