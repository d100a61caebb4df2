#pragma once
// The contract of port::Compute (the comments of src/port/compute.hpp), as tests. Every adapter
// runs all of it; compute_test.cpp names them. Include once per executable.

#include <algorithm>
#include <optional>
#include <thread>
#include <vector>

#include "domain/action.hpp"
#include "port/compute.hpp"
#include "subject.hpp"

namespace contract {

class ComputeSubject : public World {
 public:
  virtual port::Compute& compute() = 0;
  virtual std::string store() const = 0;
  // How old a list may be: until then a new machine may be missing.
  virtual Duration list_lag() const { return 0s; }
  // How far ahead a deadline must lie for a machine to come up before it.
  virtual Duration short_life() const = 0;
  // How long "gone" can be waited for here: 10 minutes by contract, less where time is real.
  virtual Duration gone_wait() const { return 0s; }
  // Starts a machine that carries another store's mark; false when that can't be done here.
  virtual bool plant_foreign(const domain::Owner& /*owner*/) { return false; }
};

class ComputeContract : public Contract<ComputeSubject> {
 protected:
  static domain::MeetingId meeting(const std::string& text) {
    return *domain::MeetingId::parse(text);
  }

  port::LaunchSpec spec(const std::string& meeting_text, std::uint32_t seat = 1,
                        std::uint32_t attempt = 1) {
    const auto seat_id = domain::seat_id(meeting(meeting_text), seat);
    const auto desktop = domain::desktop_id(seat_id, attempt);
    return {.key = desktop.text() + "-0-0",
            .owner = {subject().store(), seat_id, attempt},
            .desktop = desktop,
            .place = 0,
            .deadline = subject().now() + 1h,
            .title = "Algebra",
            .role = "teacher",
            .person = "Ada",
            .call_url = "https://meet.example.org/algebra"};
  }

  base::Result<domain::Instance> launch(const port::LaunchSpec& launch_spec) {
    return subject().patiently([&] { return subject().compute().launch(launch_spec); });
  }

  std::vector<domain::Instance> list(const std::string& meeting_text) {
    auto all = subject().patiently([&] { return subject().compute().list(meeting(meeting_text)); });
    EXPECT_TRUE(all);
    return all ? *std::move(all) : std::vector<domain::Instance>{};
  }

  std::vector<domain::Instance> list_all() {
    auto all = subject().patiently([&] { return subject().compute().list_all(); });
    EXPECT_TRUE(all);
    return all ? *std::move(all) : std::vector<domain::Instance>{};
  }

  std::optional<domain::Instance> find(const std::string& meeting_text,
                                       const domain::InstanceId& id) {
    for (auto& instance : list(meeting_text)) {
      if (instance.id == id) return instance;
    }
    return std::nullopt;
  }

  bool reaches(const std::string& meeting_text, const domain::InstanceId& id,
               domain::InstanceState state) {
    const bool seen_once = subject().eventually([&] {
      const auto seen = find(meeting_text, id);
      return seen && seen->state == state;
    });
    if (subject().list_lag() > 0s) subject().pass(subject().list_lag());
    const auto seen = find(meeting_text, id);
    return seen_once && seen && seen->state == state;
  }

  // not_found proves nothing about a machine that was just started: asks until the provider knows
  // it.
  base::Result<> terminate(const domain::InstanceId& id, const domain::Owner& owner) {
    base::Result<> answer;
    base::ignore(answer, "filled below");
    subject().eventually([&] {
      answer = subject().patiently([&] { return subject().compute().terminate(id, owner); });
      return answer || answer.error().kind != ErrorKind::not_found;
    });
    return answer;
  }

  base::Result<> set_deadline(const domain::InstanceId& id, const domain::Owner& owner,
                              Timestamp deadline) {
    base::Result<> answer;
    base::ignore(answer, "filled below");
    subject().eventually([&] {
      answer = subject().patiently(
          [&] { return subject().compute().set_deadline(id, owner, deadline); });
      return answer || answer.error().kind != ErrorKind::not_found;
    });
    return answer;
  }

  static std::size_t alive(const std::vector<domain::Instance>& instances) {
    return static_cast<std::size_t>(
        std::count_if(instances.begin(), instances.end(), [](const domain::Instance& instance) {
          return instance.state == domain::InstanceState::pending ||
                 instance.state == domain::InstanceState::running;
        }));
  }
};

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(ComputeContract);

TEST_P(ComputeContract, LaunchedMachineIsListedAsItWasAskedFor) {
  const auto asked = spec("m1");
  const auto launched = launch(asked);
  ASSERT_TRUE(launched) << launched.error().message << launched.error().detail;
  std::optional<domain::Instance> seen;
  ASSERT_TRUE(subject().eventually([&] { return (seen = find("m1", launched->id)).has_value(); }));
  EXPECT_EQ(seen->owner, asked.owner);
  EXPECT_EQ(seen->launch_key, asked.key);
  EXPECT_EQ(seen->deadline, asked.deadline);
  EXPECT_EQ(seen->launched_at, launched->launched_at);
  EXPECT_LE(seen->launched_at, subject().now());
}

TEST_P(ComputeContract, MachineComesToRunWithAnAddress) {
  const auto launched = launch(spec("m1"));
  ASSERT_TRUE(launched) << launched.error().message << launched.error().detail;
  EXPECT_TRUE(subject().eventually([&] {
    const auto seen = find("m1", launched->id);
    return seen && seen->state == domain::InstanceState::running && !seen->address.empty();
  }));
}

TEST_P(ComputeContract, SecondLaunchWithSameKeyStartsNothing) {
  const auto asked = spec("m1");
  const auto first = launch(asked);
  const auto second = launch(asked);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->id, second->id);
  ASSERT_TRUE(reaches("m1", first->id, domain::InstanceState::running));
  const auto third = launch(asked);
  ASSERT_TRUE(third);
  EXPECT_EQ(first->id, third->id);
  EXPECT_EQ(list("m1").size(), 1U);
}

