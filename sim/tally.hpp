#pragma once
// Tally: what many runs add up to, kept by each worker process and sent to the first one as text.

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "run.hpp"

namespace sim {

struct Failure {
  std::uint64_t seed = 0;
  std::string invariant;
  std::string message;
};

class Tally {
 public:
  void add(std::uint64_t seed, const Outcome& outcome);
  void add(const Tally& other);
  void add_failure(Failure failure) { failures.push_back(std::move(failure)); }

  std::string to_text() const;
  static Tally from_text(const std::string& text);

  std::string summary(double seconds) const;
  std::string json(double seconds) const;
  std::vector<std::string> unreached() const;
  // A table in Markdown: how many kinds of fates have struck at a site in each step of a seat.
  std::string coverage_table() const;

  std::uint64_t seeds = 0;
  std::uint64_t switches = 0;
  std::uint64_t virtual_ms = 0;
  std::uint64_t faults = 0;
  std::uint64_t replayed = 0;  // run a second time and found the same
  std::map<std::string, std::uint64_t> probes;
  std::map<std::string, std::uint64_t> coverage;  // "site fate"
  std::map<Covered, std::uint64_t> states;        // faults by the step of the seat they struck
  std::vector<Failure> failures;
};

}  // namespace sim
