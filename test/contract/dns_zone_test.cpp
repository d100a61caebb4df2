#include "adapter/memory/dns_zone.hpp"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "adapter/localhost/record_text.hpp"
#include "adapter/localhost/zone.hpp"
#include "adapter/memory/clock.hpp"
#include "dns_zone_contract.hpp"
#include "real_time.hpp"

namespace contract {
namespace {

using adapter::memory::DnsManners;

class MemoryZone : public DnsZoneSubject {
 public:
  explicit MemoryZone(const DnsManners& manners) : zone_(clock_, manners) {}
  port::DnsZone& zone() override { return zone_; }
  std::string store() const override { return "store"; }
  std::string parent() const override { return "desk.example.org"; }
  void plant_foreign(const domain::Record& record) override { zone_.plant(record); }
  void plant_unmarked(const std::string& name) override { zone_.plant_unmarked(name, "192.0.2.1"); }
  std::string standing(const std::string& name) override {
    std::string all;
    for (const auto& address : zone_.addresses(name)) all += address + " ";
    return all;
  }
  Timestamp now() override { return clock_.now(); }
  void pass(Duration time) override { clock_.advance(time); }
  Duration patience() const override { return 30min; }
  Duration step() const override { return 7s; }

 private:
  adapter::memory::Clock clock_{*base::parse_rfc3339("2026-12-01T08:00:00Z")};
  adapter::memory::DnsZone zone_;
};

class LocalhostZone : public RealTime<DnsZoneSubject> {
 public:
  LocalhostZone() {
    std::string pattern = testing::TempDir() + "namesXXXXXX";
    EXPECT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    auto opened = adapter::localhost::LocalhostZone::open({folder_, parent(), store()});
    EXPECT_TRUE(opened);
    zone_ = *std::move(opened);
  }
  ~LocalhostZone() override { std::filesystem::remove_all(folder_); }
  port::DnsZone& zone() override { return *zone_; }
  std::string store() const override { return "store"; }
  std::string parent() const override { return "desk.localhost"; }
  void plant_foreign(const domain::Record& record) override {
    std::ofstream(path(record.name)) << adapter::localhost::to_text(record);
  }
  void plant_unmarked(const std::string& name) override {
    std::ofstream(path(name)) << "somebody else's";
  }
  std::string standing(const std::string& name) override {
    std::ifstream in(path(name));
    return {std::istreambuf_iterator<char>(in), {}};
  }

 private:
  std::string path(const std::string& name) const {
    return folder_ + "/" + name.substr(0, name.find('.')) + ".record";
  }
  std::string folder_;
  std::unique_ptr<adapter::localhost::LocalhostZone> zone_;
};

Named<DnsZoneSubject> memory(std::string name, const DnsManners& manners) {
  return {std::move(name), [manners] { return std::make_unique<MemoryZone>(manners); }};
}

DnsManners slow() {
  DnsManners manners;
  manners.list_after = 20s;
  manners.resolve_after = 60s;
  manners.calls_max = 1200;
  return manners;
}

INSTANTIATE_TEST_SUITE_P(All, DnsZoneContract,
                         testing::Values(memory("MemoryStrict", {}), memory("MemorySlow", slow()),
                                         Named<DnsZoneSubject>{
                                             "Localhost",
                                             [] { return std::make_unique<LocalhostZone>(); }}),
                         NameOf());

}  // namespace
}  // namespace contract
