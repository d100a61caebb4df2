#include "zone.hpp"

#include <algorithm>

#include "world.hpp"

namespace sim {

using base::ErrorKind;
using base::fail;
using base::Result;

namespace {
constexpr const char* kParent = ".desk.example.org";
constexpr Duration kNegativeLife = 10s;
}  // namespace

std::string Zone::name_of(const domain::DesktopId& desktop) {
  return desktop.text() + kParent;
}

bool Zone::down() const {
  return world_.now() < down_until_;
}

const std::optional<domain::Record>* Zone::as_of(const Name& name, Timestamp at) {
  const std::optional<domain::Record>* found = nullptr;
  for (const auto& version : name.history) {
    if (version.at > at) break;
    found = &version.record;
  }
  return found;
}

std::vector<domain::Record> Zone::list(const std::optional<domain::MeetingId>& meeting) const {
  const auto at = world_.now() - world_.swarm().zone_lag;
  std::vector<domain::Record> records;
  for (const auto& [text, name] : names_) {
    const auto* record = as_of(name, at);
    if (record == nullptr || !*record || (*record)->owner.store != world_.store_identity()) {
      continue;
    }
    if (meeting && !domain::belongs_to((*record)->owner.seat, *meeting)) continue;
    records.push_back(**record);
  }
  return records;
}

void Zone::write(const std::string& name, std::optional<domain::Record> record) {
  auto& history = names_[name].history;
  if (history.size() > 16) history.erase(history.begin(), history.begin() + 8);
  history.push_back({world_.now(), std::move(record)});
}

Result<> Zone::put(const domain::Record& record) {
  const auto there = truth_of(record.name);
  if (names_[record.name].stranger) {
    world_.probe("put: a stranger's record stands there");
    return fail(ErrorKind::conflict, "a record that is not ours stands there");
  }
  if (there && there->generation > record.generation) {
    world_.probe("put: a newer record stands there");
    return fail(ErrorKind::conflict, "a newer record stands there");
  }
  if (there == record) return {};
  world_.checks().putting(record);
  world_.trace("dns", "put", record.name, record.address);
  write(record.name, record);
  return {};
}

Result<> Zone::drop(const std::string& name, const domain::Owner& owner) {
  const auto there = truth_of(name);
  if (names_[name].stranger || (there && there->owner != owner)) {
    return fail(ErrorKind::conflict, "a record that is not ours stands there");
  }
  if (!there) return {};
  world_.checks().dropping(*there);
  world_.trace("dns", "drop", name);
  write(name, std::nullopt);
  return {};
}

std::optional<std::string> Zone::resolve(const std::string& text) {
  const auto found = names_.find(text);
  if (found == names_.end()) return std::nullopt;
  Name& name = found->second;
  const auto now = world_.now();
  if (now < name.nothing_until) {
    world_.probe("resolver: remembers that there was nothing");
    return std::nullopt;
  }
  const auto* record = as_of(name, now - world_.swarm().zone_lag - world_.swarm().resolve_lag);
  if (record != nullptr && *record) return (*record)->address;
  name.nothing_until = now + kNegativeLife;
  return std::nullopt;
}

void Zone::remove_by_hand(const std::string& name) {
  world_.trace("world", "removes record", name);
  write(name, std::nullopt);
}

void Zone::plant(const domain::Record& record) {
  world_.trace("world", "plants record", record.name, record.address);
  write(record.name, record);
}

void Zone::plant_stranger(const std::string& name) {
  if (names_[name].history.empty()) names_[name].stranger = true;
}

std::vector<domain::Record> Zone::truth() const {
  std::vector<domain::Record> records;
  for (const auto& [text, name] : names_) {
    if (!name.history.empty() && name.history.back().record) {
      records.push_back(*name.history.back().record);
    }
  }
  return records;
}

std::optional<domain::Record> Zone::truth_of(const std::string& name) const {
  const auto found = names_.find(name);
  if (found == names_.end() || found->second.history.empty()) return std::nullopt;
  return found->second.history.back().record;
}

bool Zone::ever_had(const std::string& name, const std::string& address) const {
  const auto found = names_.find(name);
  return found != names_.end() &&
         std::any_of(found->second.history.begin(), found->second.history.end(),
                     [&](const Version& version) {
                       return version.record && version.record->address == address;
                     });
}

std::optional<Timestamp> Zone::since(const std::string& name) const {
  const auto found = names_.find(name);
  if (found == names_.end() || found->second.history.empty()) return std::nullopt;
  return found->second.history.back().at;
}

}  // namespace sim
