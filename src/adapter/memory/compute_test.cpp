#include "adapter/memory/compute.hpp"

#include <gtest/gtest.h>

#include "adapter/memory/clock.hpp"

namespace adapter::memory {
namespace {

using base::ErrorKind;
using domain::InstanceState;

class MemoryCompute : public testing::Test {
 protected:
  Clock clock_{*base::parse_rfc3339("2026-12-01T08:00:00Z")};

  port::LaunchSpec spec(std::uint32_t place = 0, const std::string& key = "key") {
    const auto seat = domain::seat_id(meeting_, 1);
    return {.key = key,
            .owner = {"store", seat, 1},
            .desktop = domain::desktop_id(seat, 1),
            .place = place,
            .deadline = *base::parse_rfc3339("2026-12-01T12:00:00Z"),
            .title = "",
            .role = "",
            .person = "",
            .call_url = ""};
  }
  static std::size_t alive(Compute& compute) {
    std::size_t count = 0;
    for (const auto& machine : compute.truth()) count += machine.state != InstanceState::gone;
    return count;
  }
  const domain::MeetingId meeting_ = *domain::MeetingId::parse("m1");
};

TEST_F(MemoryCompute, ZonalKeyStartsASecondMachineAtAnotherPlace) {
  Compute compute(clock_, {.places = 2, .zonal_keys = true});
  ASSERT_TRUE(compute.launch(spec(0)));
  ASSERT_TRUE(compute.launch(spec(1)));
  EXPECT_EQ(alive(compute), 2U);
}

TEST_F(MemoryCompute, KeyWithOtherParametersIsOurMistakeAndStartsNothing) {
  Compute compute(clock_, {.places = 2});
  ASSERT_TRUE(compute.launch(spec(0)));
  auto changed = spec(0);
  changed.deadline += 1h;
  for (const auto& again : {spec(1), changed}) {
    const auto answer = compute.launch(again);
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().kind, ErrorKind::internal);
    EXPECT_EQ(answer.error().detail, "IdempotentParameterMismatch");
  }
  EXPECT_EQ(alive(compute), 1U);
}

TEST_F(MemoryCompute, DeadKeyIsRefusedOrShowsTheGoneMachine) {
  for (const auto dead_key : {DeadKey::refused, DeadKey::shown}) {
    Compute compute(clock_, {.dead_key = dead_key});
    const auto machine = compute.launch(spec());
    ASSERT_TRUE(machine);
    compute.die(machine->id);
    const auto again = compute.launch(spec());
    ASSERT_EQ(again.has_value(), dead_key == DeadKey::shown);
    if (again) {
      EXPECT_EQ(again->state, InstanceState::gone);
    } else {
      EXPECT_EQ(again.error().detail, "IdempotentInstanceTerminated");
    }
    EXPECT_EQ(alive(compute), 0U);
  }
}

TEST_F(MemoryCompute, KeyOutlivesItsMachineForADay) {
  Compute compute(clock_, {});
  const auto machine = compute.launch(spec());
  ASSERT_TRUE(machine);
  compute.die(machine->id);
  clock_.advance(23h);
  EXPECT_TRUE(compute.truth().empty());
  EXPECT_FALSE(compute.launch(spec()));
  clock_.advance(2h);
  EXPECT_TRUE(compute.launch(spec()));
}

TEST_F(MemoryCompute, AnswerAndEffectOfALaunchMayPart) {
  struct Row {
    Fate fate;
    ErrorKind error;
    std::size_t at_once;
    std::size_t later;
  };
  for (const auto& row :
       {Row{{Fate::Kind::refused}, ErrorKind::unavailable, 0, 0},
        Row{{Fate::Kind::lost_unknown}, ErrorKind::unknown_outcome, 0, 0},
        Row{{Fate::Kind::done_unknown}, ErrorKind::unknown_outcome, 1, 1},
        Row{{Fate::Kind::late_unknown, 5min}, ErrorKind::unknown_outcome, 0, 1}}) {
    Compute compute(clock_, {});
    auto asked = spec();
    asked.deadline = clock_.now() + 1h;
    compute.next_launch(row.fate);
    const auto answer = compute.launch(asked);
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().kind, row.error);
    EXPECT_EQ(alive(compute), row.at_once);
    clock_.advance(5min);
    EXPECT_EQ(alive(compute), row.later);
    EXPECT_TRUE(compute.launch(asked));  // the same key is safe in every case
    EXPECT_EQ(alive(compute), 1U);
  }
}

TEST_F(MemoryCompute, LateTerminateComesLate) {
  Compute compute(clock_, {});
  const auto machine = compute.launch(spec());
  ASSERT_TRUE(machine);
  compute.next_terminate({Fate::Kind::late_unknown, 2min});
  EXPECT_EQ(compute.terminate(machine->id, spec().owner).error().kind, ErrorKind::unknown_outcome);
  EXPECT_EQ(alive(compute), 1U);
  clock_.advance(2min);
  EXPECT_EQ(alive(compute), 0U);
}

