#pragma once
// Secrets in files of one folder, each mode 0600: "<name>", one version a line in URL-safe base64,
// newest first. Those named in `make` are made on first use from 32 bytes of entropy; others are
// not_found until somebody puts them there. Read again when older than a minute, so that a rotation
// (rotate(), or an operator's hand) takes effect without a restart. Thread-safe.

#include <map>
#include <mutex>
#include <set>
#include <string>

#include "port/clock.hpp"
#include "port/entropy.hpp"
#include "port/secrets.hpp"

namespace adapter::file {

class Secrets final : public port::Secrets {
 public:
  Secrets(std::string folder, std::set<std::string> make, port::Entropy& entropy,
          port::Clock& clock);

  base::Result<std::vector<base::Secret>> fetch(std::string_view name) override;

  // Puts a new version before the newest and keeps that one; older ones go. What was signed with
  // the kept version stays good until the next rotation.
  base::Result<> rotate(std::string_view name);

 private:
  struct Cached {
    std::vector<base::Secret> versions;
    base::Duration read_at{0};
  };
  base::Result<std::vector<base::Secret>> read(const std::string& name);
  base::Result<std::vector<base::Secret>> read_or_make(const std::string& name);
  base::Result<> write(const std::string& name, const std::vector<base::Secret>& versions,
                       bool only_new);

  const std::string folder_;
  const std::set<std::string> make_;
  port::Entropy& entropy_;
  port::Clock& clock_;
  std::mutex mutex_;
  std::map<std::string, Cached> cache_;
};

}  // namespace adapter::file
