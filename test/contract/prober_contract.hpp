#pragma once
// The contract of port::Prober (the comments of src/port/prober.hpp), as tests. Every adapter runs
// all of it; prober_test.cpp names them. Include once per executable.

#include <optional>

#include "port/prober.hpp"
#include "subject.hpp"

namespace contract {

class ProberSubject : public World {
 public:
  virtual port::Prober& prober() = 0;
  // A desktop that is up and answers, with nobody connected; the target to look at it.
  virtual port::ProbeTarget start() = 0;
  virtual void set_connections(std::optional<std::uint32_t> connections) = 0;
  virtual void break_screen() = 0;  // it answers, but its screen does not work; or it is mute
  virtual void die() = 0;
  virtual void blind() = 0;  // this host can't look any more
};

class ProberContract : public Contract<ProberSubject> {
 protected:
  domain::Probe look(const port::ProbeTarget& target) {
    const auto seen = subject().prober().probe(target);
    EXPECT_TRUE(seen) << seen.error().message << seen.error().detail;
    return seen ? *seen : domain::Probe{};
  }
  void expect_silent(const port::ProbeTarget& target) {
    const auto seen = look(target);
    EXPECT_FALSE(seen.answers);
    EXPECT_FALSE(seen.why_not.empty());
    EXPECT_EQ(seen.connections, std::nullopt);  // unknown, never "nobody"
  }
};

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(ProberContract);

TEST_P(ProberContract, DesktopThatWorksAnswers) {
  const auto seen = look(subject().start());
  EXPECT_TRUE(seen.answers) << seen.why_not;
  EXPECT_EQ(seen.why_not, "");
}

TEST_P(ProberContract, AnotherDesktopOrAttemptDoesNot) {
  const auto target = subject().start();
  auto other = target;
  other.desktop = *domain::DesktopId::parse("m1-2-1");
  expect_silent(other);
  other = target;
  other.attempt = 2;
  expect_silent(other);
  EXPECT_TRUE(look(target).answers);
}

TEST_P(ProberContract, ConnectionsAreToldAndItsOwnIsNotCounted) {
  const auto target = subject().start();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(look(target).connections, 0U);
  subject().set_connections(2);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(look(target).connections, 2U);
}

TEST_P(ProberContract, CountThatIsNotKnownIsUnknown) {
  const auto target = subject().start();
  subject().set_connections(std::nullopt);
  const auto seen = look(target);
  EXPECT_TRUE(seen.answers);
  EXPECT_EQ(seen.connections, std::nullopt);
}

TEST_P(ProberContract, BrokenScreenIsNotReady) {
  const auto target = subject().start();
  subject().break_screen();
  expect_silent(target);
}

TEST_P(ProberContract, DeadDesktopIsSilentNotAnError) {
  const auto target = subject().start();
  EXPECT_TRUE(look(target).answers);
  subject().die();
  expect_silent(target);
}

TEST_P(ProberContract, HostThatCannotLookIsAnError) {
  const auto target = subject().start();
  subject().blind();
  const auto seen = subject().prober().probe(target);
  EXPECT_FALSE(seen);
}

}  // namespace contract
