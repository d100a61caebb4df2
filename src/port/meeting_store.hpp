#pragma once
// MeetingStore: meetings, saved by version, with their audit rows in the same write. Durable: when
// a call answers success, it survives SIGKILL and power loss; when it fails, nothing of it
// happened, but for unknown_outcome. Thread-safe.
//
// Every read answers the newest committed state (strongly consistent). A row that cannot be read is
// internal from load(), and is left out of lists; parked() tells which.

#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "domain/meeting.hpp"

namespace port {

// One line of a meeting's audit: an intent before an outside mutation, its outcome after, or a
// command of a person. Append-only, numbered per meeting by the store.
struct AuditEntry {
  enum class Kind { command, intent, outcome };
  std::uint64_t number = 0;  // set by the store
  base::Timestamp at;
  Kind kind = Kind::command;
  std::string actor;   // principal, seat, or "howdah"
  std::string action;  // "launch", "terminate", "cancel", ...
  std::string target;  // desktop, instance or seat
  std::string result;  // outcome: "ok" or the error kind; else empty
  std::string detail;
  bool operator==(const AuditEntry&) const = default;
};

// Budgets that a write must not exceed (S20); checked in the write itself. Launches count from the
// newest Desktop::intent_at of the meeting.
struct LaunchLimits {
  std::uint32_t launches_per_hour = 0;            // all organisers
  std::uint32_t launches_per_hour_organiser = 0;  // this meeting's owner
  std::uint32_t desktops_max = 0;                 // owned now, all meetings
  std::uint32_t desktops_max_organiser = 0;
};

struct Commit {
  domain::Meeting meeting;
  std::vector<AuditEntry> audit;
  // Set when this write makes new launch intents: `launches` of them, under `limits`.
  std::uint32_t launches = 0;
  LaunchLimits limits;
};

// A creating POST's idempotency key, kept as long as the meeting.
struct IdempotencyKey {
  domain::PrincipalId principal;
  std::string key;        // 1 to 128 printable ASCII characters
  std::string body_hash;  // of the request
};

struct Created {
  domain::Meeting meeting;
  bool replayed = false;  // the same key and body had made it before
};

struct Change {
  std::uint64_t cursor = 0;
  domain::MeetingId meeting;
  std::uint64_t version = 0;
};

struct Page {
  std::vector<domain::Meeting> meetings;  // newest start first
  std::string next;                       // empty: no more
};

class MeetingStore {
 public:
  virtual ~MeetingStore() = default;

  // Identity of this store, made once at its creation: marks all that it owns outside (S30).
  virtual std::string identity() = 0;

  // Stores a new meeting as version 1. With a key: the same principal, key and body again answers
  // the meeting made before (as it is now); another body is conflict. An id that exists is
  // conflict.
  virtual base::Result<Created> create(const Commit& commit,
                                       const std::optional<IdempotencyKey>& key) = 0;

  // The meeting that this key has made, as it is now; nothing: none yet. With another body:
  // conflict.
  virtual base::Result<std::optional<domain::Meeting>> made_by(const IdempotencyKey& key) = 0;

  // not_found, or internal when the row can't be read (it is parked then).
  virtual base::Result<domain::Meeting> load(const domain::MeetingId& id) = 0;

  // Compare-and-set: the stored version must be commit.meeting.version; answers the new version.
  // conflict: it is not (reload). exhausted: a launch limit would be exceeded; nothing written.
  virtual base::Result<std::uint64_t> save(const Commit& commit) = 0;

  // Adds audit rows without touching the meeting (outcomes).
  virtual base::Result<> append_audit(const domain::MeetingId& id,
                                      const std::vector<AuditEntry>& entries) = 0;
  virtual base::Result<std::vector<AuditEntry>> audit(const domain::MeetingId& id) = 0;

  // Meetings with wake_at <= now, earliest first, at most `limit`; parked rows are left out.
  virtual base::Result<std::vector<domain::MeetingId>> due(base::Timestamp now,
                                                           std::size_t limit) = 0;
  // The earliest wake_at there is, or nothing.
  virtual base::Result<std::optional<base::Timestamp>> next_wake() = 0;

  // Meetings of one owner (nothing: all), newest start first; `from` is an earlier Page::next.
  virtual base::Result<Page> list(const std::optional<domain::PrincipalId>& owner,
                                  const std::string& from, std::size_t limit) = 0;

  // Ids of all meetings that may own something outside (not over), parked ones too, for the sweep.
  // Complete or an error.
  virtual base::Result<std::vector<domain::MeetingId>> live() = 0;

  // Rows that cannot be read, as far as a read has met them: id text and reason.
  virtual base::Result<std::vector<std::pair<std::string, std::string>>> parked() = 0;

  // The change feed: changes after `cursor`, oldest first; a named consumer's durable position. A
  // meeting that changed several times may come once, with its newest version.
  virtual base::Result<std::vector<Change>> changes(std::uint64_t after, std::size_t limit) = 0;
  virtual base::Result<std::uint64_t> cursor(const std::string& consumer) = 0;
  virtual base::Result<> set_cursor(const std::string& consumer, std::uint64_t cursor) = 0;

  // Removes meetings that were over before `before`, with their audit, keys and feed rows, at most
  // `limit`; answers how many.
  virtual base::Result<std::size_t> purge(base::Timestamp before, std::size_t limit) = 0;
};

}  // namespace port
