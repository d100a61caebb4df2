#pragma once
// LocalhostZone: names below a parent that always resolves (*.desk.localhost, or any wildcard DNS
// name that points at this machine), so that no DNS is ever changed. What a record would say is
// kept as one small file a name in a folder of ours: durable before put() answers, and there for
// list() at once. A file that is not exactly what we write, or is another store's, is not ours:
// never listed, changed or deleted (S12). Thread-safe; one process a folder (the state folder is
// locked).

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "port/dns_zone.hpp"

namespace adapter::localhost {

struct ZoneOptions {
  std::string folder;  // made (0700) when missing; its parent must exist
  std::string parent = "desk.localhost";
  std::string store;  // identity of the store
};

class LocalhostZone : public port::DnsZone {
 public:
  // invalid: the options are wrong; unavailable: the folder can't be made or opened.
  static base::Result<std::unique_ptr<LocalhostZone>> open(const ZoneOptions& options);
  ~LocalhostZone() override;
  LocalhostZone(const LocalhostZone&) = delete;
  LocalhostZone& operator=(const LocalhostZone&) = delete;

  std::string name_of(const domain::DesktopId& desktop) const override;
  base::Result<std::vector<domain::Record>> list(const domain::MeetingId& meeting) override;
  base::Result<std::vector<domain::Record>> list_all() override;
  base::Result<> put(const domain::Record& record) override;
  base::Result<> drop(const std::string& name, const domain::Owner& owner) override;

 private:
  LocalhostZone(const ZoneOptions& options, int folder) : options_(options), folder_(folder) {}

  base::Result<std::string> label_of(const std::string& name) const;
  // Nothing: no such file. An empty record: something stands there that is not ours.
  struct Standing {
    bool is_free = true;
    std::optional<domain::Record> record;
  };
  base::Result<Standing> read(const std::string& label) const;
  base::Result<> write(const std::string& label, const std::string& text) const;
  base::Result<std::vector<domain::Record>> list_if(
      const std::optional<domain::MeetingId>& meeting) const;
  base::Result<std::vector<std::string>> labels() const;

  const ZoneOptions options_;
  const int folder_;
  std::mutex mutex_;
};

}  // namespace adapter::localhost
