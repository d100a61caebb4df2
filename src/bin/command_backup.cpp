// `howdah backup` and `howdah restore`: the store, the organiser's key and the signing keys, as one
// private folder. Without the keys every link that was sent would be void.
#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <vector>

#include "adapter/file/private_file.hpp"
#include "adapter/sqlite/backup.hpp"
#include "adapter/sqlite/state_lock.hpp"
#include "adapter/system/clock.hpp"
#include "bin/commands.hpp"
#include "bin/exit_code.hpp"

namespace bin {
namespace {

using base::ErrorKind;
using base::fail;
namespace json = boost::json;
namespace fs = std::filesystem;

constexpr int kCacheKib = 2048;

// The name is its path below a state folder or a backup: "secrets/link_key".
struct KeyFile {
  std::string name;
  base::Secret content;
};

base::Result<> read_keys_below(const std::string& root, const std::string& folder,
                               std::vector<KeyFile>& keys) {
  std::error_code error;
  if (!fs::is_directory(root + "/" + folder, error)) return {};
  fs::directory_iterator entry(root + "/" + folder, error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    if (entry->path().extension() == ".tmp") continue;
    auto name = folder + "/" + entry->path().filename().string();
    auto content = TRY(adapter::file::read_private(root + "/" + name));
    keys.push_back({std::move(name), std::move(content)});
  }
  if (error) {
    return fail(ErrorKind::unavailable,
                fmt::format("{}/{} cannot be read: {}", root, folder, error.message()));
  }
  return {};
}

// All of them, each checked to be private: an error leaves nothing half done.
base::Result<std::vector<KeyFile>> read_keys(const std::string& root) {
  std::vector<KeyFile> keys;
  if (fs::exists(root + "/api_key")) {
    keys.push_back({"api_key", TRY(adapter::file::read_private(root + "/api_key"))});
  }
  for (const auto* folder : {"secrets", "certs"}) TRY(read_keys_below(root, folder, keys));
  return keys;
}

base::Result<> write_keys(const std::string& root, const std::vector<KeyFile>& keys) {
  for (const auto& key : keys) {
    const auto path = fs::path(root) / key.name;
    TRY(adapter::file::make_private_folder(path.parent_path().string()));
    TRY(adapter::file::write_private(path.string(), key.content, true));
  }
  return {};
}

base::Result<> fill_backup(const StateFolder& state, const std::string& folder) {
  using adapter::sqlite::Connection;
  const auto store =
      TRY(Connection::open(state.database(), Connection::Mode::read_only, kCacheKib));
  TRY(adapter::sqlite::copy_store(*store, StateFolder{folder}.database()));
  return write_keys(folder, TRY(read_keys(state.path)));
}

// Ours alone: what is there is somebody else's, or of another run.
base::Result<> make_partial(const std::string& partial) {
  std::error_code error;
  const auto parent = fs::path(partial).parent_path();
  if (!parent.empty()) fs::create_directories(parent, error);
  if (::mkdir(partial.c_str(), 0700) == 0) return {};
  if (errno == EEXIST) {
    return fail(ErrorKind::conflict,
                partial +
                    " is there: another backup is being made, or one was interrupted; remove "
                    "it, or choose another name");
  }
  return fail(ErrorKind::unavailable, fmt::format("{} cannot be made: {}", partial,
                                                  std::generic_category().message(errno)));
}

base::Result<> do_backup(const Shared& shared, const std::string& folder) {
  const auto config = TRY(load_config(shared));
  const auto state = TRY(state_folder(config));
  std::error_code error;
  if (fs::exists(folder, error)) return fail(ErrorKind::conflict, folder + " is there already");
  if (!fs::exists(state.database(), error)) {
    return fail(ErrorKind::not_found, "there is no store in " + state.path);
  }
  // Complete under a name of its own first: what has the final name is whole.
  const auto partial = folder + ".partial";
  TRY(make_partial(partial));
  auto done = fill_backup(state, partial);
  if (done) {
    fs::rename(partial, folder, error);
    if (!error) return {};
    done =
        fail(ErrorKind::unavailable, fmt::format("{} cannot be made: {}", folder, error.message()));
  }
  fs::remove_all(partial, error);  // there are keys in it
  return done;
}

base::Result<> place(const StateFolder& backup, const std::vector<KeyFile>& keys,
                     const StateFolder& state) {
  TRY(write_keys(state.path, keys));
  // Last: a server that finds a store without its keys makes new ones, and every link is void.
  return adapter::sqlite::restore_backup(backup.database(), state.database());
}

base::Result<std::string> do_restore(const Shared& shared, const std::string& folder) {
  const auto config = TRY(load_config(shared));
  const auto state = TRY(state_folder(config));
  const StateFolder backup{folder};
  TRY(adapter::sqlite::verify_backup(backup.database()));
  const auto keys = TRY(read_keys(backup.path));
  const auto lock =
      TRY(adapter::sqlite::StateLock::take(state.path, adapter::system::Clock().now()));
  const auto places = {state.api_key(), state.secrets(), state.certs()};
  for (const auto& path : places) {
    if (fs::exists(path)) {
      return fail(ErrorKind::conflict, path + " is there: restore into an empty state folder");
    }
  }
  const auto placed = place(backup, keys, state);
  if (placed) return state.path;
  std::error_code ignored;
  for (const auto& path : places) fs::remove_all(path, ignored);  // none was there before
  return tl::unexpected(placed.error());
}

// Without the slashes at its end, which a shell completes: a name beside it is made of it.
std::string without_slashes(std::string folder) {
  while (folder.size() > 1 && folder.ends_with('/')) folder.pop_back();
  return folder;
}

}  // namespace

int backup(const Shared& shared, const std::string& given) {
  const auto folder = without_slashes(given);
  const auto done = do_backup(shared, folder);
  if (!done) return tell(done.error());
  answer(shared, json::object{{"backup", folder}},
         folder + " holds the store and its keys; keep it as private as them\n");
  return kExitOk;
}

int restore(const Shared& shared, const std::string& folder) {
  const auto done = do_restore(shared, folder);
  if (!done) return tell(done.error());
  answer(shared, json::object{{"state_folder", *done}}, "restored into " + *done + "\n");
  return kExitOk;
}

}  // namespace bin
