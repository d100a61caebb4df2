#include "adapter/memory/console.hpp"

#include "adapter/memory/clock.hpp"
#include "adapter/memory/compute.hpp"
#include "console_contract.hpp"
#include "local_machine.hpp"
#include "real_time.hpp"

namespace contract {
namespace {

domain::SeatId some_seat() {
  return domain::seat_id(*domain::MeetingId::parse("m1"), 1);
}

class MemoryConsole : public ConsoleSubject {
 public:
  port::Console& console() override { return console_; }
  domain::Instance start() override {
    return *compute_.truth_of(compute_.plant({"store", some_seat(), 1}, "key"));
  }
  void end(const domain::Instance& desktop) override {
    ASSERT_TRUE(compute_.terminate(desktop.id, desktop.owner));
    while (const auto screen = console_.take_screen(desktop.id)) ::close(*screen);
  }
  bool mute(const domain::Instance& desktop) override {
    compute_.hang(desktop.id);
    return true;
  }
  Timestamp now() override { return clock_.now(); }
  void pass(Duration time) override { clock_.advance(time); }
  Duration patience() const override { return 1min; }
  Duration step() const override { return 1s; }

 private:
  adapter::memory::Clock clock_{*base::parse_rfc3339("2026-12-01T08:00:00Z")};
  adapter::memory::Compute compute_{clock_, {}};
  adapter::memory::Console console_{compute_};
};

class LocalConsole : public RealTime<ConsoleSubject> {
 public:
  port::Console& console() override { return machine_.desktops(); }
  domain::Instance start() override {
    const auto launched = machine_.desktops().launch({.key = "key",
                                                      .owner = {machine_.store(), some_seat(), 1},
                                                      .desktop = domain::desktop_id(some_seat(), 1),
                                                      .place = 0,
                                                      .deadline = now() + 10min,
                                                      .title = "Algebra",
                                                      .role = "teacher",
                                                      .person = "Ada",
                                                      .call_url = ""});
    if (!launched) throw std::runtime_error(launched.error().message + launched.error().detail);
    return *launched;
  }
  void end(const domain::Instance& desktop) override {
    ASSERT_TRUE(machine_.desktops().terminate(desktop.id, desktop.owner));
  }

 private:
  LocalMachine machine_;
};

INSTANTIATE_TEST_SUITE_P(
    All, ConsoleContract,
    testing::Values(Named<ConsoleSubject>{"Memory",
                                          [] { return std::make_unique<MemoryConsole>(); }},
                    Named<ConsoleSubject>{"Local", [] { return std::make_unique<LocalConsole>(); },
                                          LocalMachine::missing()}),
    NameOf());

}  // namespace
}  // namespace contract
