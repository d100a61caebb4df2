#include "adapter/local/record.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cerrno>
#include <cstdlib>

#include "adapter/local/child.hpp"
#include "adapter/local/init.hpp"
#include "base/check.hpp"
#include "base/crypto.hpp"

namespace adapter::local {

namespace json = boost::json;
using base::ErrorKind;
using base::Result;

namespace {

constexpr std::int64_t kAliveByte = 0;
constexpr std::int64_t kClaimByte = 1;

// Our own files: one that cannot be read is a fault of the disk or of somebody's hand, and only
// that desktop's trouble.
template <class T, class Read>
Result<std::optional<T>> read_json(const Record& record, const char* name, Read read) {
  const auto text = TRY(read_file_at(record.folder(), name));
  if (!text) return std::optional<T>();
  try {
    return std::optional<T>(read(json::parse(*text).as_object()));
  } catch (const std::exception& error) {
    return base::fail(
        ErrorKind::internal,
        "the file '" + std::string(name) + "' of desktop " + record.id().text() + " cannot be read",
        {}, error.what());
  }
}

template <class Id>
Id parse_id(const json::value& value) {
  auto id = Id::parse(value.as_string());
  if (!id) throw std::invalid_argument(id.error().message);
  return *std::move(id);
}

json::object to_json(const ProcessId& process) {
  return {{"pid", process.pid}, {"started", process.started}};
}

ProcessId process_of(const json::value& value) {
  return {value.at("pid").to_number<pid_t>(), value.at("started").to_number<std::uint64_t>()};
}

json::object to_json(const Spec& spec) {
  return {{"key", spec.key},
          {"store", spec.owner.store},
          {"seat", spec.owner.seat.text()},
          {"attempt", spec.owner.attempt},
          {"desktop", spec.desktop.text()},
          {"place", spec.place},
          {"launched_at", base::to_unix_ms(spec.launched_at)}};
}

Spec spec_of(const json::object& value) {
  return {
      json::value_to<std::string>(value.at("key")),
      {json::value_to<std::string>(value.at("store")), parse_id<domain::SeatId>(value.at("seat")),
       value.at("attempt").to_number<std::uint32_t>()},
      parse_id<domain::DesktopId>(value.at("desktop")),
      value.at("place").to_number<std::uint32_t>(),
      base::from_unix_ms(value.at("launched_at").to_number<std::int64_t>())};
}

}  // namespace

domain::InstanceId instance_id(const std::string& store, const std::string& key) {
  const auto digest = base::sha256(store + "\n" + key);
  const auto text = base::to_base32(base::as_bytes(digest).substr(0, 15));
  auto id = domain::InstanceId::parse("local-" + text);
  CHECK(id.has_value());
  return *std::move(id);
}

Result<Record> Record::open(const Fd& root, const domain::InstanceId& id) {
  Fd folder = TRY(open_folder_at(root, id.text()));
  Fd lock(::openat(folder.get(), "lock", O_RDWR | O_NOFOLLOW | O_CLOEXEC));
  if (!lock) {
    const auto kind = errno == ENOENT ? ErrorKind::not_found : ErrorKind::unavailable;
    return tl::unexpected<base::Error>(os_error("open the lock of " + id.text(), kind));
  }
  return Record(id, std::move(folder), std::move(lock));
}

Result<Record> Record::make(const Fd& root, const domain::InstanceId& id) {
  if (::mkdirat(root.get(), id.text().c_str(), 0700) != 0 && errno != EEXIST) {
    return tl::unexpected<base::Error>(os_error("make the folder of a desktop"));
  }
  Fd folder = TRY(open_folder_at(root, id.text()));
  Fd lock(::openat(folder.get(), "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!lock) return tl::unexpected<base::Error>(os_error("make the lock of a desktop"));
  return Record(id, std::move(folder), std::move(lock));
}

Result<bool> Record::claim() {
  if (!TRY(try_lock(lock_, kClaimByte))) return false;
  struct stat info{};
  if (::fstat(lock_.get(), &info) != 0 || info.st_nlink == 0) {
    return base::fail(ErrorKind::not_found, "the desktop's folder was removed meanwhile");
  }
  return true;
}

bool Record::claimed_by_another() const {
  return is_locked(lock_, kClaimByte).value_or(true);
}
bool Record::alive() const {
  return is_locked(lock_, kAliveByte).value_or(true);
}

Result<Fd> Record::take_alive() const {
  Fd file(::openat(folder_.get(), "lock", O_RDWR | O_NOFOLLOW | O_CLOEXEC));
  if (!file) return tl::unexpected<base::Error>(os_error("open the lock of " + id_.text()));
  if (!TRY(try_lock(file, kAliveByte))) {
    return base::fail(ErrorKind::unavailable, "the desktop is alive already");
  }
  return file;
}

Result<std::optional<Spec>> Record::spec() const {
  auto spec = read_json<Spec>(*this, "spec", spec_of);
  if (spec) return spec;
  const auto copy = read_json<Spec>(*this, "started", [](const json::object& value) {
    return spec_of(value.at("spec").as_object());
  });
  return copy && *copy ? copy : spec;
}

Result<> Record::write(const Spec& spec) const {
  return replace_file_at(folder_, "spec", json::serialize(to_json(spec)));
}

Result<std::optional<Marks>> Record::marks() const {
  return read_json<Marks>(*this, "started", [](const json::object& value) {
    return Marks{
        process_of(value.at("outer")),      process_of(value.at("init")),
        process_of(value.at("helper")),     value.at("pid_namespace").to_number<std::uint64_t>(),
        value.at("uid").to_number<uid_t>(), json::value_to<std::string>(value.at("boot"))};
  });
}

Result<> Record::write(const Marks& marks, const Spec& spec) const {
  const json::object value{{"spec", to_json(spec)},
                           {"outer", to_json(marks.outer)},
                           {"init", to_json(marks.init)},
                           {"helper", to_json(marks.helper)},
                           {"pid_namespace", marks.pid_namespace},
                           {"uid", marks.uid},
                           {"boot", marks.boot}};
  return replace_file_at(folder_, "started", json::serialize(value));
}

Result<std::optional<Ended>> Record::ended() const {
  return read_json<Ended>(*this, "ended", [](const json::object& value) {
    return Ended{base::from_unix_ms(value.at("at").to_number<std::int64_t>()),
                 json::value_to<std::string>(value.at("why"))};
  });
}

Result<> Record::write(const Ended& ended) const {
  const json::object value{{"at", base::to_unix_ms(ended.at)}, {"why", ended.why}};
  return replace_file_at(folder_, "ended", json::serialize(value));
}

std::optional<base::Timestamp> Record::deadline() const {
  const auto inside = open_folder_at(folder_, "inside");
  if (!inside) return {};
  const auto text = read_file_at(*inside, "deadline");
  if (!text || !*text) return {};
  return base::from_unix_ms(std::strtoll((*text)->c_str(), nullptr, 10));
}

Result<> Record::write_deadline(base::Timestamp deadline) const {
  // The init opens this folder and file as another user, by a descriptor that it was given.
  if (::mkdirat(folder_.get(), "inside", 0755) != 0 && errno != EEXIST) {
    return tl::unexpected<base::Error>(os_error("make the folder of the deadline"));
  }
  const Fd inside = TRY(open_folder_at(folder_, "inside"));
  ::fchmod(inside.get(), 0755);
  return replace_file_at(inside, "deadline", std::to_string(base::to_unix_ms(deadline)) + "\n",
                         0644);
}

std::optional<ProcessId> Record::identity() const {
  const auto text = read_file_at(folder_, "identity");
  if (!text || !*text) return {};
  return parse_identity(**text);
}

std::string Record::printed() const {
  constexpr std::size_t kBytesMax = 500;
  const auto text = read_file_at(folder_, "log");
  if (!text || !*text) return "";
  auto end = (*text)->substr((*text)->size() - std::min((*text)->size(), kBytesMax));
  std::replace_if(end.begin(), end.end(), [](char letter) { return letter < ' '; }, ' ');
  return end;
}

std::string Record::last_words() const {
  const auto text = read_file_at(folder_, "log");
  if (!text || !*text) return "";
  const auto begin = (*text)->rfind(kOwnWords);
  if (begin == std::string::npos) return "it ended without a word";
  return (*text)->substr(begin + 1, (*text)->find('\n', begin) - begin - 1);
}

Result<> Record::clear(const std::vector<std::string>& keep) const {
  for (const auto& name : TRY(names_in(folder_))) {
    if (name == "lock" || std::find(keep.begin(), keep.end(), name) != keep.end()) continue;
    TRY(remove_tree_at(folder_, name));
  }
  return {};
}

}  // namespace adapter::local
