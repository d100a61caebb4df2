#include "swarm.hpp"

#include <initializer_list>

namespace sim {
namespace {

template <class T>
T one_of(base::Rng& rng, std::initializer_list<T> values) {
  return *(values.begin() + rng.below(static_cast<std::uint32_t>(values.size())));
}

void draw_policy(Swarm& swarm, base::Rng rng) {
  auto& policy = swarm.policy;
  policy.places = 1 + rng.below(3);
  policy.poll_starting = one_of(rng, {1s, 2s, 5s});
  policy.reconcile_hot = one_of(rng, {10s, 30s, 30s});
  policy.list_lag = one_of(rng, {0s, 0s, 5s, 60s});
  policy.no_show_after = one_of(rng, {5min, 15min, 15min});
  policy.leave_grace = one_of(rng, {3min, 10min, 10min});
  policy.overrun = one_of(rng, {10min, 30min});
  policy.launch_retry = one_of(rng, {2s, 10s, 45s});
  policy.ready_within = one_of(rng, {3min, 5min});
  policy.attempts_max = 1 + rng.below(3);
  policy.terminate_retry = one_of(rng, {1s, 5s});
  policy.kill_despite_name = rng.below(4) == 0;
  policy.token_life = one_of(rng, {10s, 60s});
  swarm.sweep.period = one_of(rng, {30s, 60s});
  if (rng.below(8) == 0) swarm.limits = {4, 4, 3, 3};
  policy.name_wait_max = one_of(rng, {1min, 5min});
}

void draw_mix(Swarm& swarm, base::Rng rng) {
  auto& mix = swarm.mix;
  const auto level = one_of(rng, {20U, 100U, 300U, 1000U});  // of 10,000 calls
  for (std::size_t i = 0; i < static_cast<std::size_t>(Site::power); ++i) {
    mix.rate.at(i) = rng.below(3) == 0 ? 0 : 1 + rng.below(level * 2);
  }
  for (auto& weight : mix.weight) {
    const auto used = rng.below(2);
    weight = used * (1 + rng.below(10));
  }
  mix.weight[0] = 0;
  mix.weight[1 + rng.below(static_cast<std::uint32_t>(mix.weight.size()) - 1)] += 1;
  // Crashes cost the most virtual work and hide the rest.
  mix.weight[static_cast<std::size_t>(Fate::crash_before)] /= 3;
  mix.weight[static_cast<std::size_t>(Fate::crash_after)] /= 3;
  const auto rare = [&](Site site, std::initializer_list<std::uint32_t> rates) {
    mix.rate.at(static_cast<std::size_t>(site)) = one_of(rng, rates);
  };
  rare(Site::machine, {0, 500, 2000, 5000});
  rare(Site::process, {0, 200, 1000, 3000});
  rare(Site::provider, {0, 500, 2000, 4000});
  rare(Site::operator_, {0, 0, 500, 1500});
  auto clerk = rng.fork("credentials");
  mix.rate.at(static_cast<std::size_t>(Site::credentials)) = one_of(clerk, {0U, 0U, 1000U, 3000U});
  mix.late_max = one_of(rng, {5s, 60s, 600s});
  swarm.policy.launch_late = mix.late_max;
  mix.slow_max = one_of(rng, {2s, 30s});
}

// One process alone may have the store open. Few worlds, as each takes the time of several others.
void draw_disk(Swarm& swarm, base::Rng rng) {
  swarm.on_disk = swarm.processes == 1 && rng.below(48) == 0;
  if (!swarm.on_disk) return;
  swarm.mix.rate.at(static_cast<std::size_t>(Site::power)) = one_of(rng, {0U, 50U, 200U, 800U});
}

// What providers take, and what the product asks of them: without limits, with the real ones, or
// with so little that the few desktops of a run come up against it (F8).
void draw_limits(Swarm& swarm, base::Rng rng) {
  if (!swarm.calm) swarm.workers = one_of(rng, {2U, 4U, 16U, 16U});
  if (!swarm.calm && rng.below(6) == 0) swarm.outage = one_of(rng, {20min, 40min});
  if (swarm.outage > 0s) {  // then much is due at once, and not all at the same time
    swarm.workers = 2;
    swarm.meetings = 4;
  }
  const bool cloudflare = rng.below(2) == 0;
  const auto kind = rng.below(swarm.calm ? 2 : 3);
  if (kind > 0) swarm.api = ApiLimits::real(cloudflare);
  if (kind == 2) {
    auto& api = swarm.api;
    api.launch = {1 + rng.below(2), one_of(rng, {2s, 10s, 30s})};
    api.terminate = {1 + rng.below(2), one_of(rng, {2s, 10s})};
    api.describe = {3, one_of(rng, {1s, 3s})};
    api.describe_all = {1, 10s};
    if (cloudflare) {
      api.lock_out = {20 + rng.below(60), 5min, one_of(rng, {1min, 5min})};
    } else {
      api.names = {2, one_of(rng, {1s, 3s})};
    }
  }
  if (swarm.calm || rng.below(2) == 0) {
    // Several control planes that are told no pace may use up what one Cloudflare token has.
    if (swarm.processes > 1) swarm.api.lock_out = {};
    return;
  }
  swarm.compute_pace = {.launch = {one_of(rng, {0.1, 0.5, 2.0}), 1 + rng.below(3)},
                        .terminate = {one_of(rng, {0.2, 1.0}), 1 + rng.below(3)},
                        .look = {one_of(rng, {2.0, 5.0}), 10},
                        .deadline = {one_of(rng, {0.5, 2.0}), 2},
                        .shared_for = {}};
  swarm.zone_pace = {.calls = {one_of(rng, {1.0, 2.0, 4.0}), one_of(rng, {3U, 6U, 20U})},
                     .shared_for = {}};
  // How old a list may be is told by clocks: it is shared where they agree.
  if (rng.below(2) == 0 || swarm.skew_max > 2s) return;
  swarm.compute_pace.shared_for = one_of(rng, {1s, 5s});
  swarm.policy.list_lag += 2 * swarm.compute_pace.shared_for;
}

// Some worlds are in the middle of an upgrade.
void draw_versions(Swarm& swarm, base::Rng rng) {
  if (swarm.on_disk || swarm.calm || rng.below(8) != 0) return;
  swarm.newer_rows = one_of(rng, {NewerRows::schema, NewerRows::field, NewerRows::seat_field});
}

void draw_theme(Swarm& swarm, base::Rng rng) {
  if (swarm.calm) return;
  swarm.theme =
      one_of(rng, {Theme::none, Theme::none, Theme::hiding, Theme::restless, Theme::crowded});
  // Looks are counted by clocks, which some worlds set.
  if (swarm.theme == Theme::hiding && swarm.skew_max >= 2s) swarm.theme = Theme::misled;
  if (swarm.theme == Theme::none && rng.fork("clocks").below(5) == 0) swarm.theme = Theme::misled;
  if (swarm.theme == Theme::misled) {  // what is noted by a clock that is ahead has not been done
    swarm.faults_for = one_of(rng, {12min, 20min});  // ... while desktops are in use
    swarm.start_max = one_of(rng, {15min, 30min});
    swarm.mix.rate.at(static_cast<std::size_t>(Site::terminate)) = 8000;
    swarm.mix.weight[static_cast<std::size_t>(Fate::refused)] += 10;
  }
  if (swarm.theme == Theme::hiding) {  // a pass may come late to count what its list has said
    for (const auto site : {Site::list, Site::probe}) {
      swarm.mix.rate.at(static_cast<std::size_t>(site)) = 3500;
    }
    swarm.mix.weight[static_cast<std::size_t>(Fate::slow)] += 20;
  }
  if (swarm.theme == Theme::restless) {
    if (rng.fork("bridged").below(2) == 0) {  // whose viewers come back by themselves
      swarm.bridged = true;
      swarm.processes = 1;
    }
    for (const auto site : {Site::put, Site::launch, Site::set_deadline}) {
      swarm.mix.rate.at(static_cast<std::size_t>(site)) = 2000;
    }
    if (rng.fork("names").below(2) == 0) {  // which take long to show, and are not dropped at once
      swarm.zone_lag = 4s;
      swarm.mix.rate.at(static_cast<std::size_t>(Site::drop)) = 3000;
    }
    swarm.mix.weight[static_cast<std::size_t>(Fate::late)] += 10;
    swarm.mix.weight[static_cast<std::size_t>(Fate::refused)] += 5;
    if (rng.below(2) == 0) swarm.outage = 40min;
  }
  if (swarm.theme != Theme::crowded) return;
  swarm.processes = 1;
  swarm.policy.list_lag = one_of(rng, {5s, 60s, 60s});
  swarm.end_max = one_of(rng, {20s, 60s});
}

}  // namespace

Swarm draw_swarm(std::uint64_t seed) {
  Swarm swarm{.seed = seed};
  const base::Rng root = base::Rng(seed).fork("swarm");
  auto rng = root.fork("sizes");
  // An ordinary day, or the night in which Berlin's clocks go back.
  swarm.start = Timestamp(std::chrono::hours(24 * (rng.below(8) == 0 ? 20'023 : 20'000)));
  swarm.bridged = rng.below(3) == 0;
  swarm.processes = swarm.bridged ? 1 : 1 + rng.below(3);
  swarm.meetings = one_of(rng, {1U, 1U, 2U, 3U});
  swarm.seats_max = one_of(rng, {1U, 2U, 2U, 3U});
  swarm.hints_delivered = one_of(rng, {0U, 50U, 100U, 100U});
  swarm.skew_max = one_of(rng, {0s, 0s, 1s, 1s, 2s, 600s});
  swarm.boot_max = one_of(rng, {2s, 40s, 90s});
  swarm.address_max = one_of(rng, {0s, 5s, 20s});
  swarm.answer_max = one_of(rng, {5s, 30s, 60s});
  swarm.end_max = one_of(rng, {1s, 20s, 60s});
  swarm.zone_lag = one_of(rng, {0s, 0s, 1s});
  swarm.resolve_lag = one_of(rng, {0s, 5s, 30s});
  swarm.start_max = one_of(rng, {15min, 30min, 60min});
  swarm.faults_for = one_of(rng, {30min, 60min, 90min, 120min});
  swarm.long_rest = seed % 50 == 0;
  swarm.calm = rng.below(16) == 0;
  swarm.tick = 10s;
  draw_policy(swarm, root.fork("policy"));
  draw_mix(swarm, root.fork("mix"));
  draw_disk(swarm, root.fork("disk"));
  draw_theme(swarm, root.fork("theme"));
  swarm.list_lag = swarm.policy.list_lag;
  // By clocks that differ a little; nothing makes up for those that are wrong.
  swarm.policy.name_lag = swarm.zone_lag + std::min<Duration>(swarm.skew_max, 2s);
  draw_limits(swarm, root.fork("limits"));
  if (swarm.theme == Theme::crowded) swarm.compute_pace.terminate = {0.1, 1};
  // Some desktops are still to be launched when nobody has come.
  if (swarm.theme == Theme::restless && swarm.outage > 0s) swarm.compute_pace.launch = {0.02, 1};
  draw_versions(swarm, root.fork("versions"));
  if (swarm.calm) {
    swarm.mix = {};
    swarm.limits = {200, 100, 50, 50};
    swarm.skew_max = 0s;
    swarm.policy.ready_within = 8min;
    swarm.boot_max = one_of(rng, {swarm.boot_max, base::Duration{200'000}});  // L1 is about these
    swarm.first_place_full = swarm.policy.places > 1 && rng.below(2) == 0;
  }
  return swarm;
}

std::string Swarm::describe() const {
  std::string text = "seed " + std::to_string(seed) + ": " + std::to_string(processes) +
                     " process(es), " + std::to_string(meetings) + " meeting(s) of up to " +
                     std::to_string(seats_max) + " seats, " + (bridged ? "bridged" : "direct") +
                     (calm ? ", calm" : "") + (on_disk ? ", on disk" : "") +
                     (newer_rows != NewerRows::none ? ", of two versions" : "") + "\n";
  const auto add = [&](const char* name, Duration value) {
    text += std::string(" ") + name + "=" + base::to_text(value);
  };
  text += "  policy: places=" + std::to_string(policy.places);
  add("poll", policy.poll_starting);
  add("hot", policy.reconcile_hot);
  add("list_lag", policy.list_lag);
  add("no_show", policy.no_show_after);
  add("grace", policy.leave_grace);
  add("overrun", policy.overrun);
  add("ready_within", policy.ready_within);
  add("token_life", policy.token_life);
  text += " attempts=" + std::to_string(policy.attempts_max);
  text += policy.kill_despite_name ? " kill_despite_name" : "";
  text += "\n  world: hints=" + std::to_string(hints_delivered) + "%";
  add("skew", skew_max);
  add("boot", boot_max);
  add("address", address_max);
  add("answer", answer_max);
  add("end", end_max);
  add("zone_lag", zone_lag);
  add("resolve", resolve_lag);
  add("faults_for", faults_for);
  text += "\n  providers take:" + api.describe_text();
  if (compute_pace.launch.per_second > 0) text += "; paced";
  text += "; workers=" + std::to_string(workers);
  if (outage > 0s) add("outage", outage);
  text += "\n  faults (per 10,000):";
  for (std::size_t i = 0; i < kSites; ++i) {
    if (mix.rate.at(i) == 0) continue;
    text += std::string(" ") + name_of(static_cast<Site>(i)) + "=" + std::to_string(mix.rate.at(i));
  }
  text += "; mix:";
  for (std::size_t i = 0; i < mix.weight.size(); ++i) {
    if (mix.weight.at(i) == 0) continue;
    text += std::string(" ") + name_of(static_cast<Fate>(i)) + "=" + std::to_string(mix.weight[i]);
  }
  add("late<", mix.late_max);
  add("slow<", mix.slow_max);
  return text + "\n";
}

}  // namespace sim
