// Every call that the real store makes of its disk fails once: input/output error, no room, too
// many open files. The answer is an error of the kind that the port promises, nothing acknowledged
// is lost, nothing is half done, and when the fault is over the store goes on.
//   HOWDAH_POWER=20 build/asan/test/integration --gtest_filter='StoreDiskFault.*' --- the long run

#include <cstdlib>

#include "integration/store_work.hpp"

namespace test {
namespace {

using base::ErrorKind;
using sim::Disk;
using sim::DiskCall;
using sim::DiskFault;

constexpr std::string_view kFirst = "0123456789abcdef";

// How much more than in every test run.
int long_run() {
  const char* text = std::getenv("HOWDAH_POWER");
  return text == nullptr ? 0 : static_cast<int>(std::strtol(text, nullptr, 10));
}

// The call would have changed what is on the disk.
bool changes(DiskCall call) {
  return call == DiskCall::write || call == DiskCall::truncate || call == DiskCall::sync ||
         call == DiskCall::remove;
}

sim::Medium made_store() {
  Disk disk(1);
  EXPECT_TRUE(open_on(disk, kFirst));
  base::Rng rng(1);
  return disk.after_power_loss(rng);
}

std::string to_text(const DiskFault& fault) {
  constexpr std::array kKinds{"EIO", "ENOSPC", "EMFILE"};
  return std::string(kKinds.at(static_cast<std::size_t>(fault.kind))) + " at " +
         name_of(fault.call) + " " + std::to_string(fault.nth);
}

// What a disk can answer at all.
std::vector<DiskFault> faults_of_a_disk() {
  using Kind = DiskFault::Kind;
  std::vector<DiskFault> faults;
  for (std::size_t i = 0; i < sim::kDiskCalls; ++i) {
    faults.push_back({.kind = Kind::io, .call = static_cast<DiskCall>(i)});
  }
  for (const auto call : {DiskCall::open, DiskCall::write, DiskCall::sync, DiskCall::shared}) {
    faults.push_back({.kind = Kind::full, .call = call});
  }
  for (const auto call : {DiskCall::open, DiskCall::shared}) {
    faults.push_back({.kind = Kind::too_many_files, .call = call});
  }
  return faults;
}

// All the work on a store, one call of whose disk fails.
class OneFault {
 public:
  OneFault(const sim::Medium& medium, const DiskFault& fault)
      : fault_(fault), disk_(fault.nth, medium), rng_(fault.nth) {}

  void run(int meetings) {
    store_ = *open_on(disk_, kFirst);
    disk_.set_fault(fault_);
    int more = 3;  // pieces of work after it was met
    for (const auto& piece : store_work(meetings)) {
      if (error_ && --more == 0) break;
      expected_.begin(piece);
      const auto done = do_piece(piece, disk_, store_, kFirst);
      if (!done) expect_clear(piece, done.error());
      if (::testing::Test::HasFailure()) return;
      expected_.done();
    }
    disk_.clear_fault();
    EXPECT_EQ(*image_on(disk_, *store_), expected_.after());
    if (changes(fault_.call)) EXPECT_EQ(image_after_power_loss(), expected_.after());
  }
  bool struck() const { return disk_.struck() > 0; }
  const std::optional<base::Error>& error() const { return error_; }

 private:
  // Fully or not at all, as the kind says, for this process and for one after a power loss; and
  // then it can be done.
  void expect_clear(const Piece& piece, const base::Error& error) {
    const auto where = piece.name + ", " + error.message + ", " + error.detail;
    ASSERT_FALSE(error_) << "one fault, two errors: " << where;
    error_ = error;
    EXPECT_TRUE(error.kind == ErrorKind::unavailable || error.kind == ErrorKind::unknown_outcome)
        << where;
    EXPECT_NE(error.message.find(kStorePath), std::string::npos) << where;
    disk_.clear_fault();
    const bool happened_not = error.kind == ErrorKind::unavailable;
    for (int i = 0; i < (changes(fault_.call) ? 3 : 1); ++i)
      expect_one_of(image_after_power_loss(), happened_not, where);
    if (!store_) store_ = *open_on(disk_, kFirst);
    const auto image = image_on(disk_, *store_);
    ASSERT_TRUE(image) << "reads do not go on: " << where << image.error().message;
    expect_one_of(*image, happened_not, where);
    if (*image == expected_.after() && piece.also == Piece::Also::nothing) return;
    const auto again = do_piece(piece, disk_, store_, kFirst);
    ASSERT_TRUE(again) << "does not go on: " << where << again.error().message;
    EXPECT_TRUE(store_->check_writable()) << where;
    EXPECT_TRUE(store_->healthy()) << where;
  }

  void expect_one_of(const std::string& image, bool before_only, const std::string& where) {
    const bool good = image == expected_.before() || (!before_only && image == expected_.after());
    EXPECT_TRUE(good) << where << " holds\n"
                      << image << "instead of\n"
                      << expected_.before() << "or\n"
                      << expected_.after();
  }

  std::string image_after_power_loss() {
    Disk disk(1, disk_.after_power_loss(rng_));
    const auto store = open_on(disk, kFirst);
    if (!store) return store.error().message;
    const auto image = image_on(disk, **store);
    return image ? *image : image.error().message + image.error().detail;
  }

