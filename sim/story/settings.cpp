#include "story/settings.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>

#include "base/zone.hpp"

namespace sim::story {

using base::ErrorKind;
using base::fail;
using base::Result;

namespace {

using Words = std::vector<std::string>;

constexpr Duration kBefore = 30min;  // a story begins so long before T, if it says nothing else

constexpr std::array<std::string_view, 10> kSettings{"title",  "start",   "length",  "seats",
                                                     "begins", "servers", "screens", "boot",
                                                     "answer", "policy"};

std::string joined(const Words& words, std::size_t from) {
  std::string text;
  for (auto i = from; i < words.size(); ++i) text += (text.empty() ? "" : " ") + words[i];
  return text;
}

Result<std::uint32_t> number(const std::string& word, std::uint32_t most) {
  std::uint32_t value = 0;
  const char* end = word.data() + word.size();
  const auto parsed = std::from_chars(word.data(), end, value);
  if (parsed.ec != std::errc{} || parsed.ptr != end || value == 0 || value > most) {
    return fail(ErrorKind::invalid, "a number from 1 to " + std::to_string(most) +
                                        " is expected, not \"" + word + "\"");
  }
  return value;
}

// start 2026-03-02T09:00:00Z | start [the earlier|the later] 2026-10-25T02:30 in Europe/Berlin
Result<> set_start(Script& script, const Words& words) {
  script.start_text = joined(words, 1);
  if (words.size() == 2) {
    script.start = TRY(base::parse_rfc3339(words[1]));
    script.start_fields = R"("start": ")" + words[1] + R"(")";
  } else {
    const bool chosen = words.size() == 6 && words[1] == "the";
    if (words.size() != (chosen ? 6U : 4U) || words[words.size() - 2] != "in") {
      return fail(ErrorKind::invalid,
                  "expected: start 2026-03-02T09:00:00Z, or start 2026-03-02T09:00 in "
                  "Europe/Berlin, or start the earlier ...");
    }
    const auto& local = words[words.size() - 3];
    const std::string choice = chosen ? words[2] : "";
    if (chosen && choice != "earlier" && choice != "later") {
      return fail(ErrorKind::invalid, "the earlier or the later, not the " + choice);
    }
    std::optional<base::Choice> meant;
    if (chosen) meant = choice == "later" ? base::Choice::later : base::Choice::earlier;
    script.start = TRY(base::resolve_local(local, words.back(), meant));
    script.start_fields = local_start_fields(local, words.back(), choice);
  }
  script.swarm.start = script.start - kBefore;
  return {};
}

// seats Ada (teacher), Ben (student)
Result<> set_seats(Script& script, const Words& words) {
  for (std::size_t i = 1; i < words.size(); i += 2) {
    const bool last = i + 2 >= words.size();
    const std::string tail = last ? ")" : "),";
    const std::string role = i + 1 < words.size() ? words[i + 1] : "";
    if (role.size() < tail.size() + 2 || role.front() != '(' || !role.ends_with(tail)) {
      return fail(ErrorKind::invalid, "expected: seats Ada (teacher), Ben (student)");
    }
    script.seats.push_back({words[i], role.substr(1, role.size() - 1 - tail.size())});
  }
  return {};
}

// begins T-2h
Result<> set_begins(Script& script, const Words& words) {
  const bool before = words[1].starts_with("T-");
  if (script.start_fields.empty() || !before) {
    return fail(ErrorKind::invalid, "expected, after the start: begins T-2h");
  }
  script.swarm.start = script.start - TRY(base::parse_duration(words[1].substr(2)));
  return {};
}

Result<> set_policy(domain::Policy& policy, const Words& words) {
  const std::map<std::string, Duration*> times{
      {"launch_lead", &policy.launch_lead},   {"no_show_after", &policy.no_show_after},
      {"leave_grace", &policy.leave_grace},   {"overrun", &policy.overrun},
      {"ready_within", &policy.ready_within}, {"give_up_before", &policy.give_up_before},
      {"launch_retry", &policy.launch_retry}, {"name_wait_max", &policy.name_wait_max},
      {"token_life", &policy.token_life}};
  const std::map<std::string, std::uint32_t*> counts{{"places", &policy.places},
                                                     {"attempts_max", &policy.attempts_max}};
  if (words.size() != 3) return fail(ErrorKind::invalid, "expected: policy no_show_after 5m");
  if (const auto time = times.find(words[1]); time != times.end()) {
    *time->second = TRY(base::parse_duration(words[2]));
    return {};
  }
  if (const auto count = counts.find(words[1]); count != counts.end()) {
    *count->second = TRY(number(words[2], 10));
    return {};
  }
  if (words[1] == "kill_despite_name" && (words[2] == "yes" || words[2] == "no")) {
    policy.kill_despite_name = words[2] == "yes";
    return {};
  }
  return fail(ErrorKind::invalid, "no such policy: " + words[1] + " " + words[2]);
}

}  // namespace

std::string local_start_fields(const std::string& local, const std::string& zone,
                               const std::string& choice) {
  std::string fields = R"("start_local": ")" + local + R"(", "zone": ")" + zone + R"(")";
  if (!choice.empty()) fields += R"(, "start_choice": ")" + choice + R"(")";
  return fields;
}

Swarm plain_world() {
  Swarm swarm{.seed = 1};
  swarm.plain = true;
  swarm.boot_max = 40s;
  swarm.address_max = 5s;
  swarm.answer_max = 30s;
  swarm.end_max = 20s;
  swarm.resolve_lag = 1s;
  return swarm;
}

bool is_setting(const std::string& word) {
  return std::find(kSettings.begin(), kSettings.end(), word) != kSettings.end();
}

Result<> set(Script& script, const Words& words) {
  const auto& what = words.front();
  const bool many = what == "title" || what == "start" || what == "seats" || what == "policy";
  if (words.size() < 2 || (!many && words.size() != 2)) {
    return fail(ErrorKind::invalid, what + " takes one word");
  }
  auto& swarm = script.swarm;
  if (what == "title") script.title = joined(words, 1);
  if (what == "start") return set_start(script, words);
  if (what == "seats") return set_seats(script, words);
  if (what == "begins") return set_begins(script, words);
  if (what == "policy") return set_policy(swarm.policy, words);
  if (what == "length") script.length = TRY(base::parse_duration(words[1]));
  if (what == "boot") swarm.boot_max = TRY(base::parse_duration(words[1]));
  if (what == "answer") swarm.answer_max = TRY(base::parse_duration(words[1]));
  if (what == "servers") swarm.processes = TRY(number(words[1], 3));
  if (what == "screens") {
    if (words[1] != "bridged" && words[1] != "direct") {
      return fail(ErrorKind::invalid, "screens are bridged or direct");
    }
    swarm.bridged = words[1] == "bridged";
  }
  return {};
}

}  // namespace sim::story
