#pragma once
// Faults: what goes wrong, where, and how often. Every place where something may go wrong is a
// site; the nth time that a site is passed is a fault's whole name ("launch#3"). What happens there
// depends on the seed and that name alone, so that leaving one fault out leaves the others as they
// are: that is what shrinking does.

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "base/time.hpp"

namespace sim {

using base::Duration;
using base::Timestamp;
using namespace std::chrono_literals;  // NOLINT: 10min reads better than any alternative

enum class Site : std::uint8_t {
  store_read,
  store_write,
  list,
  list_all,
  launch,
  terminate,
  set_deadline,
  zone_list,
  zone_list_all,
  put,
  drop,
  probe,
  secrets,
  wakeup,       // a hint lost, late or doubled
  machine,      // something is wrong with this machine
  process,      // a control plane is stopped, paused or its clock set
  provider,     // a place is full, a provider is down for a while
  operator_,    // somebody does something by hand
  power,        // the host's: worlds on a disk
  credentials,  // calls of a kind are denied for a while
  count_,
};
constexpr std::size_t kSites = static_cast<std::size_t>(Site::count_);
const char* name_of(Site site);

enum class Fate : std::uint8_t {
  normal,
  refused,       // it did not happen, and the answer says so
  lost,          // it did not happen, and nobody knows
  done_unknown,  // it happened, and nobody knows
  late,          // it happens later, and nobody knows
  slow,          // it takes long
  crash_before,  // the caller ends before the call
  crash_after,   // ... and after its effect
  count_,
};
const char* name_of(Fate fate);

struct FaultName {
  Site site;
  std::uint32_t n = 0;
  auto operator<=>(const FaultName&) const = default;
};
std::string to_text(const FaultName& name);
std::optional<FaultName> parse_fault(const std::string& text);
std::optional<Fate> parse_fate(const std::string& text);

// What a seed has drawn for the whole run: the rate of each site (per 10,000) and the mix of fates.
struct FaultMix {
  std::array<std::uint32_t, kSites> rate{};
  std::array<std::uint32_t, static_cast<std::size_t>(Fate::count_)> weight{};
  Duration late_max = 10min;
  Duration slow_max = 30s;
};

class Faults {
 public:
  struct Drawn {
    Fate fate = Fate::normal;
    Duration delay{0};
    std::uint32_t dice = 0;  // for what else is to be chosen
  };

  Faults(std::uint64_t seed, const FaultMix& mix) : seed_(seed), mix_(mix) {}

  // The next passing of a site.
  Drawn draw(Site site);
  // The same for sites without a port's fates: whether, and dice to say what.
  std::optional<std::uint32_t> strike(Site site);
  // What becomes of the next call there, and after how long; `late`: as late as any may be.
  void next(Site site, Fate fate, std::optional<Duration> delay = {}) {
    next_.at(static_cast<std::size_t>(site)) = {fate, delay};
  }
  // Chance that is no fault, tied to the site's count: latencies, boot times.
  base::Rng dice(Site site) const;

  void heal() {
    healed_ = true;
    passed_faulty_ = passed_;
  }
  bool healed() const { return healed_; }

  // Only these of the drawn faults strike (shrinking); or exactly these, whatever is drawn.
  void keep_only(std::set<FaultName> names) { only_ = std::move(names); }
  void force(std::map<FaultName, Fate> fates) { forced_ = std::move(fates); }

  const std::vector<std::pair<FaultName, Fate>>& struck() const { return struck_; }
  const std::array<std::uint32_t, kSites>& passed() const { return passed_; }
  // The same at healing, and when the last fault struck: between the two lies what can be struck.
  const std::array<std::uint32_t, kSites>& passed_faulty() const {
    return healed_ ? passed_faulty_ : passed_;
  }
  const std::array<std::uint32_t, kSites>& passed_at_last() const { return passed_at_last_; }

 private:
  bool allowed(const FaultName& name) const { return !only_ || only_->contains(name); }
  base::Rng stream(const FaultName& name) const;
  Fate pick(base::Rng& rng) const;

  std::uint64_t seed_;
  FaultMix mix_;
  bool healed_ = false;
  std::array<std::uint32_t, kSites> passed_{};
  std::array<std::uint32_t, kSites> passed_faulty_{};
  std::array<std::uint32_t, kSites> passed_at_last_{};
  struct Next {
    Fate fate;
    std::optional<Duration> delay;
  };
  std::array<std::optional<Next>, kSites> next_{};
  std::optional<std::set<FaultName>> only_;
  std::optional<std::map<FaultName, Fate>> forced_;
  std::vector<std::pair<FaultName, Fate>> struck_;
};

}  // namespace sim
