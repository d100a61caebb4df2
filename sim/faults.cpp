#include "faults.hpp"

#include <charconv>
#include <utility>

namespace sim {
namespace {

constexpr std::array<const char*, kSites> kSiteNames{
    "store_read", "store_write",   "list",     "list_all", "launch", "terminate",  "deadline",
    "zone_list",  "zone_list_all", "put",      "drop",     "probe",  "secrets",    "wakeup",
    "machine",    "process",       "provider", "operator", "power",  "credentials"};
constexpr std::array<const char*, static_cast<std::size_t>(Fate::count_)> kFateNames{
    "normal", "refused", "lost", "done_unknown", "late", "slow", "crash_before", "crash_after"};

std::uint64_t mix64(std::uint64_t x) {
  x ^= x >> 33U;
  x *= 0xff51afd7ed558ccdULL;
  x ^= x >> 33U;
  x *= 0xc4ceb9fe1a85ec53ULL;
  return x ^ (x >> 33U);
}

}  // namespace

const char* name_of(Site site) {
  return kSiteNames.at(static_cast<std::size_t>(site));
}

const char* name_of(Fate fate) {
  return kFateNames.at(static_cast<std::size_t>(fate));
}

std::string to_text(const FaultName& name) {
  return std::string(name_of(name.site)) + "#" + std::to_string(name.n);
}

std::optional<Fate> parse_fate(const std::string& text) {
  for (std::size_t i = 0; i < kFateNames.size(); ++i) {
    if (text == kFateNames.at(i)) return static_cast<Fate>(i);
  }
  return std::nullopt;
}

std::optional<FaultName> parse_fault(const std::string& text) {
  const auto hash = text.find('#');
  if (hash == std::string::npos) return std::nullopt;
  for (std::size_t i = 0; i < kSites; ++i) {
    if (text.compare(0, hash, kSiteNames.at(i)) != 0) continue;
    FaultName name{static_cast<Site>(i), 0};
    const char* end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data() + hash + 1, end, name.n);
    if (parsed.ec == std::errc{} && parsed.ptr == end) return name;
  }
  return std::nullopt;
}

base::Rng Faults::stream(const FaultName& name) const {
  const auto at = (static_cast<std::uint64_t>(name.site) << 40U) | name.n;
  return base::Rng(mix64(seed_ * 0x9e3779b97f4a7c15ULL + mix64(at + 1)));
}

base::Rng Faults::dice(Site site) const {
  return stream({site, passed_.at(static_cast<std::size_t>(site))}).fork("dice");
}

Fate Faults::pick(base::Rng& rng) const {
  std::uint32_t total = 0;
  for (const auto weight : mix_.weight) total += weight;
  if (total == 0) return Fate::normal;
  auto drawn = rng.below(total);
  for (std::size_t i = 0; i < mix_.weight.size(); ++i) {
    if (drawn < mix_.weight.at(i)) return static_cast<Fate>(i);
    drawn -= mix_.weight.at(i);
  }
  return Fate::normal;
}

Faults::Drawn Faults::draw(Site site) {
  const auto index = static_cast<std::size_t>(site);
  const FaultName name{site, ++passed_.at(index)};
  Drawn drawn;
  if (healed_) return drawn;
  auto rng = stream(name);
  auto next = std::exchange(next_.at(index), std::nullopt);
  if (!allowed(name)) next.reset();
  if (forced_) {
    const auto found = forced_->find(name);
    if (found == forced_->end()) return drawn;
    drawn.fate = found->second;
  } else if (next) {
    drawn.fate = next->fate;
  } else {
    if (mix_.rate.at(index) == 0 || rng.below(10'000) >= mix_.rate.at(index)) return drawn;
    if (!allowed(name)) return drawn;
    drawn.fate = pick(rng);
  }
  drawn.dice = rng.next();
  const auto most = drawn.fate == Fate::late ? mix_.late_max : mix_.slow_max;
  // Short delays are as likely as long ones.
  auto bound = static_cast<std::uint32_t>(most.count());
  bound = std::max(2U, bound >> rng.below(8));
  drawn.delay = Duration(1 + rng.below(bound));
  if (next) drawn.delay = next->delay.value_or(next->fate == Fate::late ? most : drawn.delay);
  if (drawn.fate != Fate::normal) {
    struck_.emplace_back(name, drawn.fate);
    passed_at_last_ = passed_;
  }
  return drawn;
}

std::optional<std::uint32_t> Faults::strike(Site site) {
  const auto index = static_cast<std::size_t>(site);
  const FaultName name{site, ++passed_.at(index)};
  if (healed_ || forced_) return std::nullopt;
  auto rng = stream(name);
  if (mix_.rate.at(index) == 0 || rng.below(10'000) >= mix_.rate.at(index)) return std::nullopt;
  if (!allowed(name)) return std::nullopt;
  struck_.emplace_back(name, Fate::normal);
  return rng.next();
}

}  // namespace sim
