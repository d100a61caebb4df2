#pragma once
// Decorators that tell an observer of every call of a port: which, how it ended, how long it took.
// They change nothing else. The observer is called after the call, from the calling thread, without
// a lock; it must be quick and must not call back. For metrics, and for tests that count.

#include <functional>
#include <optional>
#include <string_view>
#include <utility>

#include "port/clock.hpp"
#include "port/compute.hpp"
#include "port/console.hpp"
#include "port/dns_zone.hpp"
#include "port/prober.hpp"
#include "port/secrets.hpp"

namespace adapter::metered {

struct Call {
  std::string_view port;    // "compute", "dns_zone", ...; with `method` a bounded set of labels
  std::string_view method;  // "launch", "list", ...
  std::optional<base::ErrorKind> error;  // nothing: success
  base::Duration took{0};
};
using Observer = std::function<void(const Call&)>;

// The watch of one port: what all its decorators share.
class Meter {
 public:
  Meter(std::string_view port, port::Clock& clock, Observer observer)
      : port_(port), clock_(clock), observer_(std::move(observer)) {}

  template <class Act>
  auto operator()(std::string_view method, const Act& act) const -> decltype(act()) {
    const auto begun = clock_.since_boot();
    auto answer = act();
    Call call{port_, method, std::nullopt, clock_.since_boot() - begun};
    if (!answer) call.error = answer.error().kind;
    observer_(call);
    return answer;
  }

 private:
  const std::string_view port_;
  port::Clock& clock_;
  const Observer observer_;
};

class MeteredCompute : public port::Compute {
 public:
  MeteredCompute(port::Compute& inner, port::Clock& clock, Observer observer)
      : inner_(inner), meter_("compute", clock, std::move(observer)) {}

  base::Result<std::vector<domain::Instance>> list(const domain::MeetingId& meeting) override {
    return meter_("list", [&] { return inner_.list(meeting); });
  }
  base::Result<std::vector<domain::Instance>> list_all() override {
    return meter_("list_all", [&] { return inner_.list_all(); });
  }
  base::Result<domain::Instance> launch(const port::LaunchSpec& spec) override {
    return meter_("launch", [&] { return inner_.launch(spec); });
  }
  base::Result<> terminate(const domain::InstanceId& instance,
                           const domain::Owner& owner) override {
    return meter_("terminate", [&] { return inner_.terminate(instance, owner); });
  }
  base::Result<> set_deadline(const domain::InstanceId& instance, const domain::Owner& owner,
                              base::Timestamp deadline) override {
    return meter_("set_deadline", [&] { return inner_.set_deadline(instance, owner, deadline); });
  }

 private:
  port::Compute& inner_;
  const Meter meter_;
};

class MeteredDnsZone : public port::DnsZone {
 public:
  MeteredDnsZone(port::DnsZone& inner, port::Clock& clock, Observer observer)
      : inner_(inner), meter_("dns_zone", clock, std::move(observer)) {}

  std::string name_of(const domain::DesktopId& desktop) const override {
    return inner_.name_of(desktop);
  }
  base::Result<std::vector<domain::Record>> list(const domain::MeetingId& meeting) override {
    return meter_("list", [&] { return inner_.list(meeting); });
  }
  base::Result<std::vector<domain::Record>> list_all() override {
    return meter_("list_all", [&] { return inner_.list_all(); });
  }
  base::Result<> put(const domain::Record& record) override {
    return meter_("put", [&] { return inner_.put(record); });
  }
  base::Result<> drop(const std::string& name, const domain::Owner& owner) override {
    return meter_("drop", [&] { return inner_.drop(name, owner); });
  }

 private:
  port::DnsZone& inner_;
  const Meter meter_;
};

class MeteredProber : public port::Prober {
 public:
  MeteredProber(port::Prober& inner, port::Clock& clock, Observer observer)
      : inner_(inner), meter_("prober", clock, std::move(observer)) {}

  base::Result<domain::Probe> probe(const port::ProbeTarget& target) override {
    return meter_("probe", [&] { return inner_.probe(target); });
  }

 private:
  port::Prober& inner_;
  const Meter meter_;
};

class MeteredConsole : public port::Console {
 public:
  MeteredConsole(port::Console& inner, port::Clock& clock, Observer observer)
      : inner_(inner), meter_("console", clock, std::move(observer)) {}

  base::Result<int> connect(const domain::InstanceId& instance,
                            const domain::Owner& owner) override {
    return meter_("connect", [&] { return inner_.connect(instance, owner); });
  }

 private:
  port::Console& inner_;
  const Meter meter_;
};

class MeteredSecrets : public port::Secrets {
 public:
  MeteredSecrets(port::Secrets& inner, port::Clock& clock, Observer observer)
      : inner_(inner), meter_("secrets", clock, std::move(observer)) {}

  base::Result<std::vector<base::Secret>> fetch(std::string_view name) override {
    return meter_("fetch", [&] { return inner_.fetch(name); });
  }

 private:
  port::Secrets& inner_;
  const Meter meter_;
};

}  // namespace adapter::metered
