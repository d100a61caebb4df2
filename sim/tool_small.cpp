// The small scope, exhaustively. Its calls are counted in a run without faults; then each call
// meets each fate. What a fault does to a run changes the calls that come after it: for a pair, the
// calls of the run with the first fault are counted anew, and each later one of them meets each
// fate, so that recovery is struck, too. The same again for a third one, at changes alone.

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <sstream>

#include "base/check.hpp"
#include "scope.hpp"
#include "tool.hpp"
#include "workers.hpp"

namespace sim {
namespace {

using Steady = std::chrono::steady_clock;
constexpr std::size_t kDepthMax = 3;
constexpr std::uint64_t kShown = 20;

bool is_crash(Fate fate) {
  return fate == Fate::crash_before || fate == Fate::crash_after;
}

// What was run, by number of faults.
struct Counts {
  std::array<std::uint64_t, kDepthMax + 1> runs{};
  std::array<std::uint64_t, kDepthMax + 1> crashes{};  // ... with nothing but crashes
  std::uint64_t repeated = 0;
  std::uint64_t violations = 0;

  void add(const Counts& other) {
    for (std::size_t i = 0; i <= kDepthMax; ++i) {
      runs.at(i) += other.runs.at(i);
      crashes.at(i) += other.crashes.at(i);
    }
    repeated += other.repeated;
    violations += other.violations;
  }
  std::string to_text() const {
    std::ostringstream out;
    for (std::size_t i = 0; i <= kDepthMax; ++i) out << runs.at(i) << ' ' << crashes.at(i) << ' ';
    out << repeated << ' ' << violations;
    return out.str();
  }
  static Counts from_text(const std::string& text) {
    Counts counts;
    std::istringstream in(text);
    for (std::size_t i = 0; i <= kDepthMax; ++i) in >> counts.runs.at(i) >> counts.crashes.at(i);
    in >> counts.repeated >> counts.violations;
    return counts;
  }
};

// One task: a scope, and how deep. From the third fault on, all of them are at changes.
struct Task {
  std::string scope;
  std::size_t depth = 1;
  bool changes_only = false;
};

class Explorer {
 public:
  Explorer(const Task& task, const Tell& tell)
      : task_(task), swarm_(*scope_of(task.scope)), tell_(tell) {}

  // Runs `plan` and, as deep as wanted, all that adds one later fault to it.
  void explore(const FaultPlan& plan) {
    const auto outcome = run_plan(plan);
    if (plan.size() < task_.depth && !outcome.violation) {
      for (const auto& [name, fate] : next_faults(outcome)) {
        FaultPlan more = plan;
        more.emplace(name, fate);
        explore(more);
      }
    }
  }

  Outcome run_plan(const FaultPlan& plan) {
    auto outcome = run(swarm_, {.only = {}, .forced = plan});
    CHECK(outcome.violation || outcome.struck.size() == plan.size());
    ++counts.runs.at(plan.size());
    const bool crashes = std::all_of(plan.begin(), plan.end(),
                                     [](const auto& entry) { return is_crash(entry.second); });
    if (crashes) ++counts.crashes.at(plan.size());
    counts.repeated += outcome.repeated;
    if (outcome.violation && ++counts.violations <= kShown) {  // of each first fault
      tell_("bad\t" + outcome.violation->invariant + ": " + outcome.violation->message +
            "; replay: ./dev sim --small --scope " + task_.scope + " --plan '" + to_text(plan) +
            "' --trace");
    }
    return outcome;
  }

  std::vector<std::pair<FaultName, Fate>> next_faults(const Outcome& outcome) const {
    std::vector<std::pair<FaultName, Fate>> faults;
    for (std::size_t i = 0; i < kSites; ++i) {
      const auto site = static_cast<Site>(i);
      if (task_.changes_only && !is_outside(site) && site != Site::store_write) continue;
      for (auto n = outcome.passed_at_last.at(i) + 1; n <= outcome.passed.at(i); ++n) {
        for (const auto fate : fates_of(site)) faults.emplace_back(FaultName{site, n}, fate);
      }
    }
    return faults;
  }

  Counts counts;

