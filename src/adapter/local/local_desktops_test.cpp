#include "adapter/local/local_desktops.hpp"

#include <sys/wait.h>

#include <thread>

#include "integration/desk.hpp"

namespace adapter::local {
namespace {

using base::ErrorKind;
using domain::InstanceState;
using test::eventually;

class LocalDesktopsTest : public test::Desks {};

TEST_F(LocalDesktopsTest, ShowsItsScreenToManyViewersOneAfterAnother) {
  const auto desk = launch(spec("k1"));
  EXPECT_EQ(desk.state, InstanceState::running);
  for (int viewer = 0; viewer < 3; ++viewer) EXPECT_TRUE(answers(desk)) << viewer;
  const auto seen = listed(desk.id);
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->owner, desk.owner);
  EXPECT_EQ(seen->launch_key, "k1");
  EXPECT_EQ(seen->deadline, desk.deadline);
}

TEST_F(LocalDesktopsTest, SameKeyStartsNothingMore) {
  const auto first = launch(spec("k1"));
  const auto second = launch(spec("k1"));
  EXPECT_EQ(first.id, second.id);
  EXPECT_EQ(desks().list_all()->size(), 1U);
  const auto other = launch(spec("k2", 2));
  EXPECT_NE(other.id, first.id);
  auto changed = spec("k1");
  changed.owner.attempt = 2;
  EXPECT_EQ(desks().launch(changed).error().kind, ErrorKind::invalid);
}

TEST_F(LocalDesktopsTest, TerminatedIsGoneAndItsKeyUsedUp) {
  const auto desk = launch(spec("k1"));
  ASSERT_TRUE(answers(desk));
  const auto what = marks(desk.id);
  EXPECT_FALSE(in_namespace(what.pid_namespace).empty());
  auto foreign = desk.owner;
  foreign.attempt = 9;
  EXPECT_EQ(desks().terminate(desk.id, foreign).error().kind, ErrorKind::denied);

  ASSERT_TRUE(desks().terminate(desk.id, desk.owner));
  EXPECT_TRUE(in_namespace(what.pid_namespace).empty());
  EXPECT_FALSE(is_alive(what.outer));
  EXPECT_FALSE(std::filesystem::exists("/sys/fs/cgroup/pids/howdah/" + desk.id.text()));
  EXPECT_EQ(listed(desk.id)->state, InstanceState::gone);
  EXPECT_TRUE(desks().terminate(desk.id, desk.owner)) << "idempotent";
  EXPECT_EQ(desks().launch(spec("k1")).error().kind, ErrorKind::conflict);
  EXPECT_EQ(desks().connect(desk.id, desk.owner).error().kind, ErrorKind::not_found);
  EXPECT_EQ(desks().set_deadline(desk.id, desk.owner, clock_.now()).error().kind,
            ErrorKind::not_found);
}

TEST_F(LocalDesktopsTest, UnknownDesktopsAreNotFound) {
  const auto id = instance_id(config_.store, "never");
  const auto owner = spec("never").owner;
  EXPECT_EQ(desks().terminate(id, owner).error().kind, ErrorKind::not_found);
  EXPECT_EQ(desks().connect(id, owner).error().kind, ErrorKind::not_found);
}

}  // namespace
}  // namespace adapter::local
