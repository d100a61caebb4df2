#pragma once
// What each command does once its line was understood (cli.cpp). Each answers its exit code, tells
// results on standard output and errors on standard error.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bin/client.hpp"

namespace bin {

struct BookOptions {
  std::string title;
  std::string start;  // RFC 3339 with an offset, "now", "+10m", or a local time
  std::string zone;   // of a local time; empty: this machine's
  std::string choice;
  std::string length = "45m";
  std::string call_url;
  std::vector<std::string> seats;  // role[:name[:email]]
  std::optional<std::string> idempotency;
};

int book(const Shared& shared, const BookOptions& options);
int list(const Shared& shared, std::size_t limit);
int show(const Shared& shared, const std::string& id, bool audit);
// what: "cancel" or "end"
int stop_meeting(const Shared& shared, const std::string& id, const std::string& what);
int extend(const Shared& shared, const std::string& id, const std::string& by);
int rotate_link(const Shared& shared, const std::string& seat);

int login_url(const Shared& shared);
int sweep(const Shared& shared);
int list_keys(const Shared& shared);
int add_key(const Shared& shared, const std::string& name, const std::vector<std::string>& scopes);
int revoke_key(const Shared& shared, const std::string& name);
int rotate_secret(const Shared& shared, const std::string& name);

int backup(const Shared& shared, const std::string& folder);
int restore(const Shared& shared, const std::string& folder);
int check_config(const Shared& shared);
int show_example_config(const Shared& shared);
int show_version(const Shared& shared);

int serve(const Shared& shared);

// What `simulate-day` is asked (sim::DayOptions says what each is).
struct DayLine {
  std::uint32_t meetings = 100;
  std::uint32_t seats = 2;
  std::string at = "09:00";
  std::string spread = "0m";
  std::string length = "45m";
  std::string lead = "10m";
  std::string boot = "90s";
  std::string boot_p99 = "3m";
  std::uint32_t capacity = 0;
  double launch_rate = 2;
  std::uint32_t launch_burst = 5;
  std::string dns = "route53";
  double price = 0.526;
  std::uint64_t seed = 1;
  bool search = true;
  std::string json_file;
  std::string svg_file;
};
int simulate_day(const Shared& shared, const DayLine& line);

int make_local_certs(const Shared& shared, const std::vector<std::string>& more_hosts);
struct TrustPlaces {
  std::string system = "/usr/local/share/ca-certificates";
  std::string nss;  // folder of the database; empty: ~/.pki/nssdb
};
int trust_certs(const Shared& shared, const TrustPlaces& places);
int untrust_certs(const Shared& shared, const TrustPlaces& places);

// The start of a booking from what a person typed: an instant, or a local time and a zone.
struct StartFields {
  std::string at;  // RFC 3339
  std::string local;
  std::string zone;
};
base::Result<StartFields> parse_start(const std::string& text, const std::string& zone,
                                      base::Timestamp now);
// The IANA name of this machine's zone; empty: unknown.
std::string machine_zone();
// An instant of an answer as this machine's clock shows it.
std::string local_time(const std::string& rfc3339);
// The date of it here, "2026-12-01": what examples begin with, so that they can be tried.
std::string tomorrow();

}  // namespace bin
