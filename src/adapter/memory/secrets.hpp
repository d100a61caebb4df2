#pragma once
// Secrets: held in memory, by name. put() makes the newest version and keeps one older beside it,
// as while a secret is being rotated. Thread-safe.

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "port/secrets.hpp"

namespace adapter::memory {

class Secrets : public port::Secrets {
 public:
  base::Result<std::vector<base::Secret>> fetch(std::string_view name) override;

  void put(const std::string& name, base::Secret value);
  void retire_old(const std::string& name);  // only the newest version stays
  void remove(const std::string& name);
  // Every fetch of this name fails with `kind` until it is allowed again.
  void refuse(const std::string& name, base::ErrorKind kind);
  void allow(const std::string& name);

 private:
  std::mutex mutex_;
  std::map<std::string, std::vector<base::Secret>, std::less<>> versions_;
  std::map<std::string, base::ErrorKind, std::less<>> refused_;
};

}  // namespace adapter::memory
