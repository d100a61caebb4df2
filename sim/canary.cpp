#include "canary.hpp"

#include <cstring>
#include <utility>

#include "app/ticket.hpp"
#include "base/check.hpp"
#include "base/crypto.hpp"
#include "domain/meeting_json.hpp"
#include "world.hpp"

namespace sim {

base::Secret secret_of(std::string_view name) {
  return base::Secret("key of " + std::string(name));
}

Canary::Canary(World& world) : world_(world), marks_(kMarks / 64, 0) {
  for (const char* name : {"link_key", "session_key"}) know_key(secret_of(name).reveal());
}

std::size_t Canary::mark_of(const char* at) {
  std::uint64_t bytes = 0;
  std::memcpy(&bytes, at, kWindow);
  return static_cast<std::size_t>((bytes * 0x9e3779b97f4a7c15ULL) >> 47U);
}

void Canary::know(std::string_view secret) {
  CHECK(secret.size() >= kKept);
  beginnings_.emplace(secret.substr(0, kKept));
  for (std::size_t at = 0; at < kStride; ++at) {
    const auto mark = mark_of(secret.data() + at);
    marks_.at(mark / 64) |= 1ULL << (mark % 64);
  }
}

void Canary::know_key(std::string_view secret) {
  know(secret);
  know(base::to_hex(secret));
  know(base::to_base64url(secret));
  know(base::to_base32(secret));
}

// The mac is the secret of a ticket; what stands before it is the same for many.
void Canary::know_tickets(const domain::Meeting& meeting) {
  using app::Purpose;
  const auto sign = [this](Purpose purpose, std::string_view key,
                           const std::vector<std::string>& fields) {
    const auto ticket = app::sign_ticket(purpose, {secret_of(key)}, fields);
    know(std::string_view(ticket).substr(ticket.rfind('.') + 1));
  };
  for (const auto& seat : meeting.seats) {
    const auto epoch = std::to_string(seat.epoch);
    if (is_new(seat.id.text(), seat.epoch)) {
      sign(Purpose::link, "link_key", {seat.id.text(), epoch});
      sign(Purpose::seat_cookie, "link_key", {seat.id.text(), epoch});
    }
    if (!seat.desktop) continue;
    const auto& desktop = seat.desktop->id.text();
    if (is_new(desktop, seat.epoch)) {
      sign(Purpose::desk_cookie, "session_key", {desktop, epoch});
      sign(Purpose::probe, "session_key", {desktop});
    }
  }
}

bool Canary::is_new(const std::string& id, std::uint32_t epoch) {
  const auto [found, added] = signed_.try_emplace(id, epoch);
  return added || std::exchange(found->second, epoch) != epoch;
}

bool Canary::is_marked(const char* at) const {
  const auto mark = mark_of(at);
  return (marks_[mark / 64] >> (mark % 64) & 1U) != 0;
}

bool Canary::is_secret_around(std::string_view text, std::size_t at) const {
  for (std::size_t before = 0; before < kStride && before <= at; ++before) {
    if (beginnings_.contains(text.substr(at - before, kKept))) return true;
  }
  return false;
}

void Canary::look(std::string_view where, std::string_view text) {
  for (std::size_t at = 0; at + kWindow <= text.size(); at += kStride) {
    if (!is_marked(text.data() + at) || !is_secret_around(text, at)) continue;
    world_.violation("S22", std::string(where) + " holds a secret: " + std::string(text));
    return;
  }
}

void Canary::look(const std::vector<port::AuditEntry>& audit) {
  for (const auto& entry : audit) {
    for (const auto* text :
         {&entry.actor, &entry.action, &entry.target, &entry.result, &entry.detail}) {
      look("an audit row", *text);
    }
  }
}

void Canary::look(const port::Commit& commit) {
  look(commit.audit);
  know_tickets(commit.meeting);
  // Tokens are stored as hashes only. A whole row is long: on some seeds.
  if (world_.swarm().seed % 32 == 0) look("a stored row", domain::to_json(commit.meeting));
}

void Canary::look(const port::LaunchSpec& spec) {
  for (const auto* text :
       {&spec.key, &spec.owner.store, &spec.title, &spec.role, &spec.person, &spec.call_url}) {
    look("what a machine is told", *text);
  }
  look("a machine's mark", spec.desktop.text());
}

}  // namespace sim
