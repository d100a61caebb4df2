// Ending desktops: a desktop is gone when that is proved, not when it was asked.

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <sstream>

#include "adapter/local/local_desktops.hpp"
#include "base/log.hpp"

namespace adapter::local {

using base::ErrorKind;
using base::Result;
using namespace std::chrono_literals;

namespace {

constexpr std::int64_t kGoneWithinMs = 8000;
constexpr std::int64_t kGraceMs = 100;  // for the init's end to take everything with it
constexpr std::int64_t kClaimWithinMs = 15'000;
constexpr auto kEndedKept = 24h;        // how long a key is remembered as used up
constexpr std::size_t kPurgedMax = 16;  // folders in one go

// The children first: of a bubblewrap that ends before it has let its child go on, the child would
// wait for ever.
void kill_with_children(const ProcessId& process) {
  if (!is_alive(process)) return;
  const auto pid = std::to_string(process.pid);
  std::istringstream children(
      read_path("/proc/" + pid + "/task/" + pid + "/children").value_or(""));
  for (pid_t child = 0; children >> child;) {
    if (const auto started = started_of(child)) kill_process({child, *started});
  }
  kill_process(process);
}

}  // namespace

bool LocalDesktops::nothing_lives(const Record& record, const std::optional<Marks>& marks) const {
  // The lock is held by bubblewrap until it has collected the init, which the kernel lets end only
  // when its namespace is empty. The rest is for the case that bubblewrap itself was killed. (Not
  // the number of the namespace: the kernel gives it to the next one, of another desktop.)
  if (record.alive() || !cgroups_.processes(record.id().text()).empty()) return false;
  return !marks || !is_alive(marks->init);
}

Result<> LocalDesktops::kill(const Record& record) const {
  // Without them (they cannot be read, or are of another boot) its lock and its group are proof.
  auto marks = record.marks().value_or(std::nullopt);
  if (marks && marks->boot != boot_id()) marks.reset();
  const auto outer = marks ? std::optional(marks->outer) : record.identity();
  const auto began = boottime_ms();
  // The init first: with it the kernel ends the namespace, and bubblewrap sees it through.
  if (marks) {
    kill_process(marks->init);
    kill_process(marks->helper);
  }
  for (int pause = 1; !nothing_lives(record, marks); pause = std::min(pause * 2, 50)) {
    const auto waited = boottime_ms() - began;
    if (waited > kGoneWithinMs) {
      return base::fail(ErrorKind::unknown_outcome, "the desktop is still ending");
    }
    if (!marks || waited > kGraceMs) {
      if (outer) kill_with_children(*outer);
      cgroups_.kill_all(record.id().text());
    }
    pause_ms(pause);
  }
  return {};
}

// After the proof: what it leaves is removed, and that it was is remembered. In this order: one
// that was cut short in between is found dead, and settled again.
Result<> LocalDesktops::settle(const Record& record, const std::string& why) const {
  TRY(kill(record));
  if (!cgroups_.remove(record.id().text())) {
    base::log(base::LogLevel::warn, "the control group of a desktop is still there",
              {{"instance", record.id().text()}});
  }
  const auto spec = record.spec();  // perhaps the copy in `started`
  if (spec && *spec) TRY(record.write(**spec));
  TRY(record.clear({"spec", "started", "log"}));
  TRY(record.write(Ended{clock_.now(), why}));
  return record.clear({"spec", "ended", "log"});
}

Result<> LocalDesktops::discard(const Record& record) const {
  TRY(kill(record));
  cgroups_.remove(record.id().text());
  TRY(record.clear({}));
  // Whoever waits for the claim sees that its file is gone and begins anew.
  TRY(remove_tree_at(record.folder(), "lock"));
  ::unlinkat(root_.get(), record.id().text().c_str(), AT_REMOVEDIR);
  return {};
}

Result<> LocalDesktops::terminate(const domain::InstanceId& instance, const domain::Owner& owner) {
  auto record = TRY(find(instance, owner));
  const auto until = boottime_ms() + kClaimWithinMs;
  while (!TRY(record.claim())) {
    if (boottime_ms() > until) {
      return base::fail(ErrorKind::unavailable, "the desktop is being started or ended");
    }
    pause_ms(5);
  }
  if (TRY(life_of(record)) == Life::ended) return {};
  return settle(record, "ended by howdah");
}

void LocalDesktops::purge() const {
  const auto names = names_in(root_);
  if (!names) return;
  std::size_t purged = 0;
  for (const auto& name : *names) {
    const auto id = domain::InstanceId::parse(name);
    auto record = id ? Record::open(root_, *id) : base::fail(ErrorKind::invalid, "");
    if (!record) continue;
    const auto spec = record->spec();
    if (!spec || !*spec || (*spec)->owner.store != config_.store) continue;
    const auto ended = record->ended();
    if (!ended || !*ended || clock_.now() - (*ended)->at < kEndedKept) continue;
    const auto claimed = record->claim();
    if (!claimed || !*claimed) continue;
    base::ignore(discard(*record), "what could not be removed is tried again at the next launch");
    if (++purged == kPurgedMax) return;
  }
}

}  // namespace adapter::local
