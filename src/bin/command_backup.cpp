// `howdah backup` and `howdah restore`: the store, the organiser's key and the signing keys, as one
// private folder. Without the keys every link that was sent would be void.
#include <fmt/format.h>

#include <cstdio>
#include <filesystem>

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

base::Result<> copy_private(const std::string& from, const std::string& to) {
  const auto content = TRY(adapter::file::read_private(from));
  return adapter::file::write_private(to, content, true);
}

base::Result<> copy_keys(const StateFolder& from, const StateFolder& to) {
  if (fs::exists(from.api_key())) TRY(copy_private(from.api_key(), to.api_key()));
  for (const auto& [source, target] :
       {std::pair{from.secrets(), to.secrets()}, std::pair{from.certs(), to.certs()}}) {
    if (!fs::is_directory(source)) continue;
    TRY(adapter::file::make_private_folder(target));
    for (const auto& entry : fs::directory_iterator(source)) {
      if (entry.path().extension() == ".tmp") continue;
      TRY(copy_private(entry.path().string(), target + "/" + entry.path().filename().string()));
    }
  }
  return {};
}

base::Result<> do_backup(const Shared& shared, const std::string& folder) {
  const auto config = TRY(load_config(shared));
  const auto state = TRY(state_folder(config));
  if (fs::exists(folder)) return fail(ErrorKind::conflict, folder + " is there already");
  if (!fs::exists(state.database())) {
    return fail(ErrorKind::not_found, "there is no store in " + state.path);
  }
  // Complete under a name of its own first: what has the final name is whole.
  const auto partial = folder + ".partial";
  fs::remove_all(partial);
  TRY(adapter::file::make_private_folder(partial));
  using adapter::sqlite::Connection;
  const auto store =
      TRY(Connection::open(state.database(), Connection::Mode::read_only, kCacheKib));
  TRY(adapter::sqlite::copy_store(*store, partial + "/howdah.db"));
  TRY(copy_keys(state, StateFolder{partial}));
  fs::rename(partial, folder);
  return {};
}

base::Result<std::string> do_restore(const Shared& shared, const std::string& folder) {
  const auto config = TRY(load_config(shared));
  const auto state = TRY(state_folder(config));
  const StateFolder backup{folder};
  const auto lock =
      TRY(adapter::sqlite::StateLock::take(state.path, adapter::system::Clock().now()));
  for (const auto& path : {state.api_key(), state.secrets(), state.certs()}) {
    if (fs::exists(path)) {
      return fail(ErrorKind::conflict, path + " is there: restore into an empty state folder");
    }
  }
  TRY(adapter::sqlite::restore_backup(backup.database(), state.database()));
  TRY(copy_keys(backup, state));
  return state.path;
}

}  // namespace

int backup(const Shared& shared, const std::string& folder) {
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
