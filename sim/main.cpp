// The tool of the simulation; docs/SIMULATION.md explains it.

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sstream>

#include "story/golden.hpp"
#include "tool.hpp"

namespace {

constexpr const char* kUsage = R"(sim [options]
  --seeds N          run N seeds (default 1000), --from S: beginning with S
  --time 10m         as many as that takes (s, m or h)
  --until-failure    stop at the first violation
  --seed S           one seed; shows what it has drawn, and the fewest faults that break it
  --trace            ... and everything that happens
  --only a#1,b#2     ... with these of its faults alone
  --story FILE       tells one story; --stories DIR: all of them, compared with their goldens;
                     --golden DIR: ... and writes those anew
  --small [--depth N]  the small scopes: every fault at every call and every pair; 3: triples, too
          [--scope least --plan a#1=lost,b#2=late]  one run in one of them
  --coverage FILE    a table of which faults have struck seats in which state
  --hashes           a line for each seed: hashes of trace, order and store, and switches
  --json FILE  --jobs N  --regressions FILE  --probes
)";

double seconds_of(const char* text) {
  char* end = nullptr;
  const double value = std::strtod(text, &end);
  return value * (*end == 'h' ? 3600 : *end == 'm' ? 60 : 1);
}

std::set<sim::FaultName> faults_of(const std::string& text) {
  std::set<sim::FaultName> names;
  std::istringstream in(text);
  for (std::string one; std::getline(in, one, ',');) {
    const auto name = sim::parse_fault(one);
    if (!name) {
      std::fprintf(stderr, "not a fault: %s\n", one.c_str());
      std::exit(2);
    }
    names.insert(*name);
  }
  return names;
}

}  // namespace

int main(int argc, char** argv) {
  sim::ToolOptions options;
  bool small = false;
  bool hashes = false;
  for (int i = 1; i < argc; ++i) {
    const std::string name = argv[i];
    const auto value = [&]() -> const char* {
      if (i + 1 < argc) return argv[++i];
      std::fputs(kUsage, stderr);
      std::exit(2);
    };
    const auto number = [&] { return std::strtoull(value(), nullptr, 10); };
    if (name == "--seeds") {
      options.seeds = number();
      options.seconds = 0;
    } else if (name == "--from") {
      options.from = number();
    } else if (name == "--time") {
      options.seconds = seconds_of(value());
    } else if (name == "--until-failure") {
      options.until_failure = true;
      if (options.seconds <= 0) options.seconds = 1e9;
    } else if (name == "--seed") {
      options.seed = number();
    } else if (name == "--trace") {
      options.trace = true;
    } else if (name == "--only") {
      options.only = faults_of(value());
    } else if (name == "--json") {
      options.json = value();
    } else if (name == "--jobs") {
      options.jobs = static_cast<unsigned>(std::clamp<std::uint64_t>(number(), 1, 64));
    } else if (name == "--regressions") {
      options.regressions = value();
    } else if (name == "--probes") {
      options.probes_matter = true;
    } else if (name == "--story") {
      return sim::story::tell_story(value());
    } else if (name == "--stories") {
      return sim::story::tell_stories(value(), false);
    } else if (name == "--golden") {
      return sim::story::tell_stories(value(), true);
    } else if (name == "--hashes") {
      hashes = true;
    } else if (name == "--small") {
      small = true;
    } else if (name == "--depth") {
      options.depth = static_cast<std::size_t>(number());
    } else if (name == "--find") {
      options.find = number();
    } else if (name == "--scope") {
      options.scope = value();
    } else if (name == "--plan") {
      options.plan = value();
    } else if (name == "--coverage") {
      options.coverage = value();
    } else {
      std::fputs(kUsage, stderr);
      return name == "--help" ? 0 : 2;
    }
  }
  if (hashes) return sim::run_hashes(options);
  if (small) return sim::run_small(options);
  return options.seed ? sim::run_one(options) : sim::run_many(options);
}
