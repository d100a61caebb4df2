// The canary: a secret is found wherever it stands in a text, also when the text ends in the middle
// of it.
#include "canary.hpp"

#include <gtest/gtest.h>

#include "world.hpp"

namespace sim {
namespace {

constexpr std::string_view kSecret = "of those who are inside";

bool sings(const std::string& text) {
  World world(draw_swarm(1));
  world.canary().know(kSecret);
  world.canary().look("a text", text);
  return world.violated().has_value();
}

TEST(Canary, FindsASecretWhereverItStandsAndAlsoItsBeginning) {
  for (std::size_t before = 0; before < 20; ++before) {
    const std::string text(before, '.');
    EXPECT_TRUE(sings(text + std::string(kSecret) + ".")) << before;
    EXPECT_TRUE(sings(text + std::string(kSecret.substr(0, 12)))) << before;
    EXPECT_FALSE(sings(text + std::string(kSecret.substr(0, 11)) + "!")) << before;
    EXPECT_FALSE(sings(text + std::string(kSecret.substr(1)))) << before;
  }
}

}  // namespace
}  // namespace sim
