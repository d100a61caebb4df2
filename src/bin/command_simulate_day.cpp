// `howdah simulate-day`: what a day with many meetings will be like, before it comes. Talks to no
// server and to no provider.
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cstdio>
#include <fstream>

#include "bin/commands.hpp"
#include "bin/exit_code.hpp"
#include "day.hpp"

namespace bin {
namespace {

using base::Duration;
using base::ErrorKind;
using base::fail;
using base::Result;
using namespace std::chrono_literals;  // NOLINT: 10min reads better than any alternative
namespace json = boost::json;

Result<Duration> duration_of(const std::string& text, const char* option, Duration min,
                             Duration max) {
  const auto value = base::parse_duration(text);
  if (value && *value >= min && *value <= max) return *value;
  return fail(ErrorKind::invalid,
              fmt::format("a time from {} to {}, like 90s or 1h30m, and not \"{}\"",
                          base::to_text(min), base::to_text(max), text),
              option);
}

Result<Duration> time_of_day(const std::string& text) {
  const bool shaped = text.size() == 5 && text[2] == ':' &&
                      std::all_of(text.begin(), text.end(),
                                  [](char c) { return c == ':' || (c >= '0' && c <= '9'); }) &&
                      std::count(text.begin(), text.end(), ':') == 1;
  const int hour = shaped ? std::stoi(text.substr(0, 2)) : 24;
  const int minute = shaped ? std::stoi(text.substr(3)) : 60;
  if (hour < 24 && minute < 60) return std::chrono::hours(hour) + std::chrono::minutes(minute);
  return fail(ErrorKind::invalid, "a time of day like 09:00, and not \"" + text + "\"", "--at");
}

Result<sim::DayOptions> options_of(const DayLine& line) {
  sim::DayOptions options;
  options.meetings = line.meetings;
  options.seats = line.seats;
  options.at = TRY(time_of_day(line.at));
  options.spread = TRY(duration_of(line.spread, "--spread", 0s, 12h));
  options.length = TRY(duration_of(line.length, "--length", 1min, 12h));
  options.lead = TRY(duration_of(line.lead, "--lead", 1min, 24h));
  options.boot_median = TRY(duration_of(line.boot, "--boot", 1s, 1h));
  options.boot_p99 = TRY(duration_of(line.boot_p99, "--boot-p99", options.boot_median, 2h));
  options.capacity = line.capacity;
  options.launches_per_second = line.launch_rate;
  options.launch_burst = line.launch_burst;
  options.cloudflare = line.dns == "cloudflare";
  options.price = line.price;
  options.seed = line.seed;
  return options;
}

// The time after which `share` of all seats are ready, after the first start.
std::string ready_after(const sim::DayResult& result, double share) {
  auto ready = result.ready;
  std::sort(ready.begin(), ready.end());
  const auto index = static_cast<std::size_t>(share * result.seats + 0.999999);
  if (index == 0 || index > ready.size()) return "never";
  const auto at = std::chrono::round<std::chrono::seconds>(ready[index - 1]);
  if (at == 0s) return "T";
  return fmt::format("T {} {}", at < 0s ? "-" : "+", base::to_text(std::chrono::abs(at)));
}

double percent(std::uint32_t part, std::uint32_t whole) {
  return whole == 0 ? 0 : 100.0 * part / whole;
}

std::string table(const sim::DayOptions& options, const sim::DayResult& result,
                  const std::string& lead) {
  std::string out =
      fmt::format("{} meetings of {} seats at {}, lead {}, boot {} (99 %: {}), names by {}\n\n",
                  options.meetings, options.seats,
                  fmt::format("{:02}:{:02}", options.at / 1h, options.at % 1h / 1min),
                  base::to_text(options.lead), base::to_text(options.boot_median),
                  base::to_text(options.boot_p99), options.cloudflare ? "Cloudflare" : "Route 53");
  const auto row = [&](const char* name, const std::string& value) {
    out += fmt::format("  {:<36}{}\n", name, value);
  };
  row("seats", std::to_string(result.seats));
  row("ready two minutes before the start",
      fmt::format("{} ({:.1f} %)", result.ready_in_time,
                  percent(result.ready_in_time, result.seats)));
  row("ready at the start", fmt::format("{} ({:.1f} %)", result.ready_at_start,
                                        percent(result.ready_at_start, result.seats)));
  row("given up", std::to_string(result.failed));
  for (const auto& [name, share] :
       {std::pair{"half of all seats are ready at", 0.5}, {"90 % at", 0.9}, {"99 % at", 0.99}}) {
    row(name, ready_after(result, share));
  }
  row("machine hours", fmt::format("{:.1f}", result.machine_hours));
  row("cost", fmt::format("{:.2f} (at {} an hour)", result.cost, options.price));
  row("the last machine is gone at",
      fmt::format("T + {}",
                  base::to_text(std::chrono::round<std::chrono::seconds>(result.last_gone))));
  if (!lead.empty()) row("lead for 99 % two minutes early", lead);
  out += "\n  calls                                 made   refused\n";
  for (const auto& [kind, calls] : result.calls) {
    out += fmt::format("  {:<30}{:>12}{:>10}\n", kind, calls.made, calls.refused);
  }
  out += fmt::format("\nThe limits allow {} seats two minutes before their start; got {}.\n",
                     result.allowed, result.ready_in_time);
  return out;
}

json::object as_json(const sim::DayOptions& options, const sim::DayResult& result,
                     std::optional<Duration> lead) {
  json::object calls;
  for (const auto& [kind, count] : result.calls) {
    calls[kind] = json::object{{"made", count.made}, {"refused", count.refused}};
  }
  json::array ready;
  auto sorted = result.ready;
  std::sort(sorted.begin(), sorted.end());
  for (const auto at : sorted) ready.emplace_back(static_cast<double>(at.count()) / 1000);
  json::object answer{{"meetings", options.meetings},
                      {"seats", result.seats},
                      {"lead_seconds", static_cast<double>(options.lead.count()) / 1000},
                      {"ready_in_time", result.ready_in_time},
                      {"ready_at_start", result.ready_at_start},
                      {"given_up", result.failed},
                      {"allowed_by_limits", result.allowed},
                      {"machine_hours", result.machine_hours},
                      {"cost", result.cost},
                      {"calls", calls},
                      {"passes", result.passes},
                      {"ready_seconds_after_start", ready}};
  if (lead && *lead > 0s) {
    answer["lead_needed_seconds"] = static_cast<double>(lead->count()) / 1000;
  }
  return answer;
}

Result<> write_file(const std::string& path, const char* option, const std::string& text) {
  if (path.empty()) return {};
  std::ofstream out(path, std::ios::binary);
  out << text;
  out.close();
  if (out) return {};
  return fail(ErrorKind::invalid, "cannot be written: " + path, option);
}

Result<> run_day(const Shared& shared, const DayLine& line) {
  const auto options = TRY(options_of(line));
  // Found out before minutes of work, not after.
  TRY(write_file(line.json_file, "--json-file", ""));
  TRY(write_file(line.svg_file, "--svg", ""));
  int told = -1;
  const auto result = sim::simulate_day(options, false, [&](double part) {
    const int tenth = static_cast<int>(part * 10);
    if (tenth != told) std::fprintf(stderr, "the day is %d %% over\n", tenth * 10);
    told = tenth;
  });
  std::optional<Duration> lead;
  std::string lead_text;
  if (line.search) {
    lead = sim::lead_needed(options, [](Duration tried, double share) {
      std::fprintf(stderr, "lead %s: %.1f %% in time\n", base::to_text(tried).c_str(), 100 * share);
    });
    lead_text = *lead > 0s ? base::to_text(std::chrono::ceil<std::chrono::seconds>(*lead))
                           : "none up to a day is enough";
  }
  const auto answer = json::serialize(as_json(options, result, lead)) + "\n";
  TRY(write_file(line.json_file, "--json-file", answer));
  TRY(write_file(line.svg_file, "--svg", sim::day_picture(options, result)));
  std::fputs(shared.json ? answer.c_str() : table(options, result, lead_text).c_str(), stdout);
  return {};
}

}  // namespace

int simulate_day(const Shared& shared, const DayLine& line) {
  base::set_log(base::LogLevel::error, [] { return std::string(); }, nullptr);
  const auto done = run_day(shared, line);
  return done ? static_cast<int>(kExitOk) : tell(done.error());
}

}  // namespace bin
