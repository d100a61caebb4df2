#pragma once
// The ports of one process: the world behind calls that may go wrong (Process::call).

#include "app/ports.hpp"
#include "process.hpp"

namespace sim {

class ClockPort final : public port::Clock {
 public:
  explicit ClockPort(Process& process) : process_(process) {}
  Timestamp now() override { return process_.wall(); }
  Duration since_boot() override;

 private:
  Process& process_;
};

class EntropyPort final : public port::Entropy {
 public:
  EntropyPort(World& world, std::uint64_t seed) : world_(world), rng_(seed) {}
  std::string bytes(std::size_t count) override;

 private:
  World& world_;
  base::Rng rng_;
};

class SecretsPort final : public port::Secrets {
 public:
  explicit SecretsPort(Process& process) : process_(process) {}
  base::Result<std::vector<base::Secret>> fetch(std::string_view name) override;

 private:
  Process& process_;
};

class WakeupsPort final : public port::Wakeups {
 public:
  explicit WakeupsPort(Process& process) : process_(process) {}
  void wake(const domain::MeetingId& meeting, Timestamp at) override;

 private:
  Process& process_;
};

class ComputePort final : public port::Compute {
 public:
  explicit ComputePort(Process& process) : process_(process) {}
  base::Result<std::vector<domain::Instance>> list(const domain::MeetingId& meeting) override;
  base::Result<std::vector<domain::Instance>> list_all() override;
  base::Result<domain::Instance> launch(const port::LaunchSpec& spec) override;
  base::Result<> terminate(const domain::InstanceId& instance, const domain::Owner& owner) override;
  base::Result<> set_deadline(const domain::InstanceId& instance, const domain::Owner& owner,
                              Timestamp deadline) override;
  std::uint64_t ends() const { return ends_; }  // orders to end that were called

 private:
  Process& process_;
  std::uint64_t ends_ = 0;
};

class ZonePort final : public port::DnsZone {
 public:
  explicit ZonePort(Process& process) : process_(process) {}
  std::string name_of(const domain::DesktopId& desktop) const override {
    return Zone::name_of(desktop);
  }
  base::Result<std::vector<domain::Record>> list(const domain::MeetingId& meeting) override;
  base::Result<std::vector<domain::Record>> list_all() override;
  base::Result<> put(const domain::Record& record) override;
  base::Result<> drop(const std::string& name, const domain::Owner& owner) override;
  std::uint64_t drops() const { return drops_; }

 private:
  Process& process_;
  std::uint64_t drops_ = 0;
};

// What the use cases call: the product's own pace before the provider, watched (L6).
class AskedCompute final : public port::Compute {
 public:
  AskedCompute(Process& process, port::Clock& clock, ComputePort& inner)
      : process_(process),
        inner_(inner),
        paced_(inner, clock, process.world().swarm().compute_pace) {}
  base::Result<std::vector<domain::Instance>> list(const domain::MeetingId& meeting) override;
  base::Result<std::vector<domain::Instance>> list_all() override { return paced_.list_all(); }
  base::Result<domain::Instance> launch(const port::LaunchSpec& spec) override {
    return paced_.launch(spec);
  }
  base::Result<> terminate(const domain::InstanceId& instance, const domain::Owner& owner) override;
  base::Result<> set_deadline(const domain::InstanceId& instance, const domain::Owner& owner,
                              Timestamp deadline) override {
    return paced_.set_deadline(instance, owner, deadline);
  }

 private:
  Process& process_;
  ComputePort& inner_;
  adapter::paced::PacedCompute paced_;
};

class AskedZone final : public port::DnsZone {
 public:
  AskedZone(Process& process, port::Clock& clock, ZonePort& inner)
      : process_(process), inner_(inner), paced_(inner, clock, process.world().swarm().zone_pace) {}
  std::string name_of(const domain::DesktopId& desktop) const override {
    return paced_.name_of(desktop);
  }
  base::Result<std::vector<domain::Record>> list(const domain::MeetingId& meeting) override {
    return paced_.list(meeting);
  }
  base::Result<std::vector<domain::Record>> list_all() override { return paced_.list_all(); }
  base::Result<> put(const domain::Record& record) override { return paced_.put(record); }
  base::Result<> drop(const std::string& name, const domain::Owner& owner) override;

 private:
  Process& process_;
  ZonePort& inner_;
  adapter::paced::PacedZone paced_;
};

class ProberPort final : public port::Prober {
 public:
  explicit ProberPort(Process& process) : process_(process) {}
  base::Result<domain::Probe> probe(const port::ProbeTarget& target) override;

 private:
  Process& process_;
};

class StorePort final : public port::MeetingStore {
 public:
  explicit StorePort(Process& process) : process_(process) {}
  std::string identity() override { return process_.world().store_identity(); }
  base::Result<port::Created> create(const port::Commit& commit,
                                     const std::optional<port::IdempotencyKey>& key) override;
  base::Result<std::optional<domain::Meeting>> made_by(const port::IdempotencyKey& key) override;
  base::Result<domain::Meeting> load(const domain::MeetingId& id) override;
  base::Result<std::uint64_t> save(const port::Commit& commit) override;
  base::Result<> append_audit(const domain::MeetingId& id,
                              const std::vector<port::AuditEntry>& entries) override;
  base::Result<std::vector<port::AuditEntry>> audit(const domain::MeetingId& id) override;
  base::Result<std::vector<domain::MeetingId>> due(Timestamp now, std::size_t limit) override;
  base::Result<std::optional<Timestamp>> next_wake() override;
  base::Result<port::Page> list(const std::optional<domain::PrincipalId>& owner,
                                const std::string& from, std::size_t limit) override;
  base::Result<std::vector<domain::MeetingId>> live() override;
  base::Result<std::vector<std::pair<std::string, std::string>>> parked() override;
  base::Result<std::vector<port::Change>> changes(std::uint64_t after, std::size_t limit) override;
  base::Result<std::uint64_t> cursor(const std::string& consumer) override;
  base::Result<> set_cursor(const std::string& consumer, std::uint64_t cursor) override;
  base::Result<std::size_t> purge(Timestamp before, std::size_t limit) override;

 private:
  template <class Act>
  auto read(Act act) -> decltype(act());
  Process& process_;
};

// All of them, as the use cases want them.
struct Process::PortSet {
  explicit PortSet(Process& process)
      : clock(process),
        entropy(process.world(),
                process.world().swarm().seed * 1000003 + process.index() * 7919 +
                    static_cast<std::uint64_t>(process.born().time_since_epoch().count())),
        secrets(process),
        wakeups(process),
        compute(process),
        zone(process),
        asked_compute(process, clock, compute),
        asked_zone(process, clock, zone),
        prober(process),
        store(process),
        all{store,         process.world().store().keys(),
            asked_compute, asked_zone,
            prober,        secrets,
            wakeups,       clock,
            entropy} {}
  ClockPort clock;
  EntropyPort entropy;
  SecretsPort secrets;
  WakeupsPort wakeups;
  ComputePort compute;
  ZonePort zone;
  AskedCompute asked_compute;
  AskedZone asked_zone;
  ProberPort prober;
  StorePort store;
  app::Ports all;
};

}  // namespace sim
