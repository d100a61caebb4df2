#include "host/http/tally.hpp"

#include <gtest/gtest.h>

#include "app/app_world_test.hpp"

namespace host::http {
namespace {

using namespace std::chrono_literals;  // NOLINT: 10min reads better than any alternative

TEST(Tally, CountsDesktopsByStateAndTimeToReady) {
  app::AppWorld world;
  base::Metrics metrics;
  Tally tally(metrics, world.settings.policy);
  const auto meeting = world.book();
  for (auto at = world.clock.now(); at < app::kT; at += 1s) {
    world.run_until(at);
    tally.see(world.load(meeting.id), world.clock.now());
  }
  const auto text = metrics.render();
  EXPECT_NE(text.find("howdah_desktops{state=\"ready\"} 2"), std::string::npos) << text;
  tally.see(world.load(meeting.id), world.clock.now());
  EXPECT_EQ(metrics.render(), text);
}

}  // namespace
}  // namespace host::http
