#pragma once
// RealTime: a contract's subject whose world is this machine: time passes by itself. The only place
// of the contract suites that sleeps, always between two looks of a bounded wait
// (World::eventually).

#include <chrono>
#include <thread>

#include "subject.hpp"

namespace contract {

template <class Subject>
class RealTime : public Subject {
 public:
  Timestamp now() override {
    return std::chrono::floor<Duration>(std::chrono::system_clock::now());
  }
  void pass(Duration time) override { std::this_thread::sleep_for(time); }
  Duration patience() const override { return 10s; }
  Duration step() const override { return 10ms; }
};

}  // namespace contract