TEST_P(ComputeContract, LaunchesAtOnceWithOneKeyStartOneMachine) {
  const auto asked = spec("m1");
  std::vector<base::Result<domain::Instance>> answers(
      4, base::Result<domain::Instance>(base::fail(ErrorKind::internal, "not asked")));
  std::vector<std::thread> threads;
  for (auto& answer : answers) {
    threads.emplace_back([&] { answer = subject().compute().launch(asked); });
  }
  for (auto& thread : threads) thread.join();
  std::optional<domain::InstanceId> id;
  for (const auto& answer : answers) {
    if (!answer) {  // only "try again" and "look first" are answers to a race
      EXPECT_TRUE(answer.error().kind == ErrorKind::unavailable ||
                  answer.error().kind == ErrorKind::unknown_outcome);
      continue;
    }
    if (!id) id = answer->id;
    EXPECT_EQ(answer->id, *id);
  }
  ASSERT_TRUE(id);
  ASSERT_TRUE(reaches("m1", *id, domain::InstanceState::running));
  EXPECT_EQ(list("m1").size(), 1U);
}

TEST_P(ComputeContract, AnotherAttemptIsAnotherMachine) {
  const auto first = launch(spec("m1", 1, 1));
  const auto second = launch(spec("m1", 1, 2));
  ASSERT_TRUE(first && second);
  EXPECT_NE(first->id, second->id);
  EXPECT_TRUE(subject().eventually([&] { return alive(list("m1")) == 2; }));
}

TEST_P(ComputeContract, ListsOneMeetingAndListAllEverything) {
  const auto one = launch(spec("m1", 1));
  const auto two = launch(spec("m1", 2));
  const auto other = launch(spec("m2", 1));
  ASSERT_TRUE(one && two && other);
  EXPECT_TRUE(subject().eventually([&] { return list_all().size() == 3; }));
  EXPECT_TRUE(subject().eventually([&] { return list("m1").size() == 2; }));
  EXPECT_FALSE(find("m1", other->id));
  EXPECT_TRUE(list("m3").empty());
  EXPECT_TRUE(list("m").empty());  // a meeting whose name begins another's
}

TEST_P(ComputeContract, NothingOfAnotherStoreIsListedOrTouched) {
  auto foreign = spec("m1").owner;
  foreign.store = "another-store";
  if (!subject().plant_foreign(foreign)) GTEST_SKIP() << "no foreign machine can be made here";
  const auto own = launch(spec("m1"));
  ASSERT_TRUE(own);
  ASSERT_TRUE(reaches("m1", own->id, domain::InstanceState::running));
  EXPECT_EQ(list("m1").size(), 1U);
  EXPECT_EQ(list_all().size(), 1U);
}

TEST_P(ComputeContract, TerminatedMachineIsSeenGoneAndStaysListed) {
  const auto asked = spec("m1");
  const auto launched = launch(asked);
  ASSERT_TRUE(launched);
  ASSERT_TRUE(reaches("m1", launched->id, domain::InstanceState::running));
  ASSERT_TRUE(terminate(launched->id, asked.owner));
  EXPECT_TRUE(reaches("m1", launched->id, domain::InstanceState::gone));
  EXPECT_EQ(alive(list_all()), 0U);
  subject().pass(subject().gone_wait());
  const auto seen = find("m1", launched->id);
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->owner, asked.owner);
}

TEST_P(ComputeContract, TerminateIsIdempotent) {
  const auto asked = spec("m1");
  const auto launched = launch(asked);
  ASSERT_TRUE(launched);
  EXPECT_TRUE(terminate(launched->id, asked.owner));
  EXPECT_TRUE(terminate(launched->id, asked.owner));
  ASSERT_TRUE(reaches("m1", launched->id, domain::InstanceState::gone));
  EXPECT_TRUE(terminate(launched->id, asked.owner));
}

