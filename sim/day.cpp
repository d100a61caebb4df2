#include "day.hpp"

#include <algorithm>
#include <memory>

#include "adapter/memory/meeting_store.hpp"
#include "adapter/paced/paced.hpp"
#include "app/reconcile.hpp"
#include "base/check.hpp"
#include "bucket.hpp"
#include "day_outside.hpp"
#include "domain/command.hpp"
#include "domain/phase.hpp"

namespace sim {

namespace {

constexpr Duration kInTime = 2min;  // before the start (L1)
constexpr Timestamp kMidnight = Timestamp(std::chrono::hours(24 * 20'000));
constexpr Duration kLooksShared = 15s;
constexpr std::size_t kRoute53Page = 300;
constexpr std::size_t kCloudflarePage = 100;

ApiLimits limits_of(const DayOptions& options) {
  auto limits = ApiLimits::real(options.cloudflare);
  limits.launch = {options.launch_burst,
                   Duration(static_cast<std::int64_t>(1000 / options.launches_per_second))};
  return limits;
}

std::size_t page_of(const DayOptions& options) {
  return options.cloudflare ? kCloudflarePage : kRoute53Page;
}

// Just below what the providers take.
adapter::paced::ComputePace compute_pace(const DayOptions& options) {
  return {.launch = {options.launches_per_second, options.launch_burst},
          .terminate = {5, 100},
          .look = {20, 100},
          .deadline = {10, 100},
          .shared_for = kLooksShared,
          .page = kMachinesPage};
}
adapter::paced::ZonePace zone_pace(const DayOptions& options) {
  adapter::paced::ZonePace pace{.page = page_of(options)};
  pace.calls = options.cloudflare ? adapter::paced::Rate{3.3, 200} : adapter::paced::Rate{10, 50};
  // A list of all names must not cost more than looking may: 3/10 of all calls.
  const auto pages = 1 + options.meetings * options.seats / pace.page;
  const auto costs = static_cast<double>(pages) / (0.3 * pace.calls.per_second);
  pace.shared_for = std::max(kLooksShared, Duration(static_cast<std::int64_t>(1100 * costs)));
  return pace;
}

// The rules of a large service: looks are shared and rarer, and what is told to wait comes again
// the later the longer the queue is.
domain::Policy policy_of(const DayOptions& options) {
  domain::Policy policy;
  policy.launch_lead = options.lead;
  policy.length_min = 1s;
  policy.list_lag = 2 * kLooksShared;
  policy.poll_starting = 5s;
  policy.poll_slow = kLooksShared;
  policy.presence_period = 60s;
  policy.reconcile_hot = 2min;
  policy.ready_within = std::max<Duration>(5min, 2 * options.boot_p99);
  const auto queue = Duration(static_cast<std::int64_t>(1000.0 * options.meetings * options.seats /
                                                        options.launches_per_second));
  policy.retry_max = std::clamp<Duration>(queue / 40, 30s, 5min);
  // Where names come more slowly than machines, who waits for a name is not taken for broken.
  const auto zone = zone_pace(options);
  const auto names = Duration(static_cast<std::int64_t>(1000.0 * options.meetings * options.seats /
                                                        (0.4 * zone.calls.per_second)));
  if (names > queue) policy.ready_within += names - queue + 2 * zone.shared_for;
  return policy;
}

class Day {
 public:
  Day(const DayOptions& options, bool only_starting)
      : options_(options),
        only_starting_(only_starting),
        first_(kMidnight + 24h + options.at),
        scheduler_(options.seed, first_ - options.lead - 1min),
        outside_(scheduler_, options_, limits_of(options), result_),
        zone_(outside_, page_of(options)),
        compute_(outside_, outside_, compute_pace(options)),
        paced_zone_(zone_, outside_, zone_pace(options)),
        store_([this](const auto& before, const auto& after) { saved(before, after); }),
        keys_("day"),
        wakeups_(*this),
        ports_{store_,   keys_,    compute_, paced_zone_, outside_,
               outside_, wakeups_, outside_, outside_},
        settings_{.policy = policy_of(options),
                  .limits = {~0U, ~0U, ~0U, ~0U},
                  .roles = {},
                  .call_url_template = ""},
        reconcile_(ports_, settings_,
                   {domain::Capability::launch, domain::Capability::name,
                    domain::Capability::terminate, domain::Capability::deadline}) {}

  DayResult run(const DayProgress& progress) {
    for (std::uint32_t i = 0; i < options_.meetings; ++i) book(i);
    const auto begin = scheduler_.now();
    const auto last = first_ + options_.spread;
    const auto until = only_starting_ ? last - kInTime : last + options_.length + 24h;
    while (scheduler_.now() < until && (over_ < options_.meetings)) {
      const auto before = scheduler_.now();
      scheduler_.run(std::min(until, before + 1min), [] { return false; });
      if (scheduler_.now() <= before) break;
      const auto usual = last + options_.length + 40min - begin;
      if (progress) {
        progress(std::min(0.99, static_cast<double>((scheduler_.now() - begin).count()) /
                                    static_cast<double>(usual.count())));
      }
    }
    return finish();
  }

  void wake(const domain::MeetingId& meeting, Timestamp at) {
    auto& next = wakes_[meeting];
    at = std::max(at, scheduler_.now() + 1ms);
    if (next > scheduler_.now() && next <= at) return;
    next = at;
    scheduler_.at(at, [this, meeting, at, &next] {
      if (next != at) return;
      next = Timestamp{};
      pass(meeting);
    });
  }

 private:
  class Wakes final : public port::Wakeups {
   public:
    explicit Wakes(Day& day) : day_(day) {}
    void wake(const domain::MeetingId& meeting, Timestamp at) override { day_.wake(meeting, at); }

   private:
    Day& day_;
  };

  void book(std::uint32_t number) {
    const auto id = *domain::MeetingId::parse("m" + std::to_string(number + 1));
    const auto start = first_ + start_of(options_, number);
    domain::Booking booking{.title = "A meeting",
                            .start = {start, "", ""},
                            .length = options_.length,
                            .call_url = "",
                            .seats = {}};
    for (std::uint32_t i = 0; i < options_.seats; ++i) {
      booking.seats.push_back({"guest" + std::to_string(i + 1), "", ""});
    }
    auto meeting = domain::book(booking, id, *domain::PrincipalId::parse("planner"),
                                scheduler_.now() - 1min, settings_.policy);
    CHECK(meeting.has_value());
    store_.add(*std::move(meeting));
    outside_.people(id, start, start + options_.length);
    wake(id, start - options_.lead);
  }

  void pass(const domain::MeetingId& id) {
    ++result_.passes;
    const auto report = reconcile_.pass(id, false);
    CHECK(report.has_value());
    if (report->wake_at) wake(id, *report->wake_at);
  }

  void saved(const domain::Meeting& before, const domain::Meeting& after) {
    if (after.over_at && !before.over_at) ++over_;
    for (std::size_t i = 0; i < after.seats.size(); ++i) {
      const auto& seat = after.seats[i];
      if (seat.failed && !before.seats[i].failed) ++result_.failed;
      if (!seat.desktop || !seat.desktop->first_ready) continue;
      const auto& was = before.seats[i].desktop;
      if ((was && was->first_ready) || !ready_.insert(seat.id).second) continue;
      const auto at = scheduler_.now();
      result_.ready.push_back(at - first_);
      if (at <= after.start.at - kInTime) ++result_.ready_in_time;
      if (at <= after.start.at) ++result_.ready_at_start;
    }
  }

  DayResult finish() {
    result_.seats = options_.meetings * options_.seats;
    outside_.count_hours(scheduler_.now(), first_);
    const auto slots = launch_slots(options_);
    for (std::uint32_t i = 0; i < slots.size(); ++i) {
      const auto start = start_of(options_, i / options_.seats);
      if (slots[i] + options_.boot_median <= start - kInTime) ++result_.allowed;
    }
    if (options_.capacity > 0) result_.allowed = std::min(result_.allowed, options_.capacity);
    return std::move(result_);
  }

  const DayOptions options_;
  const bool only_starting_;
  const Timestamp first_;
  DayResult result_;
  Scheduler scheduler_;
  DayOutside outside_;
  DayZone zone_;
  adapter::paced::PacedCompute compute_;
  adapter::paced::PacedZone paced_zone_;
  DayStore store_;
  adapter::memory::MemoryStore keys_;
  Wakes wakeups_;
  app::Ports ports_;
  app::Settings settings_;
  app::Reconcile reconcile_;
  std::map<domain::MeetingId, Timestamp> wakes_;
  std::set<domain::SeatId> ready_;
  std::uint32_t over_ = 0;
};

}  // namespace

Duration start_of(const DayOptions& options, std::uint32_t meeting) {
  if (options.meetings < 2) return Duration{0};
  return options.spread * meeting / (options.meetings - 1);
}

std::vector<Duration> launch_slots(const DayOptions& options) {
  const auto every = 1000.0 / options.launches_per_second;
  double full_at = -1e15;  // when the bucket is full again, in ms after the first start
  std::vector<Duration> slots;
  for (std::uint32_t i = 0; i < options.meetings * options.seats; ++i) {
    const auto opens = start_of(options, i / options.seats) - options.lead;
    auto at = static_cast<double>(opens.count());
    at = std::max(at, full_at - every * (options.launch_burst - 1));
    full_at = std::max(full_at, at) + every;
    slots.emplace_back(static_cast<std::int64_t>(at));
  }
  return slots;
}

DayResult simulate_day(const DayOptions& options, bool only_starting, const DayProgress& progress) {
  return Day(options, only_starting).run(progress);
}

Duration lead_needed(const DayOptions& options, const LeadProgress& progress) {
  const auto good = [&](Duration lead) {
    auto trial = options;
    trial.lead = lead;
    const auto result = simulate_day(trial, true, {});
    const double share = static_cast<double>(result.ready_in_time) / result.seats;
    if (progress) progress(lead, share);
    return share >= 0.99;
  };
  const auto seats = static_cast<double>(options.meetings) * options.seats;
  const auto launching = Duration(static_cast<std::int64_t>(
      1000 * std::max(0.0, 0.99 * seats - options.launch_burst) / options.launches_per_second));
  // With meetings that start one after another launching goes on between them.
  Duration low = kInTime + options.boot_median + std::max(Duration{0}, launching - options.spread);
  Duration high = low + low / 10 + options.boot_p99;
  while (!good(high)) {
    low = high;
    high = high * 3 / 2;
    if (high > 24h) return Duration{0};
  }
  while (high - low > std::max<Duration>(high / 50, 5s)) {
    const auto middle = low + (high - low) / 2;
    (good(middle) ? high : low) = middle;
  }
  return high;
}

}  // namespace sim
