#include "adapter/memory/dns_zone.hpp"

#include "base/id.hpp"

namespace adapter::memory {

using base::ErrorKind;
using base::fail;
using base::Result;
using base::Timestamp;

namespace {

auto unknown(const char* what) {
  return fail(ErrorKind::unknown_outcome, "the DNS provider did not answer in time", {}, what);
}
auto refused(const char* what) {
  return fail(ErrorKind::unavailable, "the DNS provider is not available now", {}, what);
}
auto not_ours(const std::string& name) {
  return fail(ErrorKind::conflict, "a record that is not ours stands there", {}, name);
}

// One label below the parent: never the apex, never a wildcard.
bool is_below(const std::string& name, const std::string& parent) {
  if (name.size() <= parent.size() + 1) return false;
  const auto label = name.substr(0, name.size() - parent.size() - 1);
  return name == label + "." + parent && base::is_label(label);
}

}  // namespace

std::string DnsZone::name_of(const domain::DesktopId& desktop) const {
  return desktop.text() + "." + manners_.parent;
}

Result<std::vector<domain::Record>> DnsZone::list(const domain::MeetingId& meeting) {
  return list_if(meeting);
}

Result<std::vector<domain::Record>> DnsZone::list_all() {
  return list_if(std::nullopt);
}

Result<std::vector<domain::Record>> DnsZone::list_if(
    const std::optional<domain::MeetingId>& meeting) {
  const auto now = clock_.now();
  const std::lock_guard lock(mutex_);
  TRY(enter(now));
  if (failing_lists_ > 0) {
    --failing_lists_;
    return refused("list");
  }
  std::vector<domain::Record> records;
  for (const auto& [name, row] : rows_) {
    if (!row.marked || row.record.owner.store != manners_.store) continue;
    if (meeting && meeting_of(row.record.owner.seat) != meeting) continue;
    if (is_at(row, now - manners_.list_after)) records.push_back(row.record);
  }
  return records;
}

Result<> DnsZone::put(const domain::Record& record) {
  const auto now = clock_.now();
  const std::lock_guard lock(mutex_);
  TRY(enter(now));
  if (!is_below(record.name, manners_.parent)) {
    return fail(ErrorKind::invalid, "this name is not a desktop's", {}, record.name);
  }
  if (record.address.empty()) return fail(ErrorKind::invalid, "a record needs an address");
  if (record.owner.store != manners_.store) {
    return fail(ErrorKind::denied, "this zone is not for that store");
  }
  const auto fate = put_fates_.take();
  switch (fate.kind) {
    case Fate::Kind::normal:
      return put_now(record, now);
    case Fate::Kind::refused:
      return refused("put");
    case Fate::Kind::done_unknown:
      base::ignore(put_now(record, now), "the answer is lost on the way");
      return unknown("put");
    case Fate::Kind::lost_unknown:
      return unknown("put");
    case Fate::Kind::late_unknown:
      late_.push_back({now + fate.delay, record, false});
      return unknown("put");
  }
  return fail(ErrorKind::internal, "no such fate");
}

Result<> DnsZone::put_now(const domain::Record& record, Timestamp now) {
  for (auto [row, end] = rows_.equal_range(record.name); row != end; ++row) {
    if (!is_at(row->second, now)) continue;
    if (!is_ours(row->second, record.owner)) return not_ours(record.name);
    if (row->second.record.generation > record.generation) {
      return fail(ErrorKind::conflict, "a newer record stands there", {}, record.name);
    }
  }
  // What the provider shows us now is all that the change can replace.
  write(record, now, manners_.second_record ? now - manners_.list_after : now);
  return {};
}

void DnsZone::write(const domain::Record& record, Timestamp now, Timestamp seen) {
  bool is_there = false;
  for (auto [row, end] = rows_.equal_range(record.name); row != end; ++row) {
    if (!is_at(row->second, now)) continue;
    if (row->second.record == record && !is_there) {
      is_there = true;
    } else if (is_at(row->second, seen)) {
      row->second.until = now;
    }
  }
  if (!is_there) rows_.emplace(record.name, Row{record, true, now, std::nullopt});
}

Result<> DnsZone::drop(const std::string& name, const domain::Owner& owner) {
  const auto now = clock_.now();
  const std::lock_guard lock(mutex_);
  TRY(enter(now));
  const auto fate = drop_fates_.take();
  switch (fate.kind) {
    case Fate::Kind::normal:
      return drop_now(name, owner, now);
    case Fate::Kind::refused:
      return refused("drop");
    case Fate::Kind::done_unknown:
      base::ignore(drop_now(name, owner, now), "the answer is lost on the way");
      return unknown("drop");
    case Fate::Kind::lost_unknown:
      return unknown("drop");
    case Fate::Kind::late_unknown:
      late_.push_back({now + fate.delay, domain::Record{name, "", owner, 0}, true});
      return unknown("drop");
  }
  return fail(ErrorKind::internal, "no such fate");
}

Result<> DnsZone::drop_now(const std::string& name, const domain::Owner& owner, Timestamp now) {
  for (auto [row, end] = rows_.equal_range(name); row != end; ++row) {
    if (is_at(row->second, now) && !is_ours(row->second, owner)) return not_ours(name);
  }
  const auto seen = manners_.second_record ? now - manners_.list_after : now;
  for (auto [row, end] = rows_.equal_range(name); row != end; ++row) {
    if (is_at(row->second, now) && is_at(row->second, seen)) row->second.until = now;
  }
  return {};
}

void DnsZone::settle(Timestamp now) {
  for (const auto& late : std::exchange(late_, {})) {
    if (late.at > now) {
      late_.push_back(late);
    } else if (late.is_drop) {
      base::ignore(drop_now(late.record.name, late.record.owner, late.at), "nobody waits for it");
    } else {
      write(late.record, late.at, late.at);  // a late write asks nobody what stands there now
    }
  }
  const auto shown_for = manners_.list_after + manners_.resolve_after;
  for (auto row = rows_.begin(); row != rows_.end();) {
    const bool is_past = row->second.until && *row->second.until + shown_for < now;
    row = is_past ? rows_.erase(row) : std::next(row);
  }
}

Result<> DnsZone::enter(Timestamp now) {
  settle(now);
  if (down_) return refused("down");
  if (manners_.calls_max == 0) return {};
  if (locked_until_ && now < *locked_until_) return refused("too many requests");
  while (!calls_.empty() && calls_.front() + manners_.calls_within <= now) calls_.pop_front();
  if (calls_.size() >= manners_.calls_max) {
    locked_until_ = now + manners_.locked_for;
    calls_.clear();
    return refused("too many requests");
  }
  calls_.push_back(now);
  return {};
}

bool DnsZone::is_at(const Row& row, Timestamp as_of) {
  return row.from <= as_of && (!row.until || as_of < *row.until);
}

bool DnsZone::is_ours(const Row& row, const domain::Owner& owner) const {
  return row.marked && row.record.owner.store == manners_.store && row.record.owner == owner;
}

void DnsZone::plant(const domain::Record& record) {
  const auto now = clock_.now();
  const std::lock_guard lock(mutex_);
  rows_.emplace(record.name, Row{record, true, now - std::chrono::hours(1), std::nullopt});
}

void DnsZone::plant_unmarked(const std::string& name, const std::string& address) {
  const auto now = clock_.now();
  const auto nobody = domain::SeatId::parse("nobody");
  const std::lock_guard lock(mutex_);
  rows_.emplace(name, Row{domain::Record{name, address, {"", *nobody, 0}, 0}, false,
                          now - std::chrono::hours(1), std::nullopt});
}

void DnsZone::remove(const std::string& name) {
  const auto now = clock_.now();
  const std::lock_guard lock(mutex_);
  for (auto [row, end] = rows_.equal_range(name); row != end; ++row) {
    if (is_at(row->second, now)) row->second.until = now;
  }
}

void DnsZone::next_put(Fate fate) {
  const std::lock_guard lock(mutex_);
  put_fates_.push(fate);
}

void DnsZone::next_drop(Fate fate) {
  const std::lock_guard lock(mutex_);
  drop_fates_.push(fate);
}

void DnsZone::fail_lists(std::uint32_t count) {
  const std::lock_guard lock(mutex_);
  failing_lists_ = count;
}

void DnsZone::set_down(bool down) {
  const std::lock_guard lock(mutex_);
  down_ = down;
}

std::vector<domain::Record> DnsZone::truth() {
  const auto now = clock_.now();
  const std::lock_guard lock(mutex_);
  settle(now);
  std::vector<domain::Record> records;
  for (const auto& [name, row] : rows_) {
    if (row.marked && is_at(row, now)) records.push_back(row.record);
  }
  return records;
}

std::vector<std::string> DnsZone::addresses(const std::string& name) {
  const auto now = clock_.now();
  const std::lock_guard lock(mutex_);
  settle(now);
  std::vector<std::string> found;
  for (auto [row, end] = rows_.equal_range(name); row != end; ++row) {
    if (is_at(row->second, now)) found.push_back(row->second.record.address);
  }
  return found;
}

std::vector<std::string> DnsZone::resolve(const std::string& name) {
  const auto now = clock_.now();
  const auto as_of = now - manners_.list_after - manners_.resolve_after;
  const std::lock_guard lock(mutex_);
  settle(now);
  std::vector<std::string> found;
  for (auto [row, end] = rows_.equal_range(name); row != end; ++row) {
    if (is_at(row->second, as_of)) found.push_back(row->second.record.address);
  }
  return found;
}

}  // namespace adapter::memory