TEST_P(ComputeContract, TerminateOfOneLeavesTheOther) {
  const auto asked = spec("m1", 1);
  const auto one = launch(asked);
  const auto two = launch(spec("m1", 2));
  ASSERT_TRUE(one && two);
  ASSERT_TRUE(reaches("m1", two->id, domain::InstanceState::running));
  ASSERT_TRUE(terminate(one->id, asked.owner));
  ASSERT_TRUE(reaches("m1", one->id, domain::InstanceState::gone));
  EXPECT_TRUE(reaches("m1", two->id, domain::InstanceState::running));
}

TEST_P(ComputeContract, UnknownMachineIsNotFound) {
  const auto id = *domain::InstanceId::parse("i-0000000000000000f");
  const auto asked = spec("m1");
  auto answer = subject().patiently([&] { return subject().compute().terminate(id, asked.owner); });
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::not_found);
  answer = subject().patiently(
      [&] { return subject().compute().set_deadline(id, asked.owner, asked.deadline); });
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::not_found);
}

TEST_P(ComputeContract, WrongOwnerIsDeniedAndTouchesNothing) {
  const auto asked = spec("m1", 1, 1);
  const auto launched = launch(asked);
  ASSERT_TRUE(launched);
  ASSERT_TRUE(reaches("m1", launched->id, domain::InstanceState::running));
  auto other_attempt = asked.owner;
  other_attempt.attempt = 2;
  auto other_store = asked.owner;
  other_store.store = "another-store";
  for (const auto& owner :
       {spec("m1", 2, 1).owner, spec("m2", 1, 1).owner, other_attempt, other_store}) {
    const auto ended = terminate(launched->id, owner);
    ASSERT_FALSE(ended);
    EXPECT_EQ(ended.error().kind, ErrorKind::denied);
    const auto moved = set_deadline(launched->id, owner, subject().now());
    ASSERT_FALSE(moved);
    EXPECT_EQ(moved.error().kind, ErrorKind::denied);
  }
  EXPECT_TRUE(reaches("m1", launched->id, domain::InstanceState::running));
  EXPECT_EQ(find("m1", launched->id)->deadline, asked.deadline);
}

TEST_P(ComputeContract, KeyOfAGoneMachineIsConflictAndStartsNothing) {
  const auto asked = spec("m1");
  const auto launched = launch(asked);
  ASSERT_TRUE(launched);
  ASSERT_TRUE(terminate(launched->id, asked.owner));
  ASSERT_TRUE(reaches("m1", launched->id, domain::InstanceState::gone));
  ASSERT_TRUE(subject().eventually([&] { return alive(list("m1")) == 0; }));
  const auto again = launch(asked);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().kind, ErrorKind::conflict);
  EXPECT_EQ(list("m1").size(), 1U);
}

TEST_P(ComputeContract, MachineEndsItselfAtItsDeadline) {
  auto asked = spec("m1");
  asked.deadline = subject().now() + subject().short_life();
  const auto launched = launch(asked);
  ASSERT_TRUE(launched);
  EXPECT_TRUE(reaches("m1", launched->id, domain::InstanceState::gone));
  EXPECT_GE(subject().now(), asked.deadline);
}

TEST_P(ComputeContract, DeadlineCanBeMovedBothWays) {
  auto asked = spec("m1");
  asked.deadline = subject().now() + subject().short_life();
  const auto launched = launch(asked);
  ASSERT_TRUE(launched);
  const auto later = asked.deadline + 1h;
  ASSERT_TRUE(set_deadline(launched->id, asked.owner, later));
  ASSERT_TRUE(set_deadline(launched->id, asked.owner, later));
  ASSERT_TRUE(subject().eventually([&] {
    const auto seen = find("m1", launched->id);
    return seen && seen->deadline == later;
  }));
  ASSERT_TRUE(subject().eventually([&] { return subject().now() > asked.deadline + 1s; }));
  ASSERT_TRUE(reaches("m1", launched->id, domain::InstanceState::running));
  ASSERT_TRUE(set_deadline(launched->id, asked.owner, subject().now() + 1s));
  EXPECT_TRUE(reaches("m1", launched->id, domain::InstanceState::gone));
}

TEST_P(ComputeContract, ImpossiblePlaceStartsNothing) {
  auto asked = spec("m1");
  asked.place = 1'000'000;
  const auto answer = launch(asked);
  ASSERT_FALSE(answer);
  EXPECT_TRUE(answer.error().kind == ErrorKind::invalid ||
              answer.error().kind == ErrorKind::exhausted);
  EXPECT_FALSE(answer.error().message.empty());
  EXPECT_TRUE(list_all().empty());
}

TEST_P(ComputeContract, NamesAreDataWhateverTheySay) {
  auto asked = spec("m1");
  asked.title = "$(touch /tmp/howdah-was-here) `id` '\"; exit #";
  asked.role = "teacher";
  asked.person = "\xC3\x89va & Zo\xC3\xAB %s \\";
  asked.call_url = "https://meet.example.org/a?b=$(id)&c='d'";
  const auto launched = launch(asked);
  ASSERT_TRUE(launched) << launched.error().message << launched.error().detail;
  EXPECT_TRUE(reaches("m1", launched->id, domain::InstanceState::running));
}

}  // namespace contract
