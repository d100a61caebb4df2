#include "base/zone.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <set>
#include <sstream>
#include <vector>

namespace base {
namespace {

Timestamp at(std::string_view text) {
  return *parse_rfc3339(text);
}

TEST(Zone, LocalTimeIsResolvedByItsZone) {
  EXPECT_EQ(resolve_local("2026-12-01T09:00", "Europe/Berlin", {}), at("2026-12-01T08:00:00Z"));
  EXPECT_EQ(resolve_local("2026-07-01T09:00:30", "Europe/Berlin", {}), at("2026-07-01T07:00:30Z"));
  EXPECT_EQ(resolve_local("2026-12-01T09:00", "Asia/Kolkata", {}), at("2026-12-01T03:30:00Z"));
  EXPECT_EQ(resolve_local("2050-07-01T09:00", "America/New_York", {}), at("2050-07-01T13:00:00Z"));
  EXPECT_EQ(local_text(at("2026-12-01T08:00:00Z"), "Europe/Berlin"), "2026-12-01T09:00:00");
  EXPECT_EQ(local_text(at("2026-12-01T08:00:00.999Z"), "UTC"), "2026-12-01T08:00:00");
}

TEST(Zone, SkippedLocalTimeIsRefusedWithItsNeighbours) {
  const auto result = resolve_local("2027-03-28T02:30", "Europe/Berlin", Choice::later);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::invalid);
  EXPECT_EQ(result.error().field, "start_local");
  EXPECT_NE(result.error().message.find("2027-03-28T01:59:00"), std::string::npos);
  EXPECT_NE(result.error().message.find("2027-03-28T03:00:00"), std::string::npos);
}

TEST(Zone, RepeatedLocalTimeNeedsTheChoice) {
  const auto result = resolve_local("2027-10-31T02:30", "Europe/Berlin", {});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::invalid);
  EXPECT_EQ(result.error().field, "start_choice");
  EXPECT_NE(result.error().message.find("2027-10-31T00:30:00Z"), std::string::npos);
  EXPECT_NE(result.error().message.find("2027-10-31T01:30:00Z"), std::string::npos);
  EXPECT_EQ(resolve_local("2027-10-31T02:30", "Europe/Berlin", Choice::earlier),
            at("2027-10-31T00:30:00Z"));
  EXPECT_EQ(resolve_local("2027-10-31T02:30", "Europe/Berlin", Choice::later),
            at("2027-10-31T01:30:00Z"));
}

TEST(Zone, OnlyRealNamesAreZones) {
  for (const std::string& zone : {std::string(),
                                  std::string("localtime"),
                                  std::string("posixrules"),
                                  std::string("Factory"),
                                  std::string("europe/berlin"),
                                  std::string("Europe"),
                                  std::string("Europe/"),
                                  std::string("/Europe/Berlin"),
                                  std::string("/etc/localtime"),
                                  std::string("../zoneinfo/UTC"),
                                  std::string("Europe/../UTC"),
                                  std::string("Europe//Berlin"),
                                  std::string("posix/UTC"),
                                  std::string("right/UTC"),
                                  std::string("Fixed/UTC+01:00:00"),
                                  std::string("UTC0"),
                                  std::string("libc:localtime"),
                                  std::string("file:UTC"),
                                  std::string("tzdata.zi"),
                                  std::string("leapseconds"),
                                  std::string("zone.tab"),
                                  std::string("UTC\0", 4),
                                  std::string("UTC "),
                                  std::string("CET-1CEST"),
                                  std::string(5000, 'A')}) {
    EXPECT_FALSE(zone_exists(zone)) << zone;
    const auto result = resolve_local("2026-12-01T09:00", zone, {});
    ASSERT_FALSE(result) << zone;
    EXPECT_EQ(result.error().field, "zone") << zone;
    EXPECT_EQ(local_text(at("2026-12-01T08:00:00Z"), zone), "2026-12-01T08:00:00Z") << zone;
  }
}

TEST(Zone, MalformedLocalTimesAreRefused) {
  for (const std::string& local :
       {std::string(), std::string("2026-12-01"), std::string("2026-12-01 09:00"),
        std::string("2026-12-01T09:00Z"), std::string("2026-12-01T9:00"),
        std::string("2026-02-30T09:00"), std::string("2027-02-29T09:00"),
        std::string("2026-13-01T09:00"), std::string("2026-00-01T09:00"),
        std::string("2026-12-01T24:00"), std::string("2026-12-01T09:60"),
        std::string("2026-12-01T09:00:60"), std::string("2026-12-01T09:00:0"),
        std::string("2026-12-01T09:00+01"), std::string("1969-12-01T09:00"),
        std::string("9999-12-01T09:00"), std::string("2026-12-01T09:00\0\0\0", 19)}) {
    const auto result = resolve_local(local, "Europe/Berlin", {});
    ASSERT_FALSE(result) << local;
    EXPECT_EQ(result.error().field, "start_local") << local;
  }
}

// ---- Against the C library's reading of the same database, for every zone.

