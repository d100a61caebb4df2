#include "tally.hpp"

#include <sstream>

#include "base/log.hpp"
#include "domain/phase.hpp"
#include "probes.hpp"

namespace sim {

void Tally::add(std::uint64_t seed, const Outcome& outcome) {
  ++seeds;
  switches += outcome.switches;
  virtual_ms += static_cast<std::uint64_t>(outcome.virtual_time.count());
  faults += outcome.struck.size();
  for (const auto probe : outcome.probes) ++probes[std::string(probe)];
  for (const auto& [name, fate] : outcome.struck) {
    ++coverage[std::string(name_of(name.site)) + " " + name_of(fate)];
  }
  for (const auto& [covered, count] : outcome.covered) states[covered] += count;
  if (outcome.violation) {
    failures.push_back({seed, outcome.violation->invariant, outcome.violation->message});
  }
}

void Tally::add(const Tally& other) {
  seeds += other.seeds;
  switches += other.switches;
  virtual_ms += other.virtual_ms;
  faults += other.faults;
  replayed += other.replayed;
  for (const auto& [name, count] : other.probes) probes[name] += count;
  for (const auto& [name, count] : other.coverage) coverage[name] += count;
  for (const auto& [covered, count] : other.states) states[covered] += count;
  failures.insert(failures.end(), other.failures.begin(), other.failures.end());
}

std::string Tally::to_text() const {
  std::ostringstream out;
  out << "sums\t" << seeds << '\t' << switches << '\t' << virtual_ms << '\t' << faults << '\t'
      << replayed << '\n';
  for (const auto& [name, count] : probes) out << "probe\t" << count << '\t' << name << '\n';
  for (const auto& [name, count] : coverage) out << "cover\t" << count << '\t' << name << '\n';
  for (const auto& [one, count] : states) {
    out << "state\t" << count << '\t' << static_cast<int>(one.site) << ' '
        << static_cast<int>(one.fate) << ' ' << static_cast<int>(one.step) << '\n';
  }
  for (const auto& one : failures) {
    out << "fail\t" << one.seed << '\t' << one.invariant << '\t' << one.message << '\n';
  }
  return out.str();
}

namespace {

Covered parse_covered(const std::string& text) {
  std::istringstream in(text);
  int site = 0;
  int fate = 0;
  int step = 0;
  in >> site >> fate >> step;
  return {static_cast<Site>(site), static_cast<Fate>(fate), static_cast<std::uint8_t>(step)};
}

std::string name_of_step(std::uint8_t step) {
  if (step == kNoSeat) return "nobody's";
  return std::string(domain::to_string(static_cast<domain::SeatStep>(step)));
}

}  // namespace

Tally Tally::from_text(const std::string& text) {
  Tally tally;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream in(line);
    std::string kind;
    std::getline(in, kind, '\t');
    std::uint64_t count = 0;
    if (kind == "sums") {
      in >> tally.seeds >> tally.switches >> tally.virtual_ms >> tally.faults >> tally.replayed;
      continue;
    }
    in >> count;
    in.ignore();
    std::string name;
    std::getline(in, name, '\t');
    if (kind == "probe") tally.probes[name] += count;
    if (kind == "cover") tally.coverage[name] += count;
    if (kind == "state") tally.states[parse_covered(name)] += count;
    if (kind == "fail") {
      std::string message;
      std::getline(in, message);
      tally.failures.push_back({count, name, message});
    }
  }
  return tally;
}

std::vector<std::string> Tally::unreached() const {
  std::vector<std::string> names;
  for (const auto probe : kProbes) {
    if (!probes.contains(std::string(probe))) names.emplace_back(probe);
  }
  return names;
}

std::string Tally::summary(double seconds) const {
  const auto days = static_cast<double>(virtual_ms) / 86'400'000.0;
  std::ostringstream out;
  out.setf(std::ios::fixed);
  out.precision(1);
  out << seeds << " seeds in " << seconds << " s (" << static_cast<double>(seeds) / seconds
      << "/s), " << days << " virtual days (" << days * 86'400 / seconds << " times real time), "
      << faults << " faults, " << coverage.size() << " kinds of them, " << states.size()
      << " states x faults, " << static_cast<double>(switches) / seconds / 1e6 << " M switches/s, "
      << replayed << " replayed, " << failures.size() << " violations";
  return out.str();
}

std::string Tally::coverage_table() const {
  std::set<std::uint8_t> steps;
  std::map<Site, std::map<std::uint8_t, std::set<Fate>>> fates;
  for (const auto& [one, count] : states) {
    steps.insert(one.step);
    fates[one.site][one.step].insert(one.fate);
  }
  std::string head = "| |";
  std::string line = "|---|";
  for (const auto step : steps) {
    head += " " + name_of_step(step) + " |";
    line += "---|";
  }
  std::string text = head + "\n" + line + "\n";
  for (const auto& [site, by_step] : fates) {
    text += std::string("| ") + name_of(site) + " |";
    for (const auto step : steps) {
      const auto found = by_step.find(step);
      text += found == by_step.end() ? " |" : " " + std::to_string(found->second.size()) + " |";
    }
    text += "\n";
  }
  return text;
}

std::string Tally::json(double seconds) const {
  std::ostringstream out;
  out << "{\"seeds\": " << seeds << ", \"violations\": " << failures.size()
      << ", \"virtual_days\": " << static_cast<double>(virtual_ms) / 86'400'000.0
      << ", \"switches_per_s\": "
      << static_cast<std::uint64_t>(static_cast<double>(switches) / seconds)
      << ", \"faults_injected\": " << faults << ", \"seconds\": " << seconds
      << ", \"replayed\": " << replayed << ", \"probes_unreached\": [";
  const char* comma = "";
  for (const auto& name : unreached()) {
    out << comma << base::json_quote(name);
    comma = ", ";
  }
  out << "], \"coverage\": {";
  comma = "";
  for (const auto& [name, count] : coverage) {
    out << comma << base::json_quote(name) << ": " << count;
    comma = ", ";
  }
  out << "}, \"states_x_faults\": " << states.size() << ", \"states\": {";
  comma = "";
  for (const auto& [one, count] : states) {
    out << comma
        << base::json_quote(std::string(name_of(one.site)) + " " + name_of(one.fate) + " " +
                            name_of_step(one.step))
        << ": " << count;
    comma = ", ";
  }
  out << "}, \"failures\": [";
  comma = "";
  for (const auto& one : failures) {
    out << comma << "{\"seed\": " << one.seed
        << ", \"invariant\": " << base::json_quote(one.invariant)
        << ", \"message\": " << base::json_quote(one.message) << "}";
    comma = ", ";
  }
  out << "]}\n";
  return out.str();
}

}  // namespace sim
