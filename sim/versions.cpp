#include "versions.hpp"

#include <algorithm>
#include <limits>

#include "base/check.hpp"
#include "domain/meeting_json.hpp"
#include "process.hpp"
#include "world.hpp"

namespace sim {

using base::Result;
using domain::Meeting;

namespace {

// A pass that had read the row before may still do what it had decided.
constexpr Duration kDecided = 60s;
constexpr auto kEverything = std::numeric_limits<std::size_t>::max();

struct Difference {
  std::string_view older;
  std::string_view newer;
};

Difference difference(NewerRows rows) {
  switch (rows) {
    case NewerRows::none:
      break;
    case NewerRows::schema:
      return {R"({"schema":1,)", R"({"schema":2,)"};
    case NewerRows::field:
      return {R"({"schema":1,)", R"({"schema":1,"mood":"calm",)"};
    case NewerRows::seat_field:
      return {R"("seats":[{)", R"("seats":[{"mood":"calm",)"};
  }
  return {};
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const auto at = text.find(from);
  CHECK(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

}  // namespace

Versions::Versions(World& world) : world_(world) {}

bool Versions::mixed() const {
  return world_.swarm().newer_rows != NewerRows::none;
}

bool Versions::is_newer(std::size_t index, std::uint32_t incarnation) const {
  if (!mixed()) return false;
  auto rng = base::Rng(world_.swarm().seed)
                 .fork("version" + std::to_string(index) + "." + std::to_string(incarnation));
  return finished_ || rng.below(2) == 0;
}

std::string Versions::name_of(bool newer) const {
  if (!mixed()) return "";
  return newer ? "of the newer version" : "of the older version";
}

void Versions::roll_out() {
  auto rng = base::Rng(world_.swarm().seed).fork("roll out");
  while (!finished_) {
    world_.scheduler().sleep(Duration(60'000 + rng.below(900'000)));
    const auto index = rng.below(static_cast<std::uint32_t>(world_.processes().size()));
    const auto down_for = Duration(1000 + rng.below(20'000));
    if (finished_) return;
    world_.trace("world", "replaces", "p" + std::to_string(index + 1));
    world_.kill_process(index, down_for);
  }
}

void Versions::finish() {
  if (!mixed()) return;
  finished_ = true;
  for (std::size_t i = 0; i < world_.processes().size(); ++i) {
    const auto process = world_.processes().at(i);
    if (!process || process->is_newer()) continue;
    world_.kill_process(i, Duration{0});
    world_.start_process(i);
  }
}

std::string Versions::write(bool newer, const Meeting& meeting) const {
  auto text = domain::to_json(meeting);
  if (!newer) return text;
  const auto what = difference(world_.swarm().newer_rows);
  return replaced(std::move(text), what.older, what.newer);
}

void Versions::wrote(bool newer, const Meeting& meeting) {
  if (!mixed()) return;
  const auto found = rows_.find(meeting.id);
  const bool was_newer = found != rows_.end() && found->second.newer;
  if (was_newer && !newer) {
    world_.violation("S29", "an older control plane wrote over " + meeting.id.text() +
                                ", which a newer one had written");
    return;
  }
  if (found != rows_.end() && newer && !was_newer)
    world_.probe("versions: a row is brought forward");
  const auto since = was_newer ? found->second.newer_since : world_.now();
  rows_.insert_or_assign(meeting.id, Row{write(newer, meeting), newer, since, {}});
}

const Result<Meeting>& Versions::parse(bool newer, const Row& row) const {
  auto& parsed = row.parsed.at(newer ? 1 : 0);
  if (parsed) return *parsed;
  auto text = row.text;
  if (newer && row.newer) {
    const auto what = difference(world_.swarm().newer_rows);
    text = replaced(std::move(text), what.newer, what.older);
  }
  return parsed.emplace(domain::meeting_from_json(text));
}

Result<Meeting> Versions::read(bool newer, Result<Meeting> stored) const {
  if (!mixed() || !stored) return stored;
  const auto found = rows_.find(stored->id);
  if (found == rows_.end()) return stored;
  auto meeting = parse(newer, found->second);
  if (!meeting) {
    world_.probe("versions: an older one cannot read a row");
    return base::fail(base::ErrorKind::internal, "this meeting's row can't be read", "",
                      meeting.error().message);
  }
  meeting->version = stored->version;
  return meeting;
}

bool Versions::can_read(bool newer, const domain::MeetingId& id) const {
  const auto found = rows_.find(id);
  if (found == rows_.end() || parse(newer, found->second)) return true;
  world_.probe("versions: an older one cannot read a row");
  return false;
}

Result<std::vector<domain::MeetingId>> Versions::due(bool newer, Timestamp now,
                                                     std::size_t limit) const {
  if (!mixed()) return world_.store().due(now, limit);
  auto ids = TRY(world_.store().due(now, kEverything));
  std::erase_if(ids, [&](const auto& id) { return !can_read(newer, id); });
  if (ids.size() > limit) ids.erase(ids.begin() + static_cast<std::ptrdiff_t>(limit), ids.end());
  return ids;
}

Result<std::optional<Timestamp>> Versions::next_wake(bool newer) const {
  if (!mixed()) return world_.store().next_wake();
  for (const auto& id : TRY(world_.store().due(Timestamp::max(), kEverything))) {
    if (can_read(newer, id)) return TRY(world_.store().load(id)).wake_at;
  }
  return std::nullopt;
}

Result<port::Page> Versions::list(bool newer, const std::optional<domain::PrincipalId>& owner,
                                  const std::string& from, std::size_t limit) const {
  auto page = TRY(world_.store().list(owner, from, limit));
  std::erase_if(page.meetings, [&](const Meeting& meeting) { return !read(newer, meeting); });
  return page;
}

bool Versions::may_hide(const domain::MeetingId& id) const {
  const auto found = rows_.find(id);
  return !finished_ && found != rows_.end() && found->second.newer;
}

bool Versions::acts(const Process& process, const domain::Owner& owner,
                    std::optional<base::Timestamp> deadline) {
  if (!mixed() || process.is_newer()) return false;
  const auto id = domain::meeting_of(owner.seat);
  const auto found = id ? rows_.find(*id) : rows_.end();
  if (found == rows_.end() || !found->second.newer) return false;
  const auto now = world_.now();
  if (now <= found->second.newer_since + kDecided) return false;
  if (deadline && now + world_.clock_error() >= *deadline) return true;
  world_.violation("S29", process.name() + " acts on " + owner.seat.text() +
                              ", whose row a newer one has written");
  return false;
}

}  // namespace sim
