#include "adapter/memory/secrets.hpp"

namespace adapter::memory {

base::Result<std::vector<base::Secret>> Secrets::fetch(std::string_view name) {
  const std::lock_guard lock(mutex_);
  const std::string label = "secret " + std::string(name);
  if (const auto refused = refused_.find(name); refused != refused_.end()) {
    return base::fail(refused->second, label + " can't be read", {}, "refused by a test control");
  }
  const auto found = versions_.find(name);
  if (found == versions_.end())
    return base::fail(base::ErrorKind::not_found, label + " is unknown");
  return found->second;
}

void Secrets::put(const std::string& name, base::Secret value) {
  const std::lock_guard lock(mutex_);
  auto& versions = versions_[name];
  versions.insert(versions.begin(), std::move(value));
  if (versions.size() > 2) versions.resize(2);
}

void Secrets::retire_old(const std::string& name) {
  const std::lock_guard lock(mutex_);
  if (const auto found = versions_.find(name); found != versions_.end()) found->second.resize(1);
}

void Secrets::remove(const std::string& name) {
  const std::lock_guard lock(mutex_);
  versions_.erase(name);
}

void Secrets::refuse(const std::string& name, base::ErrorKind kind) {
  const std::lock_guard lock(mutex_);
  refused_.insert_or_assign(name, kind);
}

void Secrets::allow(const std::string& name) {
  const std::lock_guard lock(mutex_);
  refused_.erase(name);
}

}  // namespace adapter::memory
