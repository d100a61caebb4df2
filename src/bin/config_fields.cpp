#include "bin/config_fields.hpp"

#include <fmt/format.h>

namespace bin {
namespace {

using namespace std::chrono_literals;  // NOLINT: 10min reads better than any alternative
using Visitor = FieldVisitor;
constexpr auto kYear = 365 * 24h;
constexpr auto kDay = 24h;

void describe_server(Visitor& v, ServerSettings& server) {
  v.section("server", "Where howdah listens, and under which names it is reached.");
  v.text("listen", server.listen,
         "address:port; beyond loopback only with TLS; port 0 takes any free one");
  v.text("public_url", server.public_url,
         "of the pages; \"\" is http(s):// and the listen address");
  v.text("desktop_domain", server.desktop_domain,
         "desktops are <desktop>.<this>; a wildcard DNS name when not *.localhost");
  v.text("tls_certificate", server.tls_certificate,
         "PEM file, the whole chain; `howdah certs local` makes one and is found by itself");
  v.text("tls_key", server.tls_key, "PEM file, readable by howdah alone");
  v.flag("metrics_open", server.metrics_open, "answer /metrics without a key");
}

void describe_booking(Visitor& v, app::Settings& settings) {
  auto& policy = settings.policy;
  v.texts("roles", settings.roles,
          "the roles that seats may have, each once; all of them when a meeting names no seats; "
          "1 to 8");
  v.text("call_url", settings.call_url_template,
         "made for each meeting without one: \"https://meet.example.org/{meeting}\"; \"\": none");
  v.duration("length_min", policy.length_min, 1s, kDay, "shortest meeting");
  v.duration("length_max", policy.length_max, 1min, 7 * kDay, "longest meeting, extensions too");
  v.duration("start_past_max", policy.start_past_max, 0s, kDay, "how late a booking may come");
  v.duration("book_ahead_max", policy.book_ahead_max, 1h, 10 * kYear, "how far ahead");
  v.duration("extend_max", policy.extend_max, 0s, kDay, "extensions of one meeting, in all");
}

void describe_timeline(Visitor& v, domain::Policy& policy) {
  v.duration("launch_lead", policy.launch_lead, 0s, kDay, "desktops start this long before T");
  v.duration("no_show_after", policy.no_show_after, 1s, kDay,
             "nothing ends early before T plus this; then unused desktops are taken down");
  v.duration("leave_grace", policy.leave_grace, 1s, kDay,
             "an empty meeting ends after this; so long presence is unknown after a start");
  v.duration("overrun", policy.overrun, 0s, kDay, "hard cap: the planned end plus this");
  v.duration("used_after", policy.used_after, 0s, 1h, "a session open for this long uses its seat");
}

void describe_desktop_rules(Visitor& v, domain::Policy& policy) {
  v.number("attempts_max", policy.attempts_max, 1, 20,
           "desktops that one seat may use up by dying or never coming up");
  v.duration("launch_retry", policy.launch_retry, 100ms, 1h, "between launch calls of one seat");
  v.duration("ready_within", policy.ready_within, 1s, kDay, "then the next attempt");
  v.duration("give_up_before", policy.give_up_before, 0s, kDay,
             "no desktop by T minus this: the seat has failed");
  v.duration("launch_timeout", policy.launch_timeout, 1s, kDay,
             "but a first launch is always given this long");
  v.duration("poll_starting", policy.poll_starting, 50ms, 1min,
             "between looks while something is expected to change");
  v.duration("poll_slow", policy.poll_slow, 50ms, 10min, "and at most, as it takes longer");
  v.duration("presence_period", policy.presence_period, 100ms, 10min,
             "between looks at a desktop in use");
  v.duration("ready_fresh", policy.ready_fresh, 1s, 10min,
             "readiness older than this is probed again before it is relied on");
  v.duration("reconcile_hot", policy.reconcile_hot, 100ms, 10min,
             "longest time between looks at a meeting that owns anything");
  v.duration("list_lag", policy.list_lag, 0s, 1h,
             "how long a new machine may be missing from the provider's list");
  v.duration("launch_late", policy.launch_late, 0s, 1h,
             "how long after a launch call without an answer its machine may come about");
  v.duration("name_lag", policy.name_lag, 0s, 1h,
             "how long a name that was set may be missing from the zone's list");
  v.number("misses_min", policy.misses_min, 1, 100,
           "lists without a machine before it counts as gone");
  v.duration("miss_spacing", policy.miss_spacing, 0s, 1h, "between two such lists");
  v.duration("terminate_retry", policy.terminate_retry, 100ms, 1h, "between orders to end");
  v.duration("retry_max", policy.retry_max, 0s, 1h,
             "what failing again and again adds to a pause between calls, at most");
  v.duration("name_wait_max", policy.name_wait_max, 0s, kDay,
             "a record that can't be removed holds a machine this long");
  v.flag("kill_despite_name", policy.kill_despite_name,
         "... also when its name was given out; false: that holds on until its deadline");
  v.duration("deadline_margin", policy.deadline_margin, 1s, kDay,
             "a desktop ends itself this long after the hard cap, without howdah");
  v.duration("retention", policy.retention, 1h, 10 * kYear, "meetings are kept after their end");
  v.duration("token_life", policy.token_life, 1s, 60s, "of a door token");
}

void describe_budget(Visitor& v, port::LaunchLimits& limits) {
  constexpr std::uint64_t kMost = 1'000'000;
  v.section("budget", "Launches and desktops; beyond them launches wait. Ending is never refused.");
  v.number("launches_per_hour", limits.launches_per_hour, 1, kMost, "of everybody");
  v.number("launches_per_hour_organiser", limits.launches_per_hour_organiser, 1, kMost, "of each");
  v.number("desktops_max", limits.desktops_max, 1, kMost, "at once, of everybody");
  v.number("desktops_max_organiser", limits.desktops_max_organiser, 1, kMost, "at once, of each");
}

void describe_sweep(Visitor& v, app::SweepPolicy& sweep) {
  v.section("sweep", "The search for desktops and names that no meeting knows.");
  v.duration("period", sweep.period, 100ms, kDay, "between sweeps");
  v.duration("age_min", sweep.age_min, 0s, kDay, "younger things are left alone");
  v.duration("warm_up", sweep.warm_up, 0s, kDay, "no kill for so long after a start");
  v.number("misses_min", sweep.misses_min, 1, 100, "sweeps that must agree");
  v.number("kills_max", sweep.kills_max, 1, 10'000,
           "in one period, or a tenth of what there is if that is more");
}

void describe_loop(Visitor& v, host::loop::LoopConfig& loop) {
  v.section("loop", "The worker threads that look after meetings.");
  v.number("workers", loop.workers, 1, 256, "meetings looked at at once");
  v.duration("tick", loop.tick, 10ms, 1min, "longest wait between looks at the next wake");
  v.duration("backoff_min", loop.backoff_min, 1ms, 1h, "before a failed look comes again");
  v.duration("backoff_max", loop.backoff_max, 10ms, kDay, "the same, at most");
  v.duration("purge_period", loop.purge_period, 100ms, kDay, "between removals of old meetings");
  v.number("purge_batch", loop.purge_batch, 1, 100'000, "removed at once");
  v.duration("clock_jump", loop.clock_jump, 1s, kDay, "a step of the clock larger than this ...");
  v.duration("clock_settle", loop.clock_settle, 0s, kDay, "... holds all kills for so long");
}

void describe_rate(Visitor& v, const std::string& key, host::http::Rate& rate,
                   std::string_view about) {
  v.real(key, rate.per_second, 1e9, about);
  v.real(key + "_burst", rate.burst, 1e9, "at once");
}

void describe_http_limits(Visitor& v, host::http::Limits& limits) {
  constexpr std::uint64_t kKiB = 1024;
  constexpr std::uint64_t kMiB = 1024 * 1024;
  v.section("limits", "What a peer may make grow.");
  v.bytes("body_bytes_max", limits.body_bytes_max, kKiB, 16 * kMiB, "request body");
  v.bytes("header_bytes_max", limits.header_bytes_max, kKiB, kMiB, "request head");
  v.bytes("frame_bytes_max", limits.frame_bytes_max, 64 * kKiB, 64 * kMiB, "WebSocket message");
  v.bytes("buffer_bytes", limits.buffer_bytes, 4 * kKiB, 16 * kMiB, "per direction of a screen");
  v.duration("handshake_time", limits.handshake_time, 100ms, 10min, "TLS");
  v.duration("header_time", limits.header_time, 100ms, 10min, "until the head is read");
  v.duration("body_time", limits.body_time, 100ms, 1h, "until the body is read");
  v.duration("idle_time", limits.idle_time, 100ms, 1h, "between two requests");
  v.duration("write_time", limits.write_time, 100ms, 1h, "for a peer that does not read");
  v.duration("ping_period", limits.ping_period, 100ms, 10min, "screens and event streams");
  v.duration("silence_max", limits.silence_max, 100ms, 1h, "a screen that answers no ping");
  v.duration("probe_time", limits.probe_time, 100ms, 1min, "a screen's first words");
  v.number("connections_max", limits.connections_max, 1, 1'000'000, "in all");
  v.number("connections_per_address", limits.connections_per_address, 1, 1'000'000, "from one");
  v.number("connections_loopback", limits.connections_loopback, 1, 1'000'000, "from this machine");
  v.number("streams_per_seat", limits.streams_per_seat, 1, 10'000, "open event streams");
  v.number("threads", limits.threads, 1, 1024, "that answer requests");
  v.number("queue_max", limits.queue_max, 1, 1'000'000, "requests waiting for one; then 503");
  v.number("watched_meetings_max", limits.watched_meetings_max, 1, 10'000'000, "kept in memory");
  describe_rate(v, "requests_per_address", limits.requests_per_address, "a second; 0: no limit");
  describe_rate(v, "requests_loopback", limits.requests_loopback, "the same, from this machine");
  describe_rate(v, "requests_per_link", limits.requests_per_link, "a second, of one seat");
  describe_rate(v, "attempts_per_address", limits.attempts_per_address,
                "bad keys, links and codes a second");
  describe_rate(v, "attempts_loopback", limits.attempts_loopback, "the same, from this machine");
  v.number("buckets_max", limits.buckets_max, 16, 10'000'000, "addresses and links remembered");
}

void describe_desktops(Visitor& v, DesktopSettings& desktops) {
  v.section("desktops", "Desktops on this machine, whatever their image.");
  v.choice("limits", desktops.limits, {"enforce", "best effort"},
           "enforce: no desktop without its limits on memory and processes");
  v.text("cgroup_parent", desktops.cgroup_parent, "\"\": \"howdah\" for root, else our own group");
  v.number("uid_base", desktops.uid_base, 1000, 4'000'000'000, "first user number, for root");
  v.number("uid_count", desktops.uid_count, 1, 1'000'000, "how many; one for each desktop");
}

void describe_pace(Visitor& v, PaceSettings& pace) {
  constexpr std::uint64_t kMost = 1'000'000;
  v.section(
      "pace",
      "Calls of the providers, to stay below their limits; more are held back and come again. "
      "Desktops of this machine need none.");
  v.real("launches", pace.launches, 1000, "a second; 0: no limit; EC2 takes 2");
  v.number("launch_burst", pace.launch_burst, 1, kMost, "at once, after a rest; EC2 takes 5");
  v.real("ends", pace.ends, 1000, "orders to end a second, which launches never use up; EC2: 5");
  v.number("end_burst", pace.end_burst, 1, kMost, "at once; EC2: 100");
  v.real("looks", pace.looks, 1000, "lists of desktops and new deadlines a second, each; EC2: 10");
  v.number("look_burst", pace.look_burst, 1, kMost, "at once; EC2: 50");
  v.real("name_calls", pace.name_calls, 1000,
         "for names a second, of which 3/10 are kept for removing; Route 53: 10, Cloudflare: 4");
  v.number("name_burst", pace.name_burst, 3, kMost, "at once; Route 53: 50, Cloudflare: 200");
  v.duration(
      "looks_shared_for", pace.looks_shared_for, 0s, 5min,
      "one list serves all meetings for so long; at most half of meeting.list_lag and name_lag");
}

void describe_image(Visitor& v, Image& image) {
  constexpr std::uint64_t kMiB = 1024 * 1024;
  constexpr std::uint64_t kMost = 1ULL << 42;
  v.text("name", image.name, "for people and logs");
  v.text("geometry", image.geometry, "WIDTHxHEIGHT at first; the viewer resizes it");
  v.texts("session", image.session, "program and arguments; []: openbox and a terminal");
  v.pairs("environment", image.environment, "for the session");
  v.choice("network", image.network, {"off", "on"},
           "on: the internet, never this machine or private addresses");
  v.bytes("memory", image.memory, 64 * kMiB, kMost, "of all its processes and files");
  v.bytes("home", image.home, kMiB, kMost, "its home, which is in memory and counts there too");
  v.number("processes", image.processes, 16, 1'000'000, "at once");
}

}  // namespace

void describe(FieldVisitor& v, Config& config) {
  describe_server(v, config.server);
  v.section("state", "The one folder that must be kept and backed up.");
  v.text("folder", config.state.folder,
         "\"\": $XDG_STATE_HOME/howdah or ~/.local/state/howdah; for root /var/lib/howdah");
  v.section("log", "JSON lines.");
  v.choice("level", config.log.level, {"debug", "info", "warn", "error"}, "the least that is told");
  v.text("file", config.log.file, "\"\": standard error");
  v.section("meeting", "The rules of meetings; T is the start.");
  describe_booking(v, config.meeting);
  describe_timeline(v, config.meeting.policy);
  describe_desktop_rules(v, config.meeting.policy);
  describe_budget(v, config.meeting.limits);
  describe_sweep(v, config.sweep);
  describe_loop(v, config.loop);
  describe_http_limits(v, config.limits);
  describe_pace(v, config.pace);
  describe_desktops(v, config.desktops);
  config.images.resize(v.sections("image", config.images.size(),
                                  "What desktops are made from; the first that can be had is."));
  for (std::size_t i = 0; i < config.images.size(); ++i) {
    v.next_section(i);
    describe_image(v, config.images[i]);
  }
}

}  // namespace bin
