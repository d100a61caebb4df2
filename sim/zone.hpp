#pragma once
// Zone: records with our mark. What is accepted is true at once; lists show it zone_lag later, and
// resolvers resolve_lag after that, unless they remember that there was nothing (W11, F15).

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "port/dns_zone.hpp"
#include "scheduler.hpp"

namespace sim {

class World;

class Zone {
 public:
  explicit Zone(World& world) : world_(world) {}

  static std::string name_of(const domain::DesktopId& desktop);
  std::vector<domain::Record> list(const std::optional<domain::MeetingId>& meeting) const;
  base::Result<> put(const domain::Record& record);
  base::Result<> drop(const std::string& name, const domain::Owner& owner);

  // What the world does and sees.
  std::optional<std::string> resolve(const std::string& name);
  void remove_by_hand(const std::string& name);
  void plant(const domain::Record& record);
  void plant_stranger(const std::string& name);
  void set_down(Timestamp until) { down_until_ = until; }
  bool down() const;
  void heal() { down_until_ = Timestamp{}; }

  std::vector<domain::Record> truth() const;
  std::optional<domain::Record> truth_of(const std::string& name) const;
  bool ever_had(const std::string& name, const std::string& address) const;
  // Since when this record stands there.
  std::optional<Timestamp> since(const std::string& name) const;

 private:
  struct Version {
    Timestamp at;
    std::optional<domain::Record> record;
  };
  struct Name {
    std::vector<Version> history;
    Timestamp nothing_until;  // the resolver remembers that there was nothing
    bool stranger = false;
  };
  static const std::optional<domain::Record>* as_of(const Name& name, Timestamp at);
  void write(const std::string& name, std::optional<domain::Record> record);

  World& world_;
  std::map<std::string, Name> names_;
  Timestamp down_until_;
};

}  // namespace sim
