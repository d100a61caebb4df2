#pragma once
// What every contract suite is parameterised by: a named factory of a subject, which holds the
// adapter under test together with its world and knows how time passes there. Waiting is always for
// a condition and bounded; virtual clocks make it instant.

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "base/time.hpp"

namespace contract {

using base::Duration;
using base::ErrorKind;
using base::Timestamp;
using namespace std::chrono_literals;  // NOLINT: 10min reads better than any alternative

class World {
 public:
  virtual ~World() = default;
  virtual Timestamp now() = 0;
  // Lets time pass: advances a virtual clock, or really sleeps.
  virtual void pass(Duration time) = 0;
  // The longest that anything here may take, and how often to look.
  virtual Duration patience() const = 0;
  virtual Duration step() const = 0;

  // True as soon as `condition` is; false when it was not within patience().
  bool eventually(const std::function<bool()>& condition) {
    for (Duration waited{0};; waited += step()) {
      if (condition()) return true;
      if (waited >= patience()) return false;
      pass(step());
    }
  }

  // The answer of `call`, asked again while the port says that this is right (unavailable).
  template <class Call>
  auto patiently(const Call& call) -> decltype(call()) {
    for (Duration waited{0};; waited += step()) {
      auto answer = call();
      if (answer || answer.error().kind != ErrorKind::unavailable || waited >= patience()) {
        return answer;
      }
      pass(step());
    }
  }
};

template <class Subject>
struct Named {
  std::string name;
  // Null: this machine can't run it; the reason is then in `skip_because`.
  std::function<std::unique_ptr<Subject>()> make;
  std::string skip_because = {};

  friend void PrintTo(const Named& named, std::ostream* out) { *out << named.name; }
};

// A fixture that makes its subject, or skips with the reason.
template <class Subject>
class Contract : public testing::TestWithParam<Named<Subject>> {
 protected:
  void SetUp() override {
    const auto& named = this->GetParam();
    if (!named.skip_because.empty()) GTEST_SKIP() << named.name << ": " << named.skip_because;
    subject_ = named.make();
    ASSERT_NE(subject_, nullptr);
  }
  Subject& subject() { return *subject_; }

 private:
  std::unique_ptr<Subject> subject_;
};

struct NameOf {
  template <class Info>
  std::string operator()(const Info& info) const {
    return info.param.name;
  }
};

}  // namespace contract
