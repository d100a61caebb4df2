#include "adapter/memory/meeting_store.hpp"

#include <algorithm>
#include <charconv>

#include "base/check.hpp"

namespace adapter::memory {
namespace {

using base::ErrorKind;
using base::fail;
using base::Result;
using namespace std::chrono_literals;  // NOLINT: 1h reads better than any alternative

constexpr std::size_t kLoginsMax = 100;
// Longer than they count for: a clock that is ahead for a moment must not forget them for all.
constexpr base::Duration kLaunchesKept = 24h;

auto no_such_meeting() {
  return fail(ErrorKind::not_found, "no such meeting");
}
auto unreadable() {
  return fail(ErrorKind::internal, "this meeting's row can't be read");
}

// Place of a meeting in a list: newest start first, then newest row. As text "<start>~<key>".
using Place = std::pair<std::int64_t, std::int64_t>;

Result<Place> parse_place(const std::string& text) {
  Place place;
  const char* end = text.data() + text.size();
  const auto start = std::from_chars(text.data(), end, place.first);
  if (start.ec == std::errc{} && start.ptr != end && *start.ptr == '~') {
    const auto key = std::from_chars(start.ptr + 1, end, place.second);
    if (key.ec == std::errc{} && key.ptr == end) return place;
  }
  return fail(ErrorKind::invalid, "must be what an earlier page answered", "from");
}

base::Timestamp launch_time(const domain::Meeting& meeting) {
  auto at = meeting.created_at;
  for (const auto& seat : meeting.seats) {
    if (seat.desktop) at = std::max(at, seat.desktop->intent_at);
  }
  return at;
}

}  // namespace

Result<port::Created> MemoryStore::create(const port::Commit& commit,
                                          const std::optional<port::IdempotencyKey>& key) {
  const std::lock_guard lock(mutex_);
  if (key) {
    if (auto made = TRY(replay(*key))) return port::Created{*std::move(made), true};
  }
  if (rows_.contains(commit.meeting.id)) {
    return fail(ErrorKind::conflict, "a meeting with this id exists");
  }
  TRY(take_budget(commit));
  auto& row =
      rows_.emplace(commit.meeting.id, Row{commit.meeting, ++last_key_, 0, {}, key}).first->second;
  write(row, commit, 1);
  return port::Created{row.meeting, false};
}

Result<std::optional<domain::Meeting>> MemoryStore::made_by(const port::IdempotencyKey& key) {
  const std::lock_guard lock(mutex_);
  return replay(key);
}

Result<std::optional<domain::Meeting>> MemoryStore::replay(const port::IdempotencyKey& key) {
  const auto* made = find_replay(key);
  if (made == nullptr) return std::optional<domain::Meeting>();
  if (made->request->body_hash != key.body_hash) {
    return fail(ErrorKind::conflict, "this key was used with another request: use a new one",
                "Idempotency-Key");
  }
  if (spoilt_.contains(made->meeting.id)) return unreadable();
  return std::optional(made->meeting);
}

MemoryStore::Row* MemoryStore::find_replay(const port::IdempotencyKey& key) {
  for (auto& [id, row] : rows_) {
    const auto& made = row.request;
    if (made && made->principal == key.principal && made->key == key.key) return &row;
  }
  return nullptr;
}

Result<domain::Meeting> MemoryStore::load(const domain::MeetingId& id) {
  const std::lock_guard lock(mutex_);
  const auto found = rows_.find(id);
  if (found == rows_.end()) return no_such_meeting();
  if (spoilt_.contains(id)) return unreadable();
  return found->second.meeting;
}

Result<std::uint64_t> MemoryStore::save(const port::Commit& commit) {
  const std::lock_guard lock(mutex_);
  const auto found = rows_.find(commit.meeting.id);
  if (found == rows_.end() || found->second.meeting.version != commit.meeting.version) {
    return fail(ErrorKind::conflict, "the meeting was changed by somebody else: load it again");
  }
  TRY(take_budget(commit));
  write(found->second, commit, commit.meeting.version + 1);
  return found->second.meeting.version;
}

Result<> MemoryStore::take_budget(const port::Commit& commit) {
  if (commit.launches == 0) return {};
  const auto& owner = commit.meeting.owner;
  const auto now = launch_time(commit.meeting);
  std::erase_if(launches_, [&](const Launches& made) { return made.at <= now - kLaunchesKept; });
  std::uint64_t launches = commit.launches;
  std::uint64_t launches_organiser = commit.launches;
  for (const auto& made : launches_) {
    if (made.at <= now - 1h || made.at > now + 1h) continue;  // from further ahead: a wrong clock
    launches += made.count;
    if (made.owner == owner) launches_organiser += made.count;
  }
  std::uint64_t desktops = domain::desktops_owned(commit.meeting);
  std::uint64_t desktops_organiser = desktops;
  for (const auto& [id, row] : rows_) {
    if (id == commit.meeting.id) continue;
    desktops += domain::desktops_owned(row.meeting);
    if (row.meeting.owner == owner) desktops_organiser += domain::desktops_owned(row.meeting);
  }
  const auto& limits = commit.limits;
  if (launches > limits.launches_per_hour ||
      launches_organiser > limits.launches_per_hour_organiser) {
    return fail(ErrorKind::exhausted, "the limit of desktop starts per hour is reached");
  }
  if (desktops > limits.desktops_max || desktops_organiser > limits.desktops_max_organiser) {
    return fail(ErrorKind::exhausted, "the limit of desktops at one time is reached");
  }
  launches_.push_back({now, owner, commit.launches});
  return {};
}

void MemoryStore::write(Row& row, const port::Commit& commit, std::uint64_t version) {
  row.meeting = commit.meeting;
  row.meeting.version = version;
  row.cursor = ++last_cursor_;
  for (auto entry : commit.audit) {
    entry.number = row.audit.size() + 1;
    row.audit.push_back(std::move(entry));
  }
}

Result<> MemoryStore::append_audit(const domain::MeetingId& id,
                                   const std::vector<port::AuditEntry>& entries) {
  const std::lock_guard lock(mutex_);
  const auto found = rows_.find(id);
  if (found == rows_.end()) return no_such_meeting();
  for (auto entry : entries) {
    entry.number = found->second.audit.size() + 1;
    found->second.audit.push_back(std::move(entry));
  }
  return {};
}

Result<std::vector<port::AuditEntry>> MemoryStore::audit(const domain::MeetingId& id) {
  const std::lock_guard lock(mutex_);
  const auto found = rows_.find(id);
  if (found == rows_.end()) return no_such_meeting();
  return found->second.audit;
}

Result<std::vector<domain::MeetingId>> MemoryStore::due(base::Timestamp now, std::size_t limit) {
  const std::lock_guard lock(mutex_);
  std::vector<std::pair<base::Timestamp, domain::MeetingId>> found;
  for (const auto& [id, row] : rows_) {
    const auto& wake = row.meeting.wake_at;
    if (wake && *wake <= now && !spoilt_.contains(id)) found.emplace_back(*wake, id);
  }
  std::sort(found.begin(), found.end());
  std::vector<domain::MeetingId> ids;
  for (auto& [wake, id] : found) {
    if (ids.size() == limit) break;
    ids.push_back(std::move(id));
  }
  return ids;
}

Result<std::optional<base::Timestamp>> MemoryStore::next_wake() {
  const std::lock_guard lock(mutex_);
  std::optional<base::Timestamp> next;
  for (const auto& [id, row] : rows_) {
    const auto& wake = row.meeting.wake_at;
    if (wake && !spoilt_.contains(id) && (!next || *wake < *next)) next = wake;
  }
  return next;
}

Result<port::Page> MemoryStore::list(const std::optional<domain::PrincipalId>& owner,
                                     const std::string& from, std::size_t limit) {
  const std::lock_guard lock(mutex_);
  std::optional<Place> after;
  if (!from.empty()) after = TRY(parse_place(from));
  std::map<Place, const domain::Meeting*, std::greater<>> found;
  for (const auto& [id, row] : rows_) {
    if (spoilt_.contains(id) || (owner && row.meeting.owner != *owner)) continue;
    const Place place(base::to_unix_ms(row.meeting.start.at), row.key);
    if (!after || place < *after) found.emplace(place, &row.meeting);
  }
  port::Page page;
  Place last;
  for (const auto& [place, meeting] : found) {
    if (page.meetings.size() == limit) {
      if (limit > 0) page.next = std::to_string(last.first) + "~" + std::to_string(last.second);
      break;
    }
    page.meetings.push_back(*meeting);
    last = place;
  }
  return page;
}

Result<std::vector<domain::MeetingId>> MemoryStore::live() {
  const std::lock_guard lock(mutex_);
  std::vector<domain::MeetingId> ids;
  for (const auto& [id, row] : rows_) {
    if (!row.meeting.over_at) ids.push_back(id);
  }
  return ids;
}

Result<std::vector<std::pair<std::string, std::string>>> MemoryStore::parked() {
  const std::lock_guard lock(mutex_);
  std::vector<std::pair<std::string, std::string>> rows;
  for (const auto& id : spoilt_) rows.emplace_back(id.text(), "spoilt by a test");
  return rows;
}

Result<std::vector<port::Change>> MemoryStore::changes(std::uint64_t after, std::size_t limit) {
  const std::lock_guard lock(mutex_);
  std::vector<port::Change> found;
  for (const auto& [id, row] : rows_) {
    if (row.cursor > after) found.push_back({row.cursor, id, row.meeting.version});
  }
  std::sort(found.begin(), found.end(),
            [](const auto& left, const auto& right) { return left.cursor < right.cursor; });
  if (found.size() > limit)
    found.erase(found.begin() + static_cast<std::ptrdiff_t>(limit), found.end());
  return found;
}

Result<std::uint64_t> MemoryStore::cursor(const std::string& consumer) {
  const std::lock_guard lock(mutex_);
  const auto found = consumers_.find(consumer);
  return found == consumers_.end() ? 0 : found->second;
}

Result<> MemoryStore::set_cursor(const std::string& consumer, std::uint64_t cursor) {
  const std::lock_guard lock(mutex_);
  consumers_[consumer] = cursor;
  return {};
}

Result<std::size_t> MemoryStore::purge(base::Timestamp before, std::size_t limit) {
  const std::lock_guard lock(mutex_);
  std::vector<std::pair<base::Timestamp, domain::MeetingId>> old;
  for (const auto& [id, row] : rows_) {
    if (row.meeting.over_at && *row.meeting.over_at < before) {
      old.emplace_back(*row.meeting.over_at, id);
    }
  }
  std::sort(old.begin(), old.end());
  if (old.size() > limit) old.erase(old.begin() + static_cast<std::ptrdiff_t>(limit), old.end());
  for (const auto& [over_at, id] : old) {
    rows_.erase(id);
    spoilt_.erase(id);
  }
  return old.size();
}

Result<> MemoryStore::add_key(const port::ApiKey& key) {
  const std::lock_guard lock(mutex_);
  const auto same_hash = [&](const auto& entry) { return entry.second.hash == key.hash; };
  if (keys_.contains(key.principal) || std::any_of(keys_.begin(), keys_.end(), same_hash)) {
    return fail(ErrorKind::conflict, "a key of this name exists: names are never used again");
  }
  keys_.emplace(key.principal, key);
  return {};
}

Result<std::vector<port::ApiKey>> MemoryStore::keys() {
  const std::lock_guard lock(mutex_);
  std::vector<port::ApiKey> all;
  for (const auto& [principal, key] : keys_) all.push_back(key);
  return all;
}

Result<port::ApiKey> MemoryStore::find_key(const std::string& hash) {
  const std::lock_guard lock(mutex_);
  for (const auto& [principal, key] : keys_) {
    if (key.hash == hash) return key;
  }
  return fail(ErrorKind::not_found, "no such key");
}

Result<> MemoryStore::revoke_key(const domain::PrincipalId& principal, base::Timestamp now) {
  const std::lock_guard lock(mutex_);
  const auto found = keys_.find(principal);
  if (found == keys_.end()) return fail(ErrorKind::not_found, "no such key");
  if (!found->second.revoked_at) found->second.revoked_at = now;
  return {};
}

Result<> MemoryStore::add_login(const std::string& code_hash, const domain::PrincipalId& principal,
                                base::Timestamp expires_at) {
  const std::lock_guard lock(mutex_);
  if (!logins_.emplace(code_hash, Login{principal, expires_at}).second) {
    return fail(ErrorKind::conflict, "this login code exists");
  }
  if (logins_.size() > kLoginsMax) {
    logins_.erase(std::min_element(logins_.begin(), logins_.end(), [](auto& left, auto& right) {
      return left.second.expires_at < right.second.expires_at;
    }));
  }
  return {};
}

Result<domain::PrincipalId> MemoryStore::take_login(const std::string& code_hash,
                                                    base::Timestamp now) {
  const std::lock_guard lock(mutex_);
  std::erase_if(logins_, [&](const auto& entry) { return entry.second.expires_at <= now; });
  const auto found = logins_.find(code_hash);
  if (found == logins_.end()) return fail(ErrorKind::not_found, "no such login code");
  const auto principal = found->second.principal;
  logins_.erase(found);
  return principal;
}

void MemoryStore::spoil(const domain::MeetingId& id, bool spoilt) {
  const std::lock_guard lock(mutex_);
  CHECK(rows_.contains(id));
  if (spoilt) {
    spoilt_.insert(id);
  } else {
    spoilt_.erase(id);
  }
}

}  // namespace adapter::memory