TEST_F(MemoryCompute, FullPlaceIsExhaustedWithTheProvidersCode) {
  Compute compute(clock_, {.places = 2});
  compute.set_capacity(0, false, "Unsupported");
  const auto answer = compute.launch(spec(0));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::exhausted);
  EXPECT_EQ(answer.error().detail, "Unsupported");
  EXPECT_TRUE(compute.launch(spec(1)));
  compute.set_capacity(0, true);
  EXPECT_TRUE(compute.launch(spec(0, "other")));
}

TEST_F(MemoryCompute, ThrottledLaunchIsUnavailableUntilTheBucketFills) {
  Compute compute(clock_, {.launches = Rate{5, 2}});
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(compute.launch(spec()));
  EXPECT_EQ(compute.launch(spec()).error().kind, ErrorKind::unavailable);
  clock_.advance(500ms);
  EXPECT_TRUE(compute.launch(spec()));
  EXPECT_FALSE(compute.launch(spec()));
}

TEST_F(MemoryCompute, LaggingListMayMissANewMachineAndNotFoundProvesNothing) {
  Compute compute(clock_, {.list_lag = 60s});
  const auto machine = compute.launch(spec());
  ASSERT_TRUE(machine);
  clock_.advance(1s);
  std::size_t missing = 0;
  std::size_t unknown = 0;
  for (int i = 0; i < 50; ++i) {
    missing += compute.list(meeting_)->empty();
    const auto moved = compute.set_deadline(machine->id, spec().owner, spec().deadline);
    unknown += !moved && moved.error().kind == ErrorKind::not_found;
  }
  EXPECT_GT(missing, 0U);
  EXPECT_GT(unknown, 0U);
  EXPECT_EQ(alive(compute), 1U);
  clock_.advance(60s);
  for (int i = 0; i < 50; ++i) ASSERT_EQ(compute.list(meeting_)->size(), 1U);
}

TEST_F(MemoryCompute, AddressComesAfterRunningAndIsGivenToTheNextAtOnce) {
  Compute compute(clock_, {.boot = 10s, .address_after = 10s});
  const auto machine = compute.launch(spec());
  ASSERT_TRUE(machine);
  EXPECT_EQ(machine->state, InstanceState::pending);
  clock_.advance(10s);
  EXPECT_EQ(compute.truth_of(machine->id)->state, InstanceState::running);
  EXPECT_EQ(compute.truth_of(machine->id)->address, "");
  clock_.advance(10s);
  const auto address = compute.truth_of(machine->id)->address;
  EXPECT_NE(address, "");
  compute.change_address(machine->id);
  EXPECT_NE(compute.truth_of(machine->id)->address, address);
  const auto next = compute.launch(spec(0, "next"));
  ASSERT_TRUE(next);
  clock_.advance(20s);
  EXPECT_EQ(compute.truth_of(next->id)->address, address);
  EXPECT_EQ(compute.screen_at(address)->instance, next->id);
}

TEST_F(MemoryCompute, StoppedMachineLosesItsAddressAndCanBeEnded) {
  Compute compute(clock_, {.end_takes = 10s});
  const auto machine = compute.launch(spec());
  ASSERT_TRUE(machine);
  compute.stop(machine->id);
  EXPECT_EQ(compute.truth_of(machine->id)->state, InstanceState::stopped);
  EXPECT_EQ(compute.truth_of(machine->id)->address, "");
  ASSERT_TRUE(compute.terminate(machine->id, spec().owner));
  EXPECT_EQ(compute.truth_of(machine->id)->state, InstanceState::stopping);
  clock_.advance(10s);
  EXPECT_EQ(compute.truth_of(machine->id)->state, InstanceState::gone);
}

TEST_F(MemoryCompute, SameSeedSameAnswers) {
  const auto run = [&](std::uint64_t seed) {
    Clock clock(*base::parse_rfc3339("2026-12-01T08:00:00Z"));
    Compute compute(clock, {.seed = seed, .boot = 5s, .list_lag = 60s});
    std::vector<std::vector<domain::Instance>> lists;
    for (int i = 0; i < 20; ++i) {
      base::ignore(compute.launch(spec(0, std::to_string(i))), "its list is compared");
      clock.advance(3s);
      lists.push_back(*compute.list(meeting_));
    }
    return lists;
  };
  EXPECT_EQ(run(7), run(7));
  EXPECT_NE(run(7), run(8));
}

TEST_F(MemoryCompute, HookSeesTheLaunchBeforeItHappens) {
  Compute compute(clock_, {});
  std::size_t alive_then = 99;
  compute.on_launch([&](const port::LaunchSpec&) { alive_then = alive(compute); });
  ASSERT_TRUE(compute.launch(spec()));
  EXPECT_EQ(alive_then, 0U);
}

}  // namespace
}  // namespace adapter::memory
