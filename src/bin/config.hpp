#pragma once
// Config: everything that an operator may set, each with its default written once, here or in the
// struct of the component that it belongs to. Read once at start (read_config), never changed
// after. config/example.toml is print_config() of the defaults, with what each value means.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "app/ports.hpp"
#include "app/sweep.hpp"
#include "base/log.hpp"
#include "base/result.hpp"
#include "host/http/limits.hpp"
#include "host/loop/loop.hpp"

namespace bin {

struct ServerSettings {
  std::string listen = "127.0.0.1:8080";  // address:port; [::1]:8080; port 0: any free one
  std::string public_url;                 // empty: http(s)://<listen>
  std::string desktop_domain = "desk.localhost";
  std::string tls_certificate;  // PEM files; both or none
  std::string tls_key;
  bool metrics_open = false;
};

struct StateSettings {
  std::string folder;  // empty: the user's state folder, or the system's for root
};

struct LogSettings {
  std::string level = "info";
  std::string file;  // empty: standard error
};

// One place to launch a desktop: what it is made from, and its limits.
struct Image {
  std::string name = "default";
  std::string geometry = "1280x800";
  std::vector<std::string> session;  // empty: a window manager and a terminal
  std::map<std::string, std::string> environment;
  std::string network = "off";
  std::uint64_t memory = 1024ULL << 20;
  std::uint64_t home = 512ULL << 20;
  std::uint32_t processes = 256;
};

struct DesktopSettings {
  std::string limits = "enforce";
  std::string cgroup_parent;
  std::uint32_t uid_base = 710'000;
  std::uint32_t uid_count = 1000;
};

// What is asked of the providers of machines and names at most; per second, 0: no limit.
struct PaceSettings {
  double launches = 0;
  std::uint32_t launch_burst = 5;
  double ends = 0;
  std::uint32_t end_burst = 100;
  double looks = 0;
  std::uint32_t look_burst = 100;
  double name_calls = 0;
  std::uint32_t name_burst = 50;
  base::Duration looks_shared_for{0};
};

struct Config {
  ServerSettings server;
  StateSettings state;
  LogSettings log;
  app::Settings meeting;  // its policy, roles, call_url template, and budget
  app::SweepPolicy sweep;
  host::loop::LoopConfig loop;
  host::http::Limits limits;
  PaceSettings pace;
  DesktopSettings desktops;
  std::vector<Image> images{Image{}};
};

// The host and port of "address:port" or "[address]:port"; invalid otherwise.
base::Result<std::pair<std::string, std::uint16_t>> split_listen(std::string_view text);
bool is_loopback(std::string_view address);

// Reads the text of a configuration file. On error: one line per problem, each
// "<name>:<line>: <key>: <what is allowed>".
base::Result<Config> parse_config(std::string_view text, const std::string& name);
// From a file; an empty path gives the defaults.
base::Result<Config> read_config(const std::string& path);

enum class Comments { no, yes };
std::string print_config(const Config& config, Comments comments);

}  // namespace bin