std::set<std::string> names_of_database() {
  std::ifstream file("/usr/share/zoneinfo/tzdata.zi");
  std::set<std::string> names;
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string kind, first, second;
    words >> kind >> first >> second;
    if (kind == "Z") names.insert(first);
    if (kind == "L") names.insert(second);
  }
  names.erase("Factory");
  return names;
}

struct Transition {
  Timestamp at;     // the first instant of the new offset
  Duration before;  // offsets from UTC
  Duration after;
};
struct ZoneDump {
  Duration offset;  // when the period begins
  std::vector<Transition> transitions;
};

// "+0530", "-03", "-00"
Duration parse_offset(const std::string& text) {
  const auto part = [&](std::size_t from) {
    return text.size() >= from + 2 ? std::stoi(text.substr(from, 2)) : 0;
  };
  const Duration size =
      std::chrono::hours(part(1)) + std::chrono::minutes(part(3)) + std::chrono::seconds(part(5));
  return text.front() == '-' ? -size : size;
}

// zdump's -i form: TZ="name", then lines of date, local time, offset that begin at that time.
std::map<std::string, ZoneDump> dump_zones(const std::set<std::string>& names) {
  std::string command = "zdump -i -c 2025,2038";
  for (const auto& name : names) command += " " + name;
  std::map<std::string, ZoneDump> zones;
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
  std::array<char, 512> buffer{};
  std::string zone;
  Duration offset{0};
  while (pipe && std::fgets(buffer.data(), buffer.size(), pipe.get()) != nullptr) {
    const std::string line(buffer.data());
    if (line.rfind("TZ=\"", 0) == 0) zone = line.substr(4, line.rfind('"') - 4);
    std::istringstream words(line);
    std::string date, time, new_offset;
    if (line.rfind("TZ=", 0) == 0 || !(words >> date >> time >> new_offset)) continue;
    if (date == "-") {
      zones[zone].offset = offset = parse_offset(new_offset);
      continue;
    }
    time += std::string(":00:00").substr(time.size() - 2);
    const auto after = parse_offset(new_offset);
    const auto local = parse_rfc3339(date + "T" + time + "Z");
    zones[zone].transitions.push_back({*local - after, offset, after});
    offset = after;
  }
  return zones;
}

// The digits of `time`, read as local time.
std::string wall(Timestamp time) {
  return to_rfc3339(time).substr(0, 19);
}

void check_unique(const std::string& zone, Timestamp time, Duration offset) {
  const auto local = wall(time + offset);
  EXPECT_EQ(local_text(time, zone), local) << zone;
  EXPECT_EQ(resolve_local(local, zone, {}), time) << zone << " " << local;
}

void check_transition(const std::string& zone, const Transition& transition) {
  const auto gap = transition.after - transition.before;
  const Timestamp first = transition.at + std::min(transition.before, transition.after);
  EXPECT_EQ(local_text(transition.at - 1s, zone), wall(transition.at - 1s + transition.before));
  EXPECT_EQ(local_text(transition.at, zone), wall(transition.at + transition.after));
  if (gap >= 0s) {
    check_unique(zone, transition.at - 1s, transition.before);
    check_unique(zone, transition.at, transition.after);
    for (const auto into : {Duration(0), gap / 2, gap - 1s}) {
      if (gap == 0s) continue;
      const auto result = resolve_local(wall(first + into), zone, Choice::earlier);
      ASSERT_FALSE(result) << zone << " " << wall(first + into);
      EXPECT_EQ(result.error().field, "start_local");
    }
    return;
  }
  check_unique(zone, transition.at + gap - 1s, transition.before);
  check_unique(zone, transition.at - gap, transition.after);
  for (const auto into : {Duration(0), -gap / 2, -gap - 1s}) {
    const auto local = wall(first + into);
    EXPECT_EQ(resolve_local(local, zone, Choice::earlier), first + into - transition.before)
        << zone << " " << local;
    EXPECT_EQ(resolve_local(local, zone, Choice::later), first + into - transition.after)
        << zone << " " << local;
    const auto result = resolve_local(local, zone, {});
    ASSERT_FALSE(result) << zone << " " << local;
    EXPECT_EQ(result.error().field, "start_choice");
  }
}

TEST(Zone, AgreesWithZdumpForEveryZoneAndTransition) {
  const auto names = names_of_database();
  ASSERT_GT(names.size(), 400U);
  const auto zones = dump_zones(names);
  ASSERT_EQ(zones.size(), names.size());
  std::size_t transitions = 0;
  for (const auto& [zone, dump] : zones) {
    EXPECT_TRUE(zone_exists(zone)) << zone;
    check_unique(zone, at("2025-01-01T12:00:00Z"), dump.offset);
    for (const auto& transition : dump.transitions) check_transition(zone, transition);
    transitions += dump.transitions.size();
  }
  EXPECT_GT(transitions, 3000U);
}

TEST(Zone, EveryNameThatExistsIsOfTheDatabase) {
  const auto names = names_of_database();
  const std::filesystem::path root = "/usr/share/zoneinfo";
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
    const auto name = entry.path().lexically_relative(root).string();
    EXPECT_EQ(zone_exists(name), names.count(name) == 1) << name;
  }
}

}  // namespace
}  // namespace base
