#include "store.hpp"

#include "base/check.hpp"

namespace sim {

using base::Result;

namespace {
constexpr const char* kPath = "/howdah.db";
constexpr int kLogPages = 200;  // power is lost while it is copied, too, and what is read is short
}  // namespace

Store::Store(const std::string& identity, std::uint64_t seed, bool on_disk)
    : memory_(identity), rng_(base::Rng(seed).fork("disk")) {
  if (!on_disk) return;
  disk_ = std::make_unique<Disk>(seed);
  disk_->set_log_pages(kLogPages);
  open();
  CHECK(sqlite_);
  made_as_ = sqlite_->identity();
}

Store::~Store() = default;

port::MeetingStore& Store::real() {
  if (sqlite_) return *sqlite_;
  return memory_;
}

// ---- What may happen to it.

void Store::open() {
  const std::string entropy = std::to_string(10'000'000'000'000'000ULL + rng_.next());
  auto opened = adapter::sqlite::SqliteStore::open(kPath, entropy, *disk_);
  if (opened) {
    sqlite_ = *std::move(opened);
  } else {
    broken_ = opened.error();
  }
}

void Store::open_after_death() {
  disk_->kill();
  sqlite_.reset();
  open();
}

void Store::lose_power_at(std::uint32_t nth) {
  disk_->on_change([this, nth, count = 0U]() mutable {
    if (++count == nth) left_ = disk_->after_power_loss(rng_);
  });
}

void Store::open_after_power_loss() {
  disk_->on_change(nullptr);
  if (!left_) left_ = disk_->after_power_loss(rng_);
  disk_->kill();
  sqlite_.reset();
  disk_->put_back(*left_);
  left_.reset();
  open();
}

void Store::run_sql(std::string_view sql, const domain::MeetingId& id) {
  using adapter::sqlite::Connection;
  auto connection = Connection::open(kPath, Connection::Mode::read_write, 256, disk_->vfs());
  CHECK(connection);
  CHECK((*connection)->query(sql).bind(std::string_view(id.text())).run());
}

void Store::spoil(const domain::MeetingId& id, bool spoilt) {
  if (!on_disk()) return memory_.spoil(id, spoilt);
  if (spoilt) {
    spoilt_.insert(id);
    run_sql("UPDATE meetings SET body = '!' || body WHERE id = ? AND body NOT LIKE '!%'", id);
  } else {
    spoilt_.erase(id);
    run_sql("UPDATE meetings SET body = substr(body, 2) WHERE id = ? AND body LIKE '!%'", id);
  }
}

// ---- MeetingStore.

Result<port::Created> Store::create(const port::Commit& commit,
                                    const std::optional<port::IdempotencyKey>& key) {
  return real().create(commit, key);
}

Result<std::optional<domain::Meeting>> Store::made_by(const port::IdempotencyKey& key) {
  return real().made_by(key);
}

Result<domain::Meeting> Store::load(const domain::MeetingId& id) {
  return real().load(id);
}

Result<std::uint64_t> Store::save(const port::Commit& commit) {
  auto saved = real().save(commit);
  const auto& id = commit.meeting.id;
  if (saved && on_disk() && is_spoilt(id)) spoil(id);  // it stays unreadable, as in memory
  return saved;
}

Result<> Store::append_audit(const domain::MeetingId& id,
                             const std::vector<port::AuditEntry>& entries) {
  return real().append_audit(id, entries);
}

Result<std::vector<port::AuditEntry>> Store::audit(const domain::MeetingId& id) {
  return real().audit(id);
}

Result<std::vector<domain::MeetingId>> Store::due(base::Timestamp now, std::size_t limit) {
  return real().due(now, limit);
}

Result<std::optional<base::Timestamp>> Store::next_wake() {
  return real().next_wake();
}

Result<port::Page> Store::list(const std::optional<domain::PrincipalId>& owner,
                               const std::string& from, std::size_t limit) {
  return real().list(owner, from, limit);
}

Result<std::vector<domain::MeetingId>> Store::live() {
  return real().live();
}

Result<std::vector<std::pair<std::string, std::string>>> Store::parked() {
  return real().parked();
}

Result<std::vector<port::Change>> Store::changes(std::uint64_t after, std::size_t limit) {
  return real().changes(after, limit);
}

Result<std::uint64_t> Store::cursor(const std::string& consumer) {
  return real().cursor(consumer);
}

Result<> Store::set_cursor(const std::string& consumer, std::uint64_t cursor) {
  return real().set_cursor(consumer, cursor);
}

Result<std::size_t> Store::purge(base::Timestamp before, std::size_t limit) {
  return real().purge(before, limit);
}

}  // namespace sim
