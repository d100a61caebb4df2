#pragma once
// A tiny world for tests of plan(): machines and records that do what they are told, on a clock
// that the test moves. Tests read as little programs: book, go to an instant, let people come,
// look.

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/check.hpp"
#include "domain/command.hpp"
#include "domain/phase.hpp"
#include "domain/plan.hpp"

namespace domain {

constexpr Timestamp kT = Timestamp(std::chrono::hours(24 * 20'000));

template <class T>
T must(Result<T> result) {
  CHECK(result.has_value());
  return *std::move(result);
}

inline Meeting booked(const Policy& policy,
                      std::vector<std::string> roles = {"teacher", "student"}) {
  Booking booking{.title = "Algebra", .start = {kT, "", ""}, .length = 45min};
  for (auto& role : roles) booking.seats.push_back({role, "", ""});
  return must(book(booking, must(MeetingId::parse("m1")), must(PrincipalId::parse("ada")), kT - 24h,
                   policy));
}

class World {
 public:
  Policy policy;
  Meeting meeting = booked(policy);
  Timestamp now = kT - 24h;
  std::vector<Instance> instances;
  std::vector<Record> records;
  std::map<DesktopId, std::optional<std::uint32_t>> connections;  // default 0
  std::set<DesktopId> mute;                                       // answers no probe
  std::vector<Outcome> launch_answers;  // given to the next launches instead of success
  bool list_fails = false;
  bool zone_fails = false;
  bool hold_kills = false;
  bool may_launch = true;
  bool ends_slowly = false;                // a machine that was told to end stays on its way
  std::optional<std::uint32_t> ends_left;  // calls to end one that the provider still takes
  std::vector<std::string> log;            // names of the executed actions

  Seat& seat(std::size_t index) { return meeting.seats.at(index); }
  const Desktop& desktop(std::size_t index) { return *seat(index).desktop; }
  SeatStep step_of(std::size_t index) { return step(meeting, seat(index), now, policy); }

  Observed observe() {
    Observed observed;
    observed.hold_kills = hold_kills;
    observed.may_launch = may_launch;
    const auto wanted = look(meeting, now, policy);
    if (wanted.instances && !list_fails) observed.instances = instances;
    if (wanted.records && !zone_fails) observed.records = records;
    for (const auto& id : wanted.probes) {
      Probe probe{.at = now, .answers = !mute.contains(id)};
      if (probe.answers) probe.connections = connections.contains(id) ? connections.at(id) : 0U;
      observed.probes.emplace(id, probe);
    }
    return observed;
  }

  // One pass: rounds until nothing changes.
  void pass() {
    for (int round = 0; round < 10; ++round) {
      auto result = plan(meeting, observe(), now, policy);
      auto quiet = result.meeting;
      quiet.wake_at = meeting.wake_at;
      const bool changed = quiet != meeting || !result.actions.empty();
      meeting = result.meeting;
      for (const auto& action : result.actions) execute(action);
      if (!changed) return;
    }
  }

  // Lets time go by, passing at every wake.
  void run_until(Timestamp until) {
    pass();
    while (meeting.wake_at && *meeting.wake_at <= until) {
      CHECK(*meeting.wake_at > now);
      now = *meeting.wake_at;
      pass();
    }
    now = until;
    pass();
  }

  // One look without a call.
  void look_once() { meeting = plan(meeting, observe(), now, policy).meeting; }
  void look_until_ending(Duration pause) {
    while (!meeting.ending) {
      CHECK(!meeting.end);
      now += pause;
      look_once();
    }
  }

  // Through the door; no look has seen them yet.
  void come_in(std::size_t index) {
    meeting = must(admit(meeting, seat(index).id, "h", now, policy));
    meeting = must(pass_door(meeting, desktop(index).id, "h", now, policy));
  }
  void enter(std::size_t index) {
    const auto id = desktop(index).id;
    come_in(index);
    connections[id] = 1;
    meeting = must(report_presence(meeting, id, 1, true, now));
  }
  void leave(std::size_t index) {
    const auto id = desktop(index).id;
    connections[id] = 0;
    meeting = must(report_presence(meeting, id, 0, false, now));
  }
  void die(std::size_t index) {
    for (auto& instance : instances) {
      if (instance.id == desktop(index).instance->value) instance.state = InstanceState::gone;
    }
  }
  std::size_t alive() const {
    return static_cast<std::size_t>(
        std::count_if(instances.begin(), instances.end(),
                      [](const Instance& one) { return one.state != InstanceState::gone; }));
  }
  std::size_t count(const std::string& action) const {
    return static_cast<std::size_t>(std::count(log.begin(), log.end(), action));
  }

 private:
  void execute(const Action& action) {
    log.emplace_back(name_of(action));
    meeting = apply_outcome(meeting, action, call(action), now, policy);
  }

  Outcome call(const Action& action) {
    if (const auto* one = std::get_if<Launch>(&action)) return launch(*one);
    if (const auto* one = std::get_if<Terminate>(&action)) {
      const auto& own = find_seat(meeting, *seat_of(one->desktop))->desktop->instance;
      CHECK(!own || own->value != one->instance || policy.kill_despite_name ||
            std::none_of(records.begin(), records.end(), [&](const Record& record) {
              return record.name == one->desktop.text();
            }));  // S11
      if (ends_left && (*ends_left)-- == 0) {
        ends_left = 0;
        return base::fail(base::ErrorKind::held_back, "too many calls");
      }
      for (auto& instance : instances) {
        if (instance.id != one->instance) continue;
        instance.state = ends_slowly ? InstanceState::stopping : InstanceState::gone;
      }
    }
    if (const auto* one = std::get_if<SetDeadline>(&action)) {
      for (auto& instance : instances) {
        if (instance.id == one->instance) instance.deadline = one->deadline;
      }
    }
    const auto id = desktop_of(action);
    if (const auto* one = std::get_if<PutRecord>(&action); one != nullptr && !zone_fails) {
      std::erase_if(records, [&](const Record& record) { return record.name == id.text(); });
      records.push_back(
          {id.text(), one->address, {"s", *seat_of(id), attempt_of(id)}, one->generation});
    }
    if (std::holds_alternative<DropRecord>(action) && !zone_fails) {
      std::erase_if(records, [&](const Record& record) { return record.name == id.text(); });
    }
    return std::optional<Instance>();
  }

  static std::uint32_t attempt_of(const DesktopId& id) {
    return static_cast<std::uint32_t>(std::stoul(id.text().substr(id.text().rfind('-') + 1)));
  }

  Outcome launch(const Launch& one) {
    CHECK(asked_deadlines_.emplace(one.key, one.deadline).first->second == one.deadline);  // S3
    if (!launch_answers.empty()) {
      auto answer = launch_answers.front();
      launch_answers.erase(launch_answers.begin());
      if (!answer) return answer;
    }
    for (const auto& instance : instances) {
      if (instance.launch_key == one.key) return std::optional(instance);
    }
    Instance made{.id = must(InstanceId::parse("i-" + std::to_string(instances.size() + 1))),
                  .owner = {"s", one.seat, one.attempt},
                  .launch_key = one.key,
                  .state = InstanceState::running,
                  .address = "127.0.0.1",
                  .launched_at = now,
                  .deadline = one.deadline};
    instances.push_back(made);
    return std::optional(made);
  }

  std::map<std::string, Timestamp> asked_deadlines_;  // per key
};

}  // namespace domain
