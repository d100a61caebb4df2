#include "adapter/memory/clock.hpp"

#include "adapter/memory/entropy.hpp"
#include "adapter/system/clock.hpp"
#include "adapter/system/entropy.hpp"
#include "clock_contract.hpp"
#include "real_time.hpp"

namespace contract {
namespace {

template <class Subject>
class Virtual : public Subject {
 public:
  Timestamp now() override { return clock_.now(); }
  void pass(Duration time) override { clock_.advance(time); }
  Duration patience() const override { return 1min; }
  Duration step() const override { return 10ms; }

 protected:
  adapter::memory::Clock clock_{*base::parse_rfc3339("2026-12-01T08:00:00Z")};
};

class MemoryClock : public Virtual<ClockSubject> {
  port::Clock& clock() override { return clock_; }
};
class SystemClock : public RealTime<ClockSubject> {
  port::Clock& clock() override { return clock_; }
  adapter::system::Clock clock_;
};
class MemoryEntropy : public Virtual<EntropySubject> {
  port::Entropy& entropy() override { return entropy_; }
  adapter::memory::Entropy entropy_{1};
};
class SystemEntropy : public RealTime<EntropySubject> {
  port::Entropy& entropy() override { return entropy_; }
  adapter::system::Entropy entropy_;
};

INSTANTIATE_TEST_SUITE_P(
    All, ClockContract,
    testing::Values(Named<ClockSubject>{"Memory", [] { return std::make_unique<MemoryClock>(); }},
                    Named<ClockSubject>{"System", [] { return std::make_unique<SystemClock>(); }}),
    NameOf());

INSTANTIATE_TEST_SUITE_P(
    All, EntropyContract,
    testing::Values(
        Named<EntropySubject>{"Memory", [] { return std::make_unique<MemoryEntropy>(); }},
        Named<EntropySubject>{"System", [] { return std::make_unique<SystemEntropy>(); }}),
    NameOf());

}  // namespace
}  // namespace contract