  const DiskFault fault_;
  Disk disk_;
  base::Rng rng_;
  std::unique_ptr<SqliteStore> store_;
  Expected expected_;
  std::optional<base::Error> error_;
};

TEST(StoreDiskFault, EveryCallFailsOnceAndNothingIsLostOrHalfDone) {
  const auto medium = made_store();
  int faults = 0;
  std::map<std::string, int> answers;
  for (auto fault : faults_of_a_disk()) {
    const auto step = changes(fault.call) || long_run() > 0 ? 1U : 3U;
    for (fault.nth = 1;; fault.nth += step) {
      SCOPED_TRACE(to_text(fault));
      OneFault one(medium, fault);
      one.run(2 + long_run());
      ASSERT_FALSE(HasFailure());
      if (!one.struck()) break;
      ++faults;
      const auto kind = !one.error()                                      ? "nothing, it went on"
                        : one.error()->kind == ErrorKind::unknown_outcome ? "unknown_outcome"
                                                                          : "unavailable";
      ++answers[kind];
    }
  }
  std::printf("   %d faults\n", faults);
  for (const auto& [kind, count] : answers) std::printf("   %s: %d\n", kind.c_str(), count);
  EXPECT_GT(faults, 250);
  EXPECT_GT(answers["unknown_outcome"], 0);
  EXPECT_GT(answers["unavailable"], 0);
}

TEST(StoreDiskFault, ACreationThatFailsCanBeDoneAgain) {
  int faults = 0;
  for (auto fault : faults_of_a_disk()) {
    for (fault.nth = 1;; ++fault.nth) {
      SCOPED_TRACE(to_text(fault));
      Disk disk(fault.nth);
      disk.set_fault(fault);
      const auto opened = open_on(disk, kFirst);
      if (disk.struck() == 0) break;
      ++faults;
      disk.clear_fault();
      if (opened) continue;
      EXPECT_EQ(opened.error().kind == ErrorKind::unavailable ||
                    opened.error().kind == ErrorKind::unknown_outcome,
                true)
          << opened.error().message << " " << opened.error().detail;
      const auto again = open_on(disk, kFirst);
      ASSERT_TRUE(again) << again.error().message;
      EXPECT_TRUE(book(**again, 1));
    }
  }
  EXPECT_GT(faults, 100);
}

// When a sync fails nobody knows what the disk kept: not the caller, who has to look first.
TEST(StoreDiskFault, ASyncThatFailsIsAnUnknownOutcome) {
  const auto medium = made_store();
  std::set<bool> there;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Disk disk(seed, medium);
    base::Rng rng(seed);
    auto store = *open_on(disk, kFirst);
    ASSERT_TRUE(book(*store, 1));
    disk.set_fault({.call = DiskCall::sync});
    const auto booked = book(*store, 2);
    ASSERT_FALSE(booked);
    EXPECT_EQ(booked.error().kind, ErrorKind::unknown_outcome) << booked.error().message;
    ASSERT_FALSE(store->healthy());
    {
      Disk later(1, disk.after_power_loss(rng));
      auto reopened = *open_on(later, kFirst);
      EXPECT_TRUE(reopened->load(meeting_id(1)));
      there.insert(reopened->load(meeting_id(2)).has_value());
    }
    ASSERT_TRUE(book(*store, 2));
    EXPECT_TRUE(store->healthy());
    disk.lose_power(rng);
    store.reset();
    store = *open_on(disk, kFirst);
    EXPECT_TRUE(store->load(meeting_id(2)));
  }
  EXPECT_EQ(there.size(), 2U) << "a power loss then shows only one of the two outcomes";
}

TEST(StoreDiskFault, AFullDiskLetsReadsGoOnAndHeals) {
  const auto medium = made_store();
  for (std::uint64_t nth = 1; nth < 12; ++nth) {
    Disk disk(nth, medium);
    const auto store = *open_on(disk, kFirst);
    ASSERT_TRUE(book(*store, 1));
    disk.set_fault(
        {.kind = DiskFault::Kind::full, .call = DiskCall::write, .nth = nth, .lasting = true});
    int number = 2;
    auto booked = book(*store, number);
    while (booked && number < 40) booked = book(*store, ++number);
    ASSERT_FALSE(booked);
    EXPECT_EQ(booked.error().kind, ErrorKind::unavailable);
    EXPECT_NE(booked.error().message.find("full"), std::string::npos) << booked.error().message;
    EXPECT_FALSE(store->check_writable());
    EXPECT_TRUE(store->load(meeting_id(number - 1)));
    EXPECT_EQ(store->load(meeting_id(number)).error().kind, ErrorKind::not_found);
    disk.clear_fault();
    EXPECT_TRUE(book(*store, number));
    EXPECT_TRUE(store->healthy());
  }
}

TEST(StoreDiskFault, AReadOnlyDiskIsRefusedWhenItIsOpened) {
  Disk disk(1, made_store());
  disk.set_read_only(true);
  const auto opened = open_on(disk, kFirst);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().kind, ErrorKind::unavailable);
  EXPECT_NE(opened.error().message.find("read-only"), std::string::npos);
}

}  // namespace
}  // namespace test
