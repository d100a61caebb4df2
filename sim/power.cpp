// Worlds whose store is on a disk: the power of the host goes, in the middle of a write or between
// two, all control planes on it die, and what was acknowledged has to be there when it is back.

#include "domain/meeting_json.hpp"
#include "process.hpp"
#include "world.hpp"

namespace sim {

using base::Result;

namespace {
constexpr std::uint32_t kChangesOfAWrite = 16;  // more than most have: some are after it

auto nobody_hears() {
  return base::fail(base::ErrorKind::unknown_outcome, "the power is gone");
}
}  // namespace

std::optional<std::uint32_t> World::power_fails(const domain::MeetingId& id) {
  if (!store_.on_disk() || store_.is_spoilt(id)) return std::nullopt;
  return faults_.strike(Site::power);
}

Result<std::uint64_t> World::save_without_power(const port::Commit& commit, std::uint32_t dice) {
  store_.lose_power_at(1 + dice % kChangesOfAWrite);
  ignore(store_.save(commit), "the process is gone before it hears");
  after_power_loss(commit, dice);
  return nobody_hears();
}

Result<port::Created> World::create_without_power(const port::Commit& commit,
                                                  const std::optional<port::IdempotencyKey>& key,
                                                  std::uint32_t dice) {
  store_.lose_power_at(1 + dice % kChangesOfAWrite);
  ignore(store_.create(commit, key), "the process is gone before it hears");
  after_power_loss(commit, dice);
  return nobody_hears();
}

// The write under way has happened fully or not at all.
void World::after_power_loss(const port::Commit& commit, std::uint32_t dice) {
  trace("world", "the power is lost", commit.meeting.id.text(), "in a write");
  probe("store: power was lost in a write");
  store_.open_after_power_loss();
  const auto* known = checks_.row(commit.meeting.id);
  const auto stored = store_.load(commit.meeting.id);
  if (stored && stored->version == commit.meeting.version + 1 &&
      (known == nullptr || known->version == commit.meeting.version)) {
    auto after = commit.meeting;
    after.version = stored->version;
    checks_.committed(known, after, commit.audit);
  }
  kill_all(dice);
}

void World::kill_all(std::uint32_t dice) {
  const auto lasts = Duration(1000 + (dice >> 8U) % 300'000);
  for (std::size_t i = 0; i < processes_.size(); ++i) kill_process(i, lasts);
  check_store();
}

void World::power() {
  auto rng = base::Rng(swarm_.seed).fork("power");
  while (!faults_.healed()) {
    scheduler_.sleep(Duration(30'000 + rng.below(240'000)));
    const auto dice = faults_.strike(Site::power);
    if (!dice) continue;
    trace("world", "the power is lost", "");
    store_.open_after_power_loss();
    kill_all(*dice);
  }
}

// Everything that was committed is there as it was, and nothing else is.
void World::check_store() {
  if (!store_.on_disk() || violated_) return;
  if (store_.broken()) {
    return violation("S24", "the store can't be opened: " + store_.broken()->message);
  }
  if (!store_.is_same()) return violation("S24", "it is another store");
  for (const auto& [id, meeting] : checks_.rows()) {
    if (store_.is_spoilt(id)) continue;
    const auto stored = store_.load(id);
    if (!stored) return violation("S24", id.text() + " was stored and is not there");
    if (stored->version != meeting.version ||
        domain::to_json(*stored) != domain::to_json(meeting)) {
      return violation("S24", id.text() + " was stored as version " +
                                  std::to_string(meeting.version) + " and is version " +
                                  std::to_string(stored->version) + ", or differs");
    }
  }
  const auto changes = store_.changes(0, 10'000);
  if (!changes || changes->size() != checks_.rows().size()) {
    violation("S24", "the store holds other meetings than were stored");
  }
}

}  // namespace sim
