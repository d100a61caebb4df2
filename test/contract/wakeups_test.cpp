#include "adapter/memory/wakeups.hpp"

#include "host/loop/hints.hpp"
#include "wakeups_contract.hpp"

namespace contract {
namespace {

class MemoryWakeups : public WakeupsSubject {
  port::Wakeups& wakeups() override { return wakeups_; }
  std::vector<domain::MeetingId> take(Timestamp now) override { return wakeups_.take_due(now); }
  adapter::memory::Wakeups wakeups_;
};
class LoopHints : public WakeupsSubject {
  port::Wakeups& wakeups() override { return hints_; }
  std::vector<domain::MeetingId> take(Timestamp now) override { return hints_.take(now); }
  host::loop::Hints hints_;
};

INSTANTIATE_TEST_SUITE_P(
    All, WakeupsContract,
    testing::Values(Named<WakeupsSubject>{"Memory",
                                          [] { return std::make_unique<MemoryWakeups>(); }},
                    Named<WakeupsSubject>{"Loop", [] { return std::make_unique<LoopHints>(); }}),
    NameOf());

}  // namespace
}  // namespace contract
