#include <algorithm>

#include "adapter/sqlite/store.hpp"
#include "base/check.hpp"
#include "domain/meeting_json.hpp"

// What changes meetings. Each write is one piece of work for the group commit: all of it or
// nothing.

namespace adapter::sqlite {
namespace {

using base::ErrorKind;
using base::fail;
using base::Result;
using namespace std::chrono_literals;  // NOLINT: 1h reads better than any alternative

// Longer than they count for: a clock that is ahead for a moment must not forget them for all.
constexpr base::Duration kLaunchesKept = 24h;

// When the launches of this write were decided: the store has no clock of its own.
base::Timestamp launch_time(const domain::Meeting& meeting) {
  auto at = meeting.created_at;
  for (const auto& seat : meeting.seats) {
    if (seat.desktop) at = std::max(at, seat.desktop->intent_at);
  }
  return at;
}

struct Used {
  std::int64_t all = 0;
  std::int64_t organiser = 0;
};

// In the hour before `now`, and in the one after it: another host's clock may be ahead. From
// further ahead it was a wrong one.
Result<Used> launches_around(Connection& connection, base::Timestamp now, std::string_view owner) {
  auto row = connection.query(
      "SELECT coalesce(sum(count), 0), coalesce(sum(count) FILTER (WHERE owner = ?), 0) "
      "FROM launches WHERE at > ? AND at <= ?");
  row.bind(owner).bind(now - 1h).bind(now + 1h);
  CHECK(TRY(row.step()));
  return Used{row.integer(0), row.integer(1)};
}

Result<Used> desktops_of_others(Connection& connection, const domain::Meeting& meeting) {
  auto row = connection.query(
      "SELECT coalesce(sum(desktops), 0), coalesce(sum(desktops) FILTER (WHERE owner = ?), 0) "
      "FROM meetings INDEXED BY meetings_desktops WHERE desktops > 0 AND id <> ?");
  row.bind(std::string_view(meeting.owner.text())).bind(std::string_view(meeting.id.text()));
  CHECK(TRY(row.step()));
  return Used{row.integer(0), row.integer(1)};
}

// Budgets are checked in the write that needs them, so that two writes can't both take the last
// (S20).
Result<> take_budget(Connection& connection, const port::Commit& commit) {
  if (commit.launches == 0) return {};
  const std::string_view owner = commit.meeting.owner.text();
  const auto now = launch_time(commit.meeting);
  TRY(connection.query("DELETE FROM launches WHERE at <= ?").bind(now - kLaunchesKept).run());
  const auto launched = TRY(launches_around(connection, now, owner));
  const auto& limits = commit.limits;
  if (launched.all + commit.launches > limits.launches_per_hour ||
      launched.organiser + commit.launches > limits.launches_per_hour_organiser) {
    return fail(ErrorKind::exhausted, "the limit of desktop starts per hour is reached");
  }
  const auto others = TRY(desktops_of_others(connection, commit.meeting));
  const std::int64_t own = domain::desktops_owned(commit.meeting);
  if (others.all + own > limits.desktops_max ||
      others.organiser + own > limits.desktops_max_organiser) {
    return fail(ErrorKind::exhausted, "the limit of desktops at one time is reached");
  }
  return connection.query("INSERT INTO launches (at, owner, count) VALUES (?, ?, ?)")
      .bind(now)
      .bind(owner)
      .bind(std::int64_t{commit.launches})
      .run();
}

Result<> insert_audit(Connection& connection, std::int64_t meeting, std::int64_t last,
                      const std::vector<port::AuditEntry>& entries) {
  for (const auto& entry : entries) {
    TRY(connection
            .query("INSERT INTO audit (meeting, number, at, kind, actor, action, target, result, "
                   "detail) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)")
            .bind(meeting)
            .bind(++last)
            .bind(entry.at)
            .bind(std::int64_t{static_cast<int>(entry.kind)})
            .bind(std::string_view(entry.actor))
            .bind(std::string_view(entry.action))
            .bind(std::string_view(entry.target))
            .bind(std::string_view(entry.result))
            .bind(std::string_view(entry.detail))
            .run());
  }
  return {};
}

Result<> add_audit(Connection& connection, std::int64_t meeting,
                   const std::vector<port::AuditEntry>& entries) {
  if (entries.empty()) return {};
  std::int64_t last = 0;
  {
    auto row = connection.query("SELECT coalesce(max(number), 0) FROM audit WHERE meeting = ?");
    row.bind(meeting);
    CHECK(TRY(row.step()));
    last = row.integer(0);
  }
  return insert_audit(connection, meeting, last, entries);
}

// The columns that are searched, from the meeting that the body holds.
Query& bind_columns(Query& query, const domain::Meeting& meeting, std::uint64_t cursor,
                    const std::string& body) {
  return query.bind(std::string_view(meeting.owner.text()))
      .bind(meeting.start.at)
      .bind(meeting.wake_at)
      .bind(meeting.over_at)
      .bind(std::int64_t{domain::desktops_owned(meeting)})
      .bind(static_cast<std::int64_t>(cursor))
      .bind(std::string_view(body));
}

}  // namespace

Result<port::Created> SqliteStore::create(const port::Commit& commit,
                                          const std::optional<port::IdempotencyKey>& key) {
  const auto body = domain::to_json(commit.meeting);
  port::Created created{commit.meeting, false};
  TRY(writer_.run([&](Connection& connection) -> Result<> {
    created = TRY(create_in(connection, commit, body, key));
    return {};
  }));
  return created;
}

Result<port::Created> SqliteStore::create_in(Connection& connection, const port::Commit& commit,
                                             const std::string& body,
                                             const std::optional<port::IdempotencyKey>& key) {
  if (key) {
    if (auto made = TRY(replay(connection, *key))) return port::Created{*std::move(made), true};
  }
  TRY(take_budget(connection, commit));
  {
    auto insert = connection.query(
        "INSERT INTO meetings (id, version, request_owner, request_key, request_hash, owner, "
        "start, "
        "wake_at, over_at, desktops, cursor, body) VALUES (?, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (id) DO NOTHING");
    insert.bind(std::string_view(commit.meeting.id.text()));
    if (key) {
      insert.bind(std::string_view(key->principal.text()))
          .bind(std::string_view(key->key))
          .bind(std::string_view(key->body_hash));
    } else {
      insert.bind_null().bind_null().bind_null();
    }
    TRY(bind_columns(insert, commit.meeting, ++last_cursor_, body).run());
  }
  if (connection.rows_changed() == 0) {
    return fail(ErrorKind::conflict, "a meeting with this id exists");
  }
  TRY(insert_audit(connection, sqlite3_last_insert_rowid(connection.handle()), 0, commit.audit));
  port::Created created{commit.meeting, false};
  created.meeting.version = 1;
  return created;
}

Result<std::uint64_t> SqliteStore::save(const port::Commit& commit) {
  const auto body = domain::to_json(commit.meeting);
  std::uint64_t version = 0;
  TRY(writer_.run([&](Connection& connection) -> Result<> {
    version = TRY(save_in(connection, commit, body));
    return {};
  }));
  return version;
}

Result<std::uint64_t> SqliteStore::save_in(Connection& connection, const port::Commit& commit,
                                           const std::string& body) {
  std::int64_t key = 0;
  {
    auto row = connection.query("SELECT key FROM meetings WHERE id = ? AND version = ?");
    row.bind(std::string_view(commit.meeting.id.text()))
        .bind(static_cast<std::int64_t>(commit.meeting.version));
    if (!TRY(row.step())) {
      return fail(ErrorKind::conflict, "the meeting was changed by somebody else: load it again");
    }
    key = row.integer(0);
  }
  TRY(take_budget(connection, commit));
  {
    auto update = connection.query(
        "UPDATE meetings SET owner = ?, start = ?, wake_at = ?, over_at = ?, desktops = ?, "
        "cursor = ?, body = ?, version = version + 1 WHERE key = ?");
    TRY(bind_columns(update, commit.meeting, ++last_cursor_, body).bind(key).run());
  }
  TRY(add_audit(connection, key, commit.audit));
  return commit.meeting.version + 1;
}

Result<> SqliteStore::append_audit(const domain::MeetingId& id,
                                   const std::vector<port::AuditEntry>& entries) {
  return writer_.run([&](Connection& connection) -> Result<> {
    std::int64_t key = 0;
    {
      auto row = connection.query("SELECT key FROM meetings WHERE id = ?");
      row.bind(std::string_view(id.text()));
      if (!TRY(row.step())) return fail(ErrorKind::not_found, "no such meeting");
      key = row.integer(0);
    }
    return add_audit(connection, key, entries);
  });
}

Result<> SqliteStore::set_cursor(const std::string& consumer, std::uint64_t cursor) {
  return writer_.run([&](Connection& connection) {
    return connection
        .query(
            "INSERT INTO consumers (name, cursor) VALUES (?, ?) "
            "ON CONFLICT (name) DO UPDATE SET cursor = excluded.cursor")
        .bind(std::string_view(consumer))
        .bind(static_cast<std::int64_t>(cursor))
        .run();
  });
}

Result<std::size_t> SqliteStore::purge(base::Timestamp before, std::size_t limit) {
  std::size_t purged = 0;
  TRY(writer_.run([&](Connection& connection) -> Result<> {
    purged = TRY(purge_in(connection, before, limit));
    return {};
  }));
  return purged;
}

Result<std::size_t> SqliteStore::purge_in(Connection& connection, base::Timestamp before,
                                          std::size_t limit) {
  std::vector<std::int64_t> keys;
  std::vector<std::string> ids;
  {
    auto row = connection.query(
        "SELECT key, id FROM meetings WHERE over_at < ? ORDER BY over_at, id LIMIT ?");
    row.bind(before).bind(static_cast<std::int64_t>(limit));
    while (TRY(row.step())) {
      keys.push_back(row.integer(0));
      ids.emplace_back(row.text(1));
    }
  }
  if (keys.empty()) return 0;
  TRY(connection.query("INSERT OR REPLACE INTO meta (name, value) VALUES ('feed', ?)")
          .bind(std::string_view(std::to_string(last_cursor_)))
          .run());
  for (const auto key : keys) {
    // In this order: the audit may go only after its meeting.
    TRY(connection.query("DELETE FROM meetings WHERE key = ?").bind(key).run());
    TRY(connection.query("DELETE FROM audit WHERE meeting = ?").bind(key).run());
  }
  const std::lock_guard lock(parked_mutex_);
  for (const auto& id : ids) parked_.erase(id);
  return keys.size();
}

}  // namespace adapter::sqlite
