#include "domain/ids.hpp"

#include <gtest/gtest.h>

namespace domain {
namespace {

TEST(Ids, BelongsToSaysWhatMeetingOfSays) {
  const auto meeting = *MeetingId::parse("mabc");
  for (const auto* text : {"mabc-1", "mabc-12", "mabc-1-1", "mabcd-1", "mabc", "mab-1", "x-1"}) {
    const auto seat = *SeatId::parse(text);
    EXPECT_EQ(belongs_to(seat, meeting), meeting_of(seat) == meeting) << text;
  }
}

}  // namespace
}  // namespace domain
