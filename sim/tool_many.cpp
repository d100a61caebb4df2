#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <limits>
#include <new>
#include <sstream>

#include "base/check.hpp"
#include "tally.hpp"
#include "tool.hpp"

namespace sim {
namespace {

using Steady = std::chrono::steady_clock;
constexpr std::uint64_t kReplayEvery = 50;

constexpr unsigned kJobsMax = 64;

// What the workers tell each other while they run: whose turn is next, how far a search has to go,
// and what each was at when it died.
struct Board {
  std::atomic<std::uint64_t> next{0};
  std::atomic<std::uint64_t> lowest_failure{std::numeric_limits<std::uint64_t>::max()};
  std::array<std::atomic<std::uint64_t>, kJobsMax> current{};
};

Board& share_board() {
  void* memory =
      mmap(nullptr, sizeof(Board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  CHECK(memory != MAP_FAILED);
  return *new (memory) Board;
}

void note_failure(Board& board, std::uint64_t seed) {
  auto lowest = board.lowest_failure.load();
  while (seed < lowest && !board.lowest_failure.compare_exchange_weak(lowest, seed)) {
  }
}

double seconds_since(Steady::time_point start) {
  return std::chrono::duration<double>(Steady::now() - start).count();
}

void run_seed(std::uint64_t seed, Tally& tally) {
  const auto swarm = draw_swarm(seed);
  const auto outcome = run(swarm, {});
  tally.add(seed, outcome);
  if (seed % kReplayEvery != 0) return;
  ++tally.replayed;
  if (!run(swarm, {}).same_as(outcome)) {
    tally.add_failure({seed, "replay", "the same seed made another trace"});
  }
}

std::vector<std::uint64_t> regressions(const std::string& file) {
  std::vector<std::uint64_t> seeds;
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    if (!line.empty() && line[0] != '#') seeds.push_back(std::strtoull(line.c_str(), nullptr, 10));
  }
  return seeds;
}

// One worker, which takes seeds as long as there are any; `out` hears of progress and in the end of
// everything.
void work(const ToolOptions& options, Board& board, unsigned number, int out) {
  const auto started = Steady::now();
  Tally tally;
  const auto tell = [&](const std::string& text) {
    CHECK(write(out, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  };
  auto last_told = started;
  const auto extra = regressions(options.regressions);
  for (;;) {
    const bool late = options.seconds > 0 && seconds_since(started) >= options.seconds;
    const auto turn = board.next++;
    if (late || (options.seconds <= 0 && turn >= extra.size() + options.seeds)) break;
    const bool is_known = turn < extra.size();
    const auto seed = is_known ? extra[turn] : options.from + (turn - extra.size());
    const bool beyond = !is_known && seed > board.lowest_failure;
    if (options.until_failure && beyond) break;  // the smallest is wanted
    board.current.at(number) = seed;
    const auto failures = tally.failures.size();
    run_seed(seed, tally);
    if (tally.failures.size() > failures && isatty(STDERR_FILENO) == 0) {
      // Into the log of a long run at once; the end has them all.
      std::fprintf(stderr, "seed %llu has failed\n", static_cast<unsigned long long>(seed));
    }
    if (options.until_failure && !tally.failures.empty()) {
      note_failure(board, seed);
      break;
    }
    if (seconds_since(last_told) < 2) continue;
    last_told = Steady::now();
    tell("progress\t" + std::to_string(tally.seeds) + " " + std::to_string(tally.virtual_ms) + " " +
         std::to_string(tally.faults) + " " + std::to_string(tally.states.size()) + "\n");
  }
  tell("end\n" + tally.to_text());
}

struct Worker {
  pid_t pid = 0;
  int in = -1;
  std::string text;
};

Worker start_worker(const ToolOptions& options, Board& board, unsigned number) {
  int ends[2];
  CHECK(pipe(ends) == 0);
  const pid_t pid = fork();
  CHECK(pid >= 0);
  if (pid == 0) {
    close(ends[0]);
    work(options, board, number, ends[1]);
    std::_Exit(0);
  }
  close(ends[1]);
  return {pid, ends[0], ""};
}

// What all will have done by now, from what one of them says; on a terminal only.
void show_progress(const char* text, double seconds, unsigned jobs) {
  if (isatty(STDERR_FILENO) == 0) return;
  std::istringstream in(text);
  std::uint64_t seeds = 0;
  std::uint64_t virtual_ms = 0;
  std::uint64_t faults = 0;
  std::uint64_t states = 0;
  in >> seeds >> virtual_ms >> faults >> states;
  std::fprintf(
      stderr, "\r%llu seeds, %.0f/s, %.1f virtual days, %llu faults, %llu states x faults   ",
      static_cast<unsigned long long>(seeds * jobs), static_cast<double>(seeds * jobs) / seconds,
      static_cast<double>(virtual_ms * jobs) / 86'400'000.0,
      static_cast<unsigned long long>(faults * jobs), static_cast<unsigned long long>(states));
}

// Reads until the worker is done; shows progress of the first one.
bool read_worker(Worker& worker, Steady::time_point started, unsigned jobs) {
  std::array<char, 4096> buffer{};
  for (;;) {
    const auto got = read(worker.in, buffer.data(), buffer.size());
    if (got <= 0) break;
    worker.text.append(buffer.data(), static_cast<std::size_t>(got));
    const auto at = worker.text.rfind("progress\t");
    if (at == std::string::npos || worker.text.find("end\n") != std::string::npos) continue;
    show_progress(worker.text.c_str() + at + 9, seconds_since(started), jobs);
  }
  close(worker.in);
  int status = 0;
  waitpid(worker.pid, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

void print_failures(const Tally& tally) {
  std::size_t shown = 0;
  for (const auto& one : tally.failures) {
    if (++shown > 20) break;
    std::printf("seed %llu: %s: %s\n  replay: ./dev sim --seed %llu --trace\n",
                static_cast<unsigned long long>(one.seed), one.invariant.c_str(),
                one.message.c_str(), static_cast<unsigned long long>(one.seed));
  }
}

}  // namespace

int run_many(const ToolOptions& options) {
  const auto started = Steady::now();
  std::vector<Worker> workers;
  Board& board = share_board();
  for (unsigned i = 0; i < options.jobs; ++i) workers.push_back(start_worker(options, board, i));
  Tally tally;
  bool good = true;
  for (unsigned i = 0; i < options.jobs; ++i) {
    auto& worker = workers[i];
    if (!read_worker(worker, started, options.jobs)) {
      const auto seed = board.current.at(i).load();
      tally.add_failure({seed, "CHECK", "the process died in this seed"});
      note_failure(board, seed);
      good = false;
    }
    const auto end = worker.text.find("end\n");
    if (end != std::string::npos) tally.add(Tally::from_text(worker.text.substr(end + 4)));
  }
  if (isatty(STDERR_FILENO) != 0) std::fprintf(stderr, "\r%79s\r", "");
  const auto seconds = seconds_since(started);
  print_failures(tally);
  for (const auto& name : tally.unreached()) {
    if (!options.probes_matter) break;
    std::printf("never reached: %s\n", name.c_str());
    good = false;
  }
  std::printf("%s\n", tally.summary(seconds).c_str());
  if (!options.json.empty()) std::ofstream(options.json) << tally.json(seconds);
  if (!options.coverage.empty()) std::ofstream(options.coverage) << tally.coverage_table();
  return good && tally.failures.empty() ? 0 : 1;
}

}  // namespace sim