 private:
  const Task task_;
  const Swarm swarm_;
  const Tell& tell_;
};

// Calls of a run without faults; 0 when a kind of call is missing or something is violated.
std::uint64_t count_calls(const Task& task) {
  const auto clean =
      run(*scope_of(task.scope), {.only = {}, .forced = FaultPlan{}, .trace = Trace::Mode::keep});
  const auto missing = what_is_missing(clean);
  if (!clean.violation && !missing) return calls_of(clean);
  const auto why =
      clean.violation ? clean.violation->invariant + ": " + clean.violation->message : *missing;
  std::printf("%s scope, without faults: %s\n", task.scope.c_str(), why.c_str());
  return 0;
}

struct Result {
  Task task;
  std::uint64_t calls = 0;
  Counts counts;
  bool good = false;
};

void show_progress(const Task& task, std::size_t done, std::size_t all, const Counts& counts) {
  if (isatty(STDERR_FILENO) == 0) return;
  std::fprintf(stderr, "\r%s scope: %zu of %zu first faults, %llu runs, %llu violations   ",
               task.scope.c_str(), done, all,
               static_cast<unsigned long long>(counts.runs[1] + counts.runs[2] + counts.runs[3]),
               static_cast<unsigned long long>(counts.violations));
}

Result explore_all(const Task& task, unsigned jobs) {
  Result result{.task = task, .calls = count_calls(task), .counts = {}, .good = false};
  if (result.calls == 0) return result;
  const Tell nobody = [](const std::string& /*line*/) {};
  Explorer first(task, nobody);
  const auto faults = first.next_faults(first.run_plan({}));
  result.counts = first.counts;
  std::size_t done = 0;
  std::size_t shown = 0;
  const auto work = [&](unsigned number, const Tell& tell) {
    for (std::size_t i = number; i < faults.size(); i += jobs) {
      Explorer explorer(task, tell);
      explorer.explore({faults[i]});
      tell("counts\t" + explorer.counts.to_text());
    }
  };
  const auto hear = [&](std::string_view line) {
    const std::string rest(line.substr(line.find('\t') + 1));
    if (line.starts_with("bad")) {
      if (++shown <= kShown) std::printf("%s scope: %s\n", task.scope.c_str(), rest.c_str());
      return;
    }
    result.counts.add(Counts::from_text(rest));
    show_progress(task, ++done, faults.size(), result.counts);
  };
  result.good = in_workers(jobs, work, hear) && result.counts.violations == 0;
  if (done < faults.size()) result.good = false;
  if (isatty(STDERR_FILENO) != 0) std::fprintf(stderr, "\r%79s\r", "");
  return result;
}

std::string describe(const Result& result, double seconds) {
  const auto& counts = result.counts;
  std::ostringstream out;
  out.setf(std::ios::fixed);
  out.precision(1);
  out << result.task.scope << " scope: " << result.calls << " calls";
  constexpr std::array kNames{"", "single faults", "pairs", "triples"};
  for (std::size_t i = 1; i <= result.task.depth; ++i) {
    out << ", " << counts.runs.at(i) << ' ' << kNames.at(i) << " (" << counts.crashes.at(i)
        << " of crashes alone)";
  }
  if (result.task.changes_only) out << ", at changes alone";
  if (counts.repeated > 0) out << ", " << counts.repeated << " changes made again";
  out << ", " << counts.violations << " violations, " << seconds << " s";
  return out.str();
}

std::string json_of(const Result& result) {
  const auto& counts = result.counts;
  std::ostringstream out;
  out << "{\"scope\": \"" << result.task.scope << "\", \"depth\": " << result.task.depth
      << ", \"changes_only\": " << (result.task.changes_only ? "true" : "false")
      << ", \"calls\": " << result.calls << ", \"singles\": " << counts.runs[1]
      << ", \"pairs\": " << counts.runs[2] << ", \"triples\": " << counts.runs[3]
      << ", \"crash_singles\": " << counts.crashes[1] << ", \"crash_pairs\": " << counts.crashes[2]
      << ", \"crash_triples\": " << counts.crashes[3] << ", \"repeated\": " << counts.repeated
      << ", \"violations\": " << counts.violations << "}";
  return out.str();
}

int run_one_plan(const ToolOptions& options) {
  const auto swarm = scope_of(options.scope);
  const auto plan = parse_plan(options.plan);
  if (!swarm || !plan) {
    std::fprintf(stderr, "not a scope and a plan: %s %s\n", options.scope.c_str(),
                 options.plan.c_str());
    return 2;
  }
  const auto mode = options.trace ? Trace::Mode::print : Trace::Mode::hash;
  const auto outcome = run(*swarm, {.only = {}, .forced = *plan, .trace = mode});
  std::printf("%zu of %zu faults struck, %llu switches\n", outcome.struck.size(), plan->size(),
              static_cast<unsigned long long>(outcome.switches));
  if (!outcome.violation) {
    std::printf("nothing was violated\n");
    return 0;
  }
  std::printf("VIOLATED %s: %s\n", outcome.violation->invariant.c_str(),
              outcome.violation->message.c_str());
  return 1;
}

}  // namespace

int run_small(const ToolOptions& options) {
  if (options.find > 0) {
    const auto seed = find_seed(options.scope, options.find);
    std::printf("%llu\n", static_cast<unsigned long long>(seed.value_or(0)));
    return seed ? 0 : 1;
  }
  if (!options.scope.empty()) return run_one_plan(options);
  std::vector<Task> tasks{{"least", std::min<std::size_t>(options.depth, 2), false},
                          {"twice", 1, false},
                          {"large", 1, false}};
  if (options.depth >= kDepthMax) tasks.push_back({"least", kDepthMax, true});
  bool good = true;
  std::string json = "[";
  for (const auto& task : tasks) {
    const auto started = Steady::now();
    const auto result = explore_all(task, options.jobs);
    const std::chrono::duration<double> seconds = Steady::now() - started;
    std::printf("%s\n", describe(result, seconds.count()).c_str());
    std::fflush(stdout);
    json += (json.size() > 1 ? ",\n " : "") + json_of(result);
    good = good && result.good;
  }
  if (!options.json.empty()) std::ofstream(options.json) << json << "]\n";
  return good ? 0 : 1;
}

}  // namespace sim
