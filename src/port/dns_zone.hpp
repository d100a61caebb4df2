#pragma once
// DnsZone: A records with our owner mark, below one parent domain that is ours alone (apex and
// wildcard are never touched). Thread-safe; every call is bounded in time (30 s).

#include <string>
#include <vector>

#include "base/result.hpp"
#include "domain/outside.hpp"

namespace port {

class DnsZone {
 public:
  virtual ~DnsZone() = default;

  // The full name of a desktop: "<desktop>.<parent domain>". Pure.
  virtual std::string name_of(const domain::DesktopId& desktop) const = 0;

  // Our records of one meeting, read from the provider itself (not from a resolver). Complete or an
  // error. A record without our mark, or of another store, is not listed.
  virtual base::Result<std::vector<domain::Record>> list(const domain::MeetingId& meeting) = 0;
  virtual base::Result<std::vector<domain::Record>> list_all() = 0;

  // Makes `record.name` say exactly this address, with our mark. Idempotent on (name, generation);
  // conflict when a newer generation stands there (S13) or a record without our mark does (S12).
  // Success means accepted; list() shows when it is there.
  virtual base::Result<> put(const domain::Record& record) = 0;

  // Removes the record of this name if it carries our mark for this owner. Nothing there is
  // success; a record that is not ours is conflict.
  virtual base::Result<> drop(const std::string& name, const domain::Owner& owner) = 0;
};

}  // namespace port
