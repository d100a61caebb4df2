#include <algorithm>
#include <charconv>
#include <limits>

#include "adapter/sqlite/store.hpp"
#include "domain/meeting_json.hpp"

// What reads meetings. Each read is one statement, so it sees one state of the store.

namespace adapter::sqlite {
namespace {

using base::ErrorKind;
using base::fail;
using base::Result;

constexpr std::size_t kParkedMax = 10'000;

// Place of a meeting in a list: newest start first, then newest row. As text "<start>~<key>".
struct Place {
  std::int64_t start = std::numeric_limits<std::int64_t>::max();
  std::int64_t key = std::numeric_limits<std::int64_t>::max();
};

Result<Place> parse_place(const std::string& text) {
  Place place;
  const char* end = text.data() + text.size();
  const auto start = std::from_chars(text.data(), end, place.start);
  if (start.ec == std::errc{} && start.ptr != end && *start.ptr == '~') {
    const auto key = std::from_chars(start.ptr + 1, end, place.key);
    if (key.ec == std::errc{} && key.ptr == end) return place;
  }
  return fail(ErrorKind::invalid, "must be what an earlier page answered", "from");
}

Result<domain::Meeting> decode(std::string_view id, std::int64_t version, std::string_view body) {
  auto meeting = TRY(domain::meeting_from_json(body));
  if (meeting.id.text() != id) return fail(ErrorKind::invalid, "the row holds another meeting");
  if (version < 1) return fail(ErrorKind::invalid, "the version is not a number from 1");
  meeting.version = static_cast<std::uint64_t>(version);
  return meeting;
}

// Both halves are ordered by an index each; meetings that are over hardly ever have a wake.
constexpr std::string_view kWakes =
    "SELECT id, version, body, wake_at FROM meetings WHERE over_at IS NULL AND wake_at <= ?1 "
    "UNION ALL "
    "SELECT id, version, body, wake_at FROM meetings "
    "WHERE over_at IS NOT NULL AND wake_at IS NOT NULL AND wake_at <= ?1 ORDER BY wake_at, id";
constexpr std::string_view kNextWakes =
    "SELECT id, wake_at FROM meetings WHERE over_at IS NULL AND wake_at IS NOT NULL "
    "UNION ALL "
    "SELECT id, wake_at FROM meetings WHERE over_at IS NOT NULL AND wake_at IS NOT NULL "
    "ORDER BY wake_at, id";

constexpr std::string_view kListAll =
    "SELECT id, version, body, start, key FROM meetings WHERE (start, key) < (?, ?) "
    "ORDER BY start DESC, key DESC";
constexpr std::string_view kListOwn =
    "SELECT id, version, body, start, key FROM meetings WHERE owner = ? AND (start, key) < (?, ?) "
    "ORDER BY start DESC, key DESC";

}  // namespace

Result<domain::Meeting> SqliteStore::read_meeting(const Query& row) {
  auto meeting = decode(row.text(0), row.integer(1), row.text(2));
  const std::lock_guard lock(parked_mutex_);
  const auto found = parked_.find(row.text(0));
  if (meeting) {
    if (found != parked_.end()) parked_.erase(found);
    return meeting;
  }
  const auto& why = meeting.error().message;
  if (found != parked_.end()) {
    found->second = why;
  } else if (parked_.size() < kParkedMax) {
    parked_.emplace(row.text(0), why);
  }
  return fail(ErrorKind::internal, "this meeting's row can't be read", "",
              std::string(row.text(0)) + ": " + why);
}

Result<domain::Meeting> SqliteStore::load(const domain::MeetingId& id) {
  auto reader = TRY(readers_.take());
  auto row = reader->query("SELECT id, version, body FROM meetings WHERE id = ?");
  row.bind(std::string_view(id.text()));
  if (!TRY(row.step())) return fail(ErrorKind::not_found, "no such meeting");
  return read_meeting(row);
}

Result<std::optional<domain::Meeting>> SqliteStore::made_by(const port::IdempotencyKey& key) {
  auto reader = TRY(readers_.take());
  return replay(*reader, key);
}

Result<std::optional<domain::Meeting>> SqliteStore::replay(Connection& connection,
                                                           const port::IdempotencyKey& key) {
  auto row = connection.query(
      "SELECT id, version, body, request_hash FROM meetings "
      "WHERE request_owner = ? AND request_key = ?");
  row.bind(std::string_view(key.principal.text())).bind(std::string_view(key.key));
  if (!TRY(row.step())) return std::optional<domain::Meeting>();
  if (row.text(3) != key.body_hash) {
    return fail(ErrorKind::conflict, "this key was used with another request: use a new one",
                "Idempotency-Key");
  }
  return std::optional(TRY(read_meeting(row)));
}

Result<std::vector<port::AuditEntry>> SqliteStore::audit(const domain::MeetingId& id) {
  auto reader = TRY(readers_.take());
  // The outer join tells a meeting without audit from no meeting.
  auto row = reader->query(
      "SELECT number, at, kind, actor, action, target, result, detail FROM meetings "
      "LEFT JOIN audit ON audit.meeting = meetings.key WHERE meetings.id = ? ORDER BY number");
  row.bind(std::string_view(id.text()));
  std::vector<port::AuditEntry> entries;
  bool found = false;
  while (TRY(row.step())) {
    found = true;
    if (row.is_null(0)) break;
    entries.push_back({static_cast<std::uint64_t>(row.integer(0)), row.instant(1),
                       static_cast<port::AuditEntry::Kind>(row.integer(2)),
                       std::string(row.text(3)), std::string(row.text(4)), std::string(row.text(5)),
                       std::string(row.text(6)), std::string(row.text(7))});
  }
  if (!found) return fail(ErrorKind::not_found, "no such meeting");
  return entries;
}

Result<std::vector<domain::MeetingId>> SqliteStore::due(base::Timestamp now, std::size_t limit) {
  auto reader = TRY(readers_.take());
  auto row = reader->query(kWakes);
  row.bind(now);
  std::vector<domain::MeetingId> ids;
  while (ids.size() < limit && TRY(row.step())) {
    if (auto meeting = read_meeting(row)) ids.push_back(std::move(meeting->id));
  }
  return ids;
}

Result<std::optional<base::Timestamp>> SqliteStore::next_wake() {
  auto reader = TRY(readers_.take());
  auto row = reader->query(kNextWakes);
  while (TRY(row.step())) {
    if (!is_parked(row.text(0))) return row.maybe_instant(1);
  }
  return std::nullopt;
}

Result<port::Page> SqliteStore::list(const std::optional<domain::PrincipalId>& owner,
                                     const std::string& from, std::size_t limit) {
  Place after;
  if (!from.empty()) after = TRY(parse_place(from));
  auto reader = TRY(readers_.take());
  auto row = reader->query(owner ? kListOwn : kListAll);
  if (owner) row.bind(std::string_view(owner->text()));
  row.bind(after.start).bind(after.key);
  port::Page page;
  Place last;
  while (limit > 0 && TRY(row.step())) {
    auto meeting = read_meeting(row);
    if (!meeting) continue;
    if (page.meetings.size() == limit) {
      page.next = std::to_string(last.start) + "~" + std::to_string(last.key);
      break;
    }
    last = {row.integer(3), row.integer(4)};
    page.meetings.push_back(*std::move(meeting));
  }
  return page;
}

Result<std::vector<domain::MeetingId>> SqliteStore::live() {
  auto reader = TRY(readers_.take());
  auto row = reader->query("SELECT id FROM meetings WHERE over_at IS NULL");
  std::vector<domain::MeetingId> ids;
  while (TRY(row.step())) {
    // A row whose very id is damaged can't be the row of anything outside.
    if (auto id = domain::MeetingId::parse(row.text(0))) ids.push_back(*std::move(id));
  }
  std::sort(ids.begin(), ids.end());
  return ids;
}

Result<std::vector<port::Change>> SqliteStore::changes(std::uint64_t after, std::size_t limit) {
  auto reader = TRY(readers_.take());
  auto row = reader->query(
      "SELECT cursor, id, version FROM meetings WHERE cursor > ? ORDER BY cursor LIMIT ?");
  row.bind(static_cast<std::int64_t>(after)).bind(static_cast<std::int64_t>(limit));
  std::vector<port::Change> found;
  while (TRY(row.step())) {
    auto id = domain::MeetingId::parse(row.text(1));
    if (!id) continue;
    found.push_back({static_cast<std::uint64_t>(row.integer(0)), *std::move(id),
                     static_cast<std::uint64_t>(row.integer(2))});
  }
  return found;
}

Result<std::uint64_t> SqliteStore::cursor(const std::string& consumer) {
  auto reader = TRY(readers_.take());
  auto row = reader->query("SELECT cursor FROM consumers WHERE name = ?");
  row.bind(std::string_view(consumer));
  if (!TRY(row.step())) return 0;
  return static_cast<std::uint64_t>(row.integer(0));
}

}  // namespace adapter::sqlite
