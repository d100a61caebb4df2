#include "adapter/localhost/zone.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "adapter/localhost/record_text.hpp"

namespace adapter::localhost {
namespace {

using base::ErrorKind;
using base::fail;
using base::Result;

constexpr std::string_view kSuffix = ".record";
constexpr std::size_t kFileMax = 2048;

class Descriptor {
 public:
  explicit Descriptor(int descriptor) : descriptor_(descriptor) {}
  ~Descriptor() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return descriptor_; }
  int release() { return std::exchange(descriptor_, -1); }
  explicit operator bool() const { return descriptor_ >= 0; }

 private:
  int descriptor_;
};

auto failed(const std::string& what, const std::string& path) {
  return fail(ErrorKind::unavailable, "the names of desktops can't be kept on this disk now", {},
              what + " " + path + ": " + std::strerror(errno));
}

auto not_ours(const std::string& name) {
  return fail(ErrorKind::conflict, "a record that is not ours stands there", {}, name);
}

bool write_all(int file, std::string_view text) {
  while (!text.empty()) {
    const auto written = ::write(file, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

bool is_domain(const std::string& name) {
  std::string_view rest = name;
  while (true) {
    const auto dot = rest.find('.');
    if (!base::is_label(rest.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return name.size() <= 180;
    rest.remove_prefix(dot + 1);
  }
}

// What a write that was cut short left: the names of desktops are never used twice, so nobody else
// would overwrite it. One that cannot be removed now is no record either.
void remove_drafts(int folder) {
  constexpr std::string_view kDraft = ".draft";
  const int again = ::openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const std::unique_ptr<DIR, int (*)(DIR*)> entries(again < 0 ? nullptr : ::fdopendir(again),
                                                    ::closedir);
  if (!entries) {
    if (again >= 0) ::close(again);
    return;
  }
  while (const auto* entry = ::readdir(entries.get())) {
    std::string_view name(entry->d_name);
    if (!name.starts_with('.') || !name.ends_with(std::string(kSuffix) + std::string(kDraft))) {
      continue;
    }
    name.remove_prefix(1);
    name.remove_suffix(kSuffix.size() + kDraft.size());
    if (base::is_label(name)) ::unlinkat(folder, static_cast<const char*>(entry->d_name), 0);
  }
}

}  // namespace

Result<std::unique_ptr<LocalhostZone>> LocalhostZone::open(const ZoneOptions& options) {
  if (!is_domain(options.parent)) {
    return fail(ErrorKind::invalid, "a domain name in lower case is expected", "parent");
  }
  if (!is_plain(options.store)) return fail(ErrorKind::invalid, "the store has no identity");
  if (::mkdir(options.folder.c_str(), 0700) != 0 && errno != EEXIST) {
    return failed("make", options.folder);
  }
  Descriptor folder(
      ::open(options.folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!folder) return failed("open", options.folder);
  remove_drafts(folder.get());
  return std::unique_ptr<LocalhostZone>(new LocalhostZone(options, folder.release()));
}

LocalhostZone::~LocalhostZone() {
  ::close(folder_);
}

std::string LocalhostZone::name_of(const domain::DesktopId& desktop) const {
  return desktop.text() + "." + options_.parent;
}

Result<std::vector<domain::Record>> LocalhostZone::list(const domain::MeetingId& meeting) {
  const std::lock_guard lock(mutex_);
  return list_if(meeting);
}

Result<std::vector<domain::Record>> LocalhostZone::list_all() {
  const std::lock_guard lock(mutex_);
  return list_if(std::nullopt);
}

Result<std::vector<domain::Record>> LocalhostZone::list_if(
    const std::optional<domain::MeetingId>& meeting) const {
  std::vector<domain::Record> records;
  for (const auto& label : TRY(labels())) {
    if (meeting && label.rfind(meeting->text() + "-", 0) != 0) continue;
    auto standing = TRY(read(label));
    if (!standing.record || standing.record->owner.store != options_.store) continue;
    if (meeting && meeting_of(standing.record->owner.seat) != meeting) continue;
    records.push_back(*std::move(standing.record));
  }
  return records;
}

Result<std::vector<std::string>> LocalhostZone::labels() const {
  const int again = ::openat(folder_, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (again < 0) return failed("open", options_.folder);
  const std::unique_ptr<DIR, int (*)(DIR*)> entries(::fdopendir(again), ::closedir);
  if (!entries) {
    ::close(again);
    return failed("read", options_.folder);
  }
  std::vector<std::string> found;
  errno = 0;
  while (const auto* entry = ::readdir(entries.get())) {
    const std::string_view name(entry->d_name);
    if (name.size() <= kSuffix.size() || name.substr(name.size() - kSuffix.size()) != kSuffix) {
      continue;
    }
    const auto label = name.substr(0, name.size() - kSuffix.size());
    if (base::is_label(label)) found.emplace_back(label);
  }
  if (errno != 0) return failed("read", options_.folder);
  std::sort(found.begin(), found.end());
  return found;
}

Result<LocalhostZone::Standing> LocalhostZone::read(const std::string& label) const {
  const auto path = label + std::string(kSuffix);
  const Descriptor file(
      ::openat(folder_, path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!file && errno == ENOENT) return Standing{};
  const Standing foreign{false, std::nullopt};
  if (!file && (errno == ELOOP || errno == ENXIO || errno == EACCES)) return foreign;
  if (!file) return failed("open", path);
  struct stat facts{};
  if (::fstat(file.get(), &facts) != 0) return failed("look at", path);
  if (!S_ISREG(facts.st_mode)) return foreign;
  std::array<char, kFileMax + 1> buffer{};
  std::size_t size = 0;
  while (size < buffer.size()) {
    const auto got = ::read(file.get(), buffer.data() + size, buffer.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failed("read", path);
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  auto record = parse_record(std::string_view(buffer.data(), size));
  if (!record || record->name != label + "." + options_.parent) return foreign;
  return Standing{false, std::move(record)};
}

Result<std::string> LocalhostZone::label_of(const std::string& name) const {
  const auto tail = "." + options_.parent;
  const bool is_below =
      name.size() > tail.size() && name.compare(name.size() - tail.size(), tail.size(), tail) == 0;
  const auto label = is_below ? name.substr(0, name.size() - tail.size()) : std::string();
  if (!base::is_label(label)) {
    return fail(ErrorKind::invalid, "this name is not a desktop's", {}, name);
  }
  return label;
}

Result<> LocalhostZone::put(const domain::Record& record) {
  const auto label = TRY(label_of(record.name));
  if (!is_plain(record.address)) return fail(ErrorKind::invalid, "a record needs an address");
  if (record.owner.store != options_.store) {
    return fail(ErrorKind::denied, "this zone is not for that store");
  }
  const std::lock_guard lock(mutex_);
  const auto standing = TRY(read(label));
  if (!standing.is_free) {
    if (!standing.record || standing.record->owner != record.owner) return not_ours(record.name);
    if (standing.record->generation > record.generation) {
      return fail(ErrorKind::conflict, "a newer record stands there", {}, record.name);
    }
    if (*standing.record == record) return {};
  }
  return write(label, to_text(record));
}

Result<> LocalhostZone::write(const std::string& label, const std::string& text) const {
  const auto path = label + std::string(kSuffix);
  const auto draft = "." + path + ".draft";  // left by a crash: overwritten by the next try
  ::unlinkat(folder_, draft.c_str(), 0);
  const Descriptor file(
      ::openat(folder_, draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file) return failed("make", draft);
  if (!write_all(file.get(), text) || ::fsync(file.get()) != 0) {
    auto error = failed("write", draft);
    ::unlinkat(folder_, draft.c_str(), 0);
    return error;
  }
  if (::renameat(folder_, draft.c_str(), folder_, path.c_str()) != 0) {
    auto error = failed("rename", draft);
    ::unlinkat(folder_, draft.c_str(), 0);
    return error;
  }
  if (::fsync(folder_) != 0) {
    return fail(ErrorKind::unknown_outcome, "the name may not be kept", {}, std::strerror(errno));
  }
  return {};
}

Result<> LocalhostZone::drop(const std::string& name, const domain::Owner& owner) {
  const auto label = TRY(label_of(name));
  const std::lock_guard lock(mutex_);
  const auto standing = TRY(read(label));
  if (standing.is_free) return {};
  const bool is_ours =
      standing.record && standing.record->owner == owner && owner.store == options_.store;
  if (!is_ours) return not_ours(name);
  const auto path = label + std::string(kSuffix);
  if (::unlinkat(folder_, path.c_str(), 0) != 0 && errno != ENOENT) return failed("remove", path);
  if (::fsync(folder_) != 0) {
    return fail(ErrorKind::unknown_outcome, "the name may still be kept", {}, std::strerror(errno));
  }
  return {};
}

}  // namespace adapter::localhost
