#include "bin/config.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "bin/config_fields.hpp"

namespace bin {
namespace {

std::string read_file(const std::string& path) {
  std::ifstream in(path);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

std::string error_of(const std::string& text) {
  const auto config = parse_config(text, "t.toml");
  return config ? "" : config.error().message;
}

TEST(Config, TheExampleIsTheDefaultsWithWhatTheyMean) {
  const auto path = std::string(HOWDAH_SOURCE_DIR) + "/config/example.toml";
  const auto defaults = print_config(Config{}, Comments::yes);
  EXPECT_EQ(read_file(path), defaults) << "write it anew: howdah config example > " << path;
  const auto parsed = read_config(path);
  ASSERT_TRUE(parsed) << parsed.error().message;
  EXPECT_EQ(print_config(*parsed, Comments::no), print_config(Config{}, Comments::no));
}

TEST(Config, WhatIsPrintedIsReadBackTheSame) {
  const auto config = parse_config(R"(
[server]
listen = "[::1]:0"
public_url = "https://meet.example.org"
tls_certificate = "a.pem"
tls_key = "b.pem"
metrics_open = true
[meeting]
roles = ["teacher", "student", "guest"]
call_url = "https://call.example.org/{meeting}"
launch_lead = "90s"
[limits]
requests_per_address = 2.5
body_bytes_max = "128KiB"
[[image]]
name = "big"
session = ["xterm", "-fa", "it's \"quoted\""]
environment = { LANG = "C.UTF-8", EMPTY = "" }
memory = "2GiB"
[[image]]
network = "on"
)",
                                   "t.toml");
  ASSERT_TRUE(config) << config.error().message;
  const auto text = print_config(*config, Comments::yes);
  const auto again = parse_config(text, "again.toml");
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(print_config(*again, Comments::yes), text);
  EXPECT_EQ(again->meeting.policy.launch_lead, base::Duration(90'000));
  EXPECT_EQ(again->meeting.policy.places, 2u);
  EXPECT_EQ(again->images[0].session.at(2), "it's \"quoted\"");
  EXPECT_EQ(again->images[0].memory, 2ULL << 30);
  EXPECT_EQ(again->images[1].network, "on");
  EXPECT_EQ(again->limits.requests_per_address.per_second, 2.5);
}

struct Bad {
  const char* text;
  const char* says;
};

TEST(Config, BadOnesAreRefusedByFileLineKeyAndWhatIsAllowed) {
  const Bad all[] = {
      {"\n[server]\nlisten = 8080\n", "t.toml:3: server.listen: a text in quotes is expected"},
      {"[server]\nlisten = \"localhost:80\"\n",
       "t.toml:2: server.listen: address:port is expected"},
      {"[server]\nlisten = \"127.0.0.1:99999\"\n", "t.toml:2: server.listen: address:port"},
      {"[server]\nlisten = \"300.1.1.1:80\"\n", "t.toml:2: server.listen: address:port"},
      {"[server]\nlisten = \"[1:2]:80\"\n", "t.toml:2: server.listen: address:port"},
      {"[server]\npublic_url = \"https://x:99999\"\n", "t.toml:2: server.public_url: scheme"},
      {"[server]\npublic_url = \"http://[::1]:123456789012\"\n",
       "t.toml:2: server.public_url: scheme"},
      {"[server]\nlissten = \"x\"\n",
       "t.toml:2: server.lissten: unknown; allowed are desktop_domain"},
      {"[sever]\n", "t.toml:1: sever: unknown; allowed are budget, desktops, image"},
      {"x = 1\n", "t.toml:1: x: unknown"},
      {"server = 1\n", "t.toml:1: server: a section is expected"},
      {"[meeting]\nlaunch_lead = 10\n", "t.toml:2: meeting.launch_lead: a duration from 0s to 1d"},
      {"[meeting]\nlaunch_lead = \"-1s\"\n", "t.toml:2: meeting.launch_lead: a duration"},
      {"[meeting]\nlaunch_lead = \"2d\"\n", "t.toml:2: meeting.launch_lead: a duration"},
      {"[meeting]\nroles = [\"a\", \"a\"]\n", "t.toml:2: meeting.roles: 1 to 8 different"},
      {"[meeting]\nroles = []\n", "t.toml:2: meeting.roles: 1 to 8 different"},
      {"[meeting]\nroles = [\"Teacher\"]\n", "t.toml:2: meeting.roles: 1 to 8 different"},
      {"[meeting]\nroles = \"teacher\"\n", "t.toml:2: meeting.roles: a list of texts"},
      {"[meeting]\ncall_url = \"http://x.example\"\n", "t.toml:2: meeting.call_url: "},
      {"[meeting]\ncall_url = \"javascript:alert(1)\"\n", "t.toml:2: meeting.call_url: "},
      {"[meeting]\nlength_min = \"2h\"\nlength_max = \"1h\"\n", "t.toml:2: meeting.length_min: "},
      {"[meeting]\nlist_lag = \"1m\"\n[pace]\nlooks_shared_for = \"10s\"\n",
       "t.toml:4: pace.looks_shared_for: must not be more than half of meeting.name_lag"},
      {"[budget]\ndesktops_max = 0\n", "t.toml:2: budget.desktops_max: a number from 1"},
      {"[budget]\ndesktops_max = -3\n", "t.toml:2: budget.desktops_max: a number from 1"},
      {"[budget]\ndesktops_max = \"3\"\n", "t.toml:2: budget.desktops_max: a number from 1"},
      {"[limits]\nbody_bytes_max = \"1TB\"\n", "t.toml:2: limits.body_bytes_max: a size from 1KiB"},
      {"[limits]\nrequests_per_address = nan\n", "t.toml:2: limits.requests_per_address: a number"},
      {"[server]\nmetrics_open = \"yes\"\n", "t.toml:2: server.metrics_open: true or false"},
      {"[server]\nlisten = \"0.0.0.0:443\"\n", "t.toml:2: server.listen: public_url must be set"},
      {"[server]\ntls_key = \"k\"\n", "t.toml:2: server.tls_key: tls_certificate and tls_key"},
      {"[server]\npublic_url = \"http://x/y\"\n", "t.toml:2: server.public_url: scheme, host and"},
      {"[server]\ndesktop_domain = \"localhost\"\n", "t.toml:2: server.desktop_domain: a DNS name"},
      {"[desktops]\nlimits = \"none\"\n",
       "t.toml:2: desktops.limits: one of \"enforce\", \"best effort\" is expected"},
      {"[image]\nname = \"x\"\n", "t.toml:1: image: [[image]] is expected"},
      {"[[image]]\ngeometry = \"big\"\n", "t.toml:2: image[0].geometry: WIDTHxHEIGHT"},
      {"[[image]]\n[[image]]\nfoo = 1\n", "t.toml:3: image[1].foo: unknown"},
      {"[[image]]\nhome = \"8GiB\"\n", "t.toml:2: image[0].home: must not be more than memory"},
      {"[[image]]\nenvironment = { \"A B\" = \"x\" }\n", "t.toml:2: image[0].environment: a name"},
      {"[server\n", "t.toml:1: "},
      {"[server]\nlisten = \"a\"\nlisten = \"b\"\n", "t.toml:3: "},
  };
  for (const auto& bad : all) {
    const auto error = error_of(bad.text);
    EXPECT_TRUE(error.starts_with(bad.says)) << bad.text << "gave: " << error;
  }
}

TEST(Config, EveryProblemIsToldInTheOrderOfLines) {
  const auto error = error_of("[server]\nfoo = 1\n[meeting]\nlaunch_lead = 1\nbar = 2\n");
  EXPECT_LT(error.find("t.toml:2: server.foo"), error.find("t.toml:4: meeting.launch_lead"));
  EXPECT_LT(error.find("t.toml:4: meeting.launch_lead"), error.find("t.toml:5: meeting.bar"));
}

TEST(Config, AFileThatCannotBeReadIsAnError) {
  EXPECT_FALSE(read_config("/nonexistent/howdah.toml"));
  EXPECT_FALSE(read_config("/"));
  EXPECT_TRUE(read_config(""));
}

TEST(Config, LoopbackIsToldFromTheRest) {
  for (const auto* address : {"127.0.0.1", "127.9.9.9", "::1"}) EXPECT_TRUE(is_loopback(address));
  for (const auto* address : {"0.0.0.0", "::", "192.168.0.1", "::ffff:127.0.0.1", ""}) {
    EXPECT_FALSE(is_loopback(address)) << address;
  }
  EXPECT_FALSE(split_listen("127.evil:80")) << "not an address at all";
  EXPECT_TRUE(split_listen("[::1]:80"));
  for (const auto* text : {"::1:80", "[127.0.0.1]:80", "[]:80", ":80", "127.0.0.1",
                           "127.0.0.1:", "127.0.0.1:8080x", "127.0.0.1:-1"}) {
    EXPECT_FALSE(split_listen(text)) << text;
  }
}

TEST(Config, SizesAreReadAsTheyAreWritten) {
  for (const std::uint64_t size : {1ULL, 1023ULL, 1024ULL, 1536ULL, 1ULL << 20, 3ULL << 30}) {
    const auto parsed = parse_size(size_text(size));
    ASSERT_TRUE(parsed);
    EXPECT_EQ(*parsed, size);
  }
  for (const auto* text : {"", "MiB", "1MB", "1 MiB", "-1", "99999999999GiB", "1.5GiB"}) {
    EXPECT_FALSE(parse_size(text)) << text;
  }
}

}  // namespace
}  // namespace bin
