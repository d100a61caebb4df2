// The power goes at every write and at every sync of the real store, several times each with other
// things left of what was not synced; and again while the store is being opened after that. What
// was acknowledged is there whole, the rest happened fully or not at all (S24).
//   HOWDAH_POWER=20 build/asan/test/integration --gtest_filter='StorePower.*' --- the long run

#include <algorithm>
#include <cstdlib>

#include "integration/store_work.hpp"

namespace test {
namespace {

constexpr std::string_view kFirst = "0123456789abcdef";
constexpr std::string_view kLater = "fedcba9876543210";  // another store, if one were made

struct Scope {
  int meetings = 2;
  std::uint32_t outcomes = 2;  // drawn for each moment
  std::uint32_t again = 250;   // one in so many moments of an opening loses power once more
};

Scope scope_from_environment() {
  const char* text = std::getenv("HOWDAH_POWER");
  if (text == nullptr) return {};
  const auto times = static_cast<std::uint32_t>(std::strtoul(text, nullptr, 10));
  return {.meetings = static_cast<int>(3 + times), .outcomes = 2 + times / 2, .again = 60};
}

class PowerLoss {
 public:
  PowerLoss(std::uint64_t seed, const Scope& scope)
      : scope_(scope), rng_(base::Rng(seed).fork("power")), disk_(seed) {}

  // Stops at the first thing that is wrong.
  void run() {
    disk_.on_change([this] { try_moment(disk_, 0); });
    auto store = open_on(disk_, kFirst);
    ASSERT_TRUE(store) << store.error().message;
    identity_ = (*store)->identity();
    for (const auto& piece : store_work(scope_.meetings)) {
      doing_ = piece.name;
      expected_.begin(piece);
      const auto done = do_piece(piece, disk_, *store, kLater);
      ASSERT_TRUE(done) << piece.name << ": " << done.error().message;
      expected_.done();
      if (piece.name.starts_with("book")) ++booked_;
      cursor_ = std::max(cursor_, newest_cursor(**store));
      if (!wrong_.empty()) break;
    }
    try_moment(disk_, 0);
    disk_.on_change(nullptr);
    store->reset();
  }
  std::uint64_t moments() const { return moments_; }
  std::uint64_t openings() const { return openings_; }
  std::uint64_t twice() const { return twice_; }
  const std::string& wrong() const { return wrong_; }
  sim::Disk& disk() { return disk_; }

 private:
  void try_moment(const sim::Disk& disk, int depth) {
    if (depth > 0 && rng_.below(scope_.again) != 0) return;
    ++(depth > 0 ? twice_ : moments_);
    std::vector<sim::Medium> tried;
    for (std::uint32_t i = 0; i < (depth > 0 ? 1 : scope_.outcomes) && wrong_.empty(); ++i) {
      auto medium = disk.after_power_loss(rng_);
      if (std::find(tried.begin(), tried.end(), medium) != tried.end()) continue;
      tried.push_back(medium);
      look(std::move(medium), depth);
    }
  }

  // Opens what is left; `depth`: how often the power went before.
  void look(sim::Medium medium, int depth) {
    ++openings_;
    sim::Disk disk(openings_, medium);
    if (depth == 0) disk.on_change([&] { try_moment(disk, 1); });
    auto opened = open_on(disk, kLater);
    disk.on_change(nullptr);
    if (!opened) return note("can't be opened: " + opened.error().message + opened.error().detail);
    auto& store = **opened;
    const auto image = image_on(disk, store);
    if (!image) return note("can't be read: " + image.error().message + image.error().detail);
    if (*image != expected_.before() && *image != expected_.after()) {
      return note("holds\n" + *image + "instead of\n" + expected_.before() + "or\n" +
                  expected_.after());
    }
    if (!identity_.empty() && store.identity() != identity_) return note("is another store");
    check_goes_on(store);
  }

  // Keys still answer the same meeting, and what comes next has a place of its own in the feed.
  void check_goes_on(SqliteStore& store) {
    for (int i = 0; i < booked_; i += 2) {
      if (!store.load(meeting_id(i))) continue;  // purged: the image says so
      const auto again = store.create({plain_meeting("another"), {}, 0, {}}, booking_key(i));
      if (!again || !again->replayed || again->meeting.id != meeting_id(i)) {
        return note("has forgotten the key of " + meeting_id(i).text());
      }
    }
    const auto next = store.create({plain_meeting("next"), {}, 0, {}}, std::nullopt);
    if (!next) return note("takes no booking: " + next.error().message);
    if (newest_cursor(store) <= cursor_) note("gives a place in the feed twice");
  }

  void note(const std::string& what) {
    if (wrong_.empty()) wrong_ = "power lost while doing " + doing_ + ": the store " + what;
  }

  const Scope scope_;
  base::Rng rng_;
  sim::Disk disk_;
  Expected expected_;
  std::string identity_;
  std::string doing_ = "the creation";
  int booked_ = 0;
  std::uint64_t cursor_ = 0;
  std::uint64_t moments_ = 0;
  std::uint64_t openings_ = 0;
  std::uint64_t twice_ = 0;
  std::string wrong_;
};

TEST(StorePower, WhateverAPowerLossLeavesWhatWasAcknowledgedIsThereAndNothingIsHalfDone) {
  PowerLoss power(20'261'125, scope_from_environment());
  power.run();
  EXPECT_EQ(power.wrong(), "");
  std::printf("   %llu moments, %llu openings, %llu of them lost power again\n",
              static_cast<unsigned long long>(power.moments()),
              static_cast<unsigned long long>(power.openings()),
              static_cast<unsigned long long>(power.twice()));
  EXPECT_GT(power.moments(), 200U);
  EXPECT_GT(power.twice(), 50U);
}

TEST(StorePower, ADiskThatOnlySaysThatItSyncsIsFoundOut) {
  PowerLoss power(20'261'126, {.meetings = 1, .outcomes = 1});
  power.disk().ignore_syncs(true);
  power.run();
  EXPECT_NE(power.wrong(), "");
}

}  // namespace
}  // namespace test
