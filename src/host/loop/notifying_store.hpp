#pragma once
// NotifyingStore: a MeetingStore that tells a listener of every meeting it has committed, after the
// commit and before the caller goes on. The listener is called on the committing thread, from many
// threads at once, and in no order: it compares versions. It must be quick and must not throw.

#include <functional>
#include <utility>

#include "port/meeting_store.hpp"

namespace host::loop {

class NotifyingStore final : public port::MeetingStore {
 public:
  using Listener = std::function<void(const domain::Meeting&)>;

  explicit NotifyingStore(port::MeetingStore& inner) : inner_(inner) {}
  // Before the first write; not thread-safe.
  void set_listener(Listener listener) { listener_ = std::move(listener); }

  std::string identity() override { return inner_.identity(); }

  base::Result<port::Created> create(const port::Commit& commit,
                                     const std::optional<port::IdempotencyKey>& key) override {
    auto created = inner_.create(commit, key);
    if (created && !created->replayed) tell(created->meeting);
    return created;
  }
  base::Result<std::optional<domain::Meeting>> made_by(const port::IdempotencyKey& key) override {
    return inner_.made_by(key);
  }
  base::Result<domain::Meeting> load(const domain::MeetingId& id) override {
    return inner_.load(id);
  }
  base::Result<std::uint64_t> save(const port::Commit& commit) override {
    auto version = inner_.save(commit);
    if (version && listener_) {
      domain::Meeting meeting = commit.meeting;
      meeting.version = *version;
      tell(meeting);
    }
    return version;
  }
  base::Result<> append_audit(const domain::MeetingId& id,
                              const std::vector<port::AuditEntry>& entries) override {
    return inner_.append_audit(id, entries);
  }
  base::Result<std::vector<port::AuditEntry>> audit(const domain::MeetingId& id) override {
    return inner_.audit(id);
  }
  base::Result<std::vector<domain::MeetingId>> due(base::Timestamp now,
                                                   std::size_t limit) override {
    return inner_.due(now, limit);
  }
  base::Result<std::optional<base::Timestamp>> next_wake() override { return inner_.next_wake(); }
  base::Result<port::Page> list(const std::optional<domain::PrincipalId>& owner,
                                const std::string& from, std::size_t limit) override {
    return inner_.list(owner, from, limit);
  }
  base::Result<std::vector<domain::MeetingId>> live() override { return inner_.live(); }
  base::Result<std::vector<std::pair<std::string, std::string>>> parked() override {
    return inner_.parked();
  }
  base::Result<std::vector<port::Change>> changes(std::uint64_t after, std::size_t limit) override {
    return inner_.changes(after, limit);
  }
  base::Result<std::uint64_t> cursor(const std::string& consumer) override {
    return inner_.cursor(consumer);
  }
  base::Result<> set_cursor(const std::string& consumer, std::uint64_t cursor) override {
    return inner_.set_cursor(consumer, cursor);
  }
  base::Result<std::size_t> purge(base::Timestamp before, std::size_t limit) override {
    return inner_.purge(before, limit);
  }

 private:
  void tell(const domain::Meeting& meeting) const {
    if (listener_) listener_(meeting);
  }

  port::MeetingStore& inner_;
  Listener listener_;
};

}  // namespace host::loop
