#include "adapter/file/secrets.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "adapter/file/private_file.hpp"
#include "base/crypto.hpp"

namespace adapter::file {
namespace {

using base::ErrorKind;
using base::fail;

constexpr auto kCacheFor = std::chrono::minutes(1);
constexpr std::size_t kSecretBytes = 32;
constexpr std::size_t kBytesMin = 16;
constexpr std::size_t kVersionsKept = 2;

bool is_name(std::string_view name) {
  return !name.empty() && name.size() <= 64 && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
}

}  // namespace

Secrets::Secrets(std::string folder, std::set<std::string> make, port::Entropy& entropy,
                 port::Clock& clock)
    : folder_(std::move(folder)), make_(std::move(make)), entropy_(entropy), clock_(clock) {}

base::Result<std::vector<base::Secret>> Secrets::fetch(std::string_view name) {
  if (!is_name(name)) return fail(ErrorKind::not_found, "no secret has such a name");
  const std::string key(name);
  const std::lock_guard lock(mutex_);
  const auto now = clock_.since_boot();
  const auto known = cache_.find(key);
  if (known != cache_.end() && now - known->second.read_at < kCacheFor)
    return known->second.versions;
  auto versions = TRY(read_or_make(key));
  cache_[key] = {versions, now};
  return versions;
}

base::Result<> Secrets::rotate(std::string_view name) {
  if (!is_name(name)) return fail(ErrorKind::not_found, "no secret has such a name");
  const std::string key(name);
  const std::lock_guard lock(mutex_);
  auto versions = TRY(read_or_make(key));
  versions.insert(versions.begin(), base::Secret(entropy_.bytes(kSecretBytes)));
  if (versions.size() > kVersionsKept) versions.resize(kVersionsKept);
  cache_.erase(key);
  return write(key, versions, false);
}

base::Result<std::vector<base::Secret>> Secrets::read_or_make(const std::string& name) {
  auto versions = read(name);
  if (versions || versions.error().kind != ErrorKind::not_found || !make_.contains(name)) {
    return versions;
  }
  const auto made = write(name, {base::Secret(entropy_.bytes(kSecretBytes))}, true);
  if (!made && made.error().kind != ErrorKind::conflict) return tl::unexpected(made.error());
  return read(name);  // ours, or that of whoever was faster
}

base::Result<std::vector<base::Secret>> Secrets::read(const std::string& name) {
  const auto path = folder_ + "/" + name;
  const auto content = TRY(read_private(path));
  std::vector<base::Secret> versions;
  auto rest = content.reveal();
  while (!rest.empty()) {
    const auto end = std::min(rest.find('\n'), rest.size());
    const auto line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (line.empty()) continue;
    auto bytes = base::from_base64url(line);
    if (!bytes || bytes->size() < kBytesMin) {
      return fail(ErrorKind::invalid,
                  fmt::format("{}: each line must be at least 16 bytes in URL-safe base64", path));
    }
    versions.emplace_back(*std::move(bytes));
  }
  if (versions.empty()) return fail(ErrorKind::invalid, fmt::format("{}: is empty", path));
  return versions;
}

base::Result<> Secrets::write(const std::string& name, const std::vector<base::Secret>& versions,
                              bool only_new) {
  std::string text;
  for (const auto& version : versions) text += base::to_base64url(version.reveal()) + "\n";
  return write_private(folder_ + "/" + name, base::Secret(std::move(text)), only_new);
}

}  // namespace adapter::file
