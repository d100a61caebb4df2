#pragma once
// The real `howdah serve`, started and killed by a test: in a state folder, with user numbers, a
// control group and a port of its own, under a policy of seconds. It dies with the test; desktops
// live on, as they should, until clean().

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <stdexcept>

#include "integration/host_facts.hpp"
#include "integration/live_client.hpp"

namespace live {

using Steady = std::chrono::steady_clock;
using Milliseconds = std::chrono::milliseconds;

// Looks again and again until it holds; false when it did not within the time.
inline bool eventually(Milliseconds within, const std::function<bool()>& holds, int pause_ms = 10) {
  const auto until = Steady::now() + within;
  while (!holds()) {
    if (Steady::now() > until) return false;
    ::poll(nullptr, 0, pause_ms);
  }
  return true;
}

inline std::uint16_t free_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  const bool bound = ::bind(fd, generic, size) == 0 && ::getsockname(fd, generic, &size) == 0;
  ::close(fd);
  if (!bound) throw std::runtime_error("no free port");
  return ntohs(address.sin_port);
}

inline std::string binary() {
  const char* chosen = std::getenv("HOWDAH_BINARY");
  return chosen != nullptr ? chosen : HOWDAH_BINARY;
}

// What a test may say about its server, beside the defaults below: by section, then key, in TOML.
using Settings = std::map<std::string, std::map<std::string, std::string>>;

inline Settings short_times() {
  return {
      {"meeting",
       {{"length_min", "\"1s\""},
        {"launch_lead", "\"4s\""},
        {"no_show_after", "\"6s\""},
        {"leave_grace", "\"2s\""},
        {"overrun", "\"3s\""},
        {"used_after", "\"200ms\""},
        {"launch_retry", "\"300ms\""},
        {"give_up_before", "\"0s\""},
        {"poll_starting", "\"100ms\""},
        {"presence_period", "\"500ms\""},
        {"ready_fresh", "\"2s\""},
        {"reconcile_hot", "\"1s\""},
        {"miss_spacing", "\"300ms\""},
        {"terminate_retry", "\"500ms\""},
        {"deadline_margin", "\"20s\""}}},
      {"budget", {{"launches_per_hour", "100000"}, {"launches_per_hour_organiser", "100000"}}},
      {"sweep",
       {{"period", "\"1s\""}, {"age_min", "\"2s\""}, {"warm_up", "\"2s\""}, {"kills_max", "10"}}},
      {"loop", {{"tick", "\"200ms\""}, {"backoff_min", "\"50ms\""}, {"backoff_max", "\"1s\""}}},
      {"server", {{"metrics_open", "true"}}},
      // Nothing but the screen and one process: tests are about desktops, not about what
      // people do on them.
      {"image",
       {{"session", "[\"/bin/sleep\", \"infinity\"]"},
        {"memory", "\"256MiB\""},
        {"home", "\"64MiB\""}}}};
}

class Server {
 public:
  explicit Server(Settings settings = short_times()) : port_(free_port()), client_(port_) {
    std::string folder = "/tmp/howdah-live-XXXXXX";
    if (::mkdtemp(folder.data()) == nullptr) throw std::runtime_error("no folder");
    folder_ = folder;
    grounds_.folder = folder_ + "/state";
    // Out of the way of each other and of a real server: one in 4,000 blocks of 64.
    grounds_.uid_base = 800'000 + static_cast<uid_t>(::getpid() + port_) % 4000 * 64;
    grounds_.uid_count = 64;
    grounds_.cgroup_parent = "howdah-live-" + folder_.substr(folder_.size() - 6);
    settings["server"]["listen"] = "\"127.0.0.1:" + std::to_string(port_) + "\"";
    if (!settings["state"].contains("folder")) {
      settings["state"]["folder"] = "\"" + grounds_.folder + "\"";
    }
    settings["desktops"]["uid_base"] = std::to_string(grounds_.uid_base);
    settings["desktops"]["uid_count"] = std::to_string(grounds_.uid_count);
    settings["desktops"]["cgroup_parent"] = "\"" + grounds_.cgroup_parent + "\"";
    write_config(settings);
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server() {
    kill();
    clean(grounds_);
    std::error_code none;
    if (!keep_) std::filesystem::remove_all(folder_, none);
  }

  const Grounds& grounds() const { return grounds_; }
  const Client& client() const { return client_; }
  const std::string& folder() const { return folder_; }
  std::string config_file() const { return folder_ + "/howdah.toml"; }
  std::string output() const { return slurp(folder_ + "/output"); }
  pid_t pid() const { return pid_; }
  void keep_folder() { keep_ = true; }

  void start() {
    pid_ = spawn({binary(), "serve", "--config", config_file()}, folder_ + "/output");
    pidfd_ = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
  }
  // Ready by its own word, within the time; false also when it ended.
  bool ready(Milliseconds within = Milliseconds(30'000)) {
    return eventually(within,
                      [&] {
                        if (ended(Milliseconds(0))) return true;
                        const auto reply = client_.get("/readyz");
                        return reply && reply->status == 200;
                      }) &&
           pid_ > 0;
  }
  // Whether it ended by itself within the time; its status is in status().
  bool ended(Milliseconds within) {
    if (pid_ <= 0) return true;
    pollfd wait{pidfd_, POLLIN, 0};
    if (::poll(&wait, 1, static_cast<int>(within.count())) == 0) return false;
    collect();
    return true;
  }
  int status() const { return status_; }
  void kill() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    collect();
  }
  // SIGTERM; true when it stopped within the time.
  bool stop(Milliseconds within = Milliseconds(15'000)) {
    if (pid_ > 0) ::kill(pid_, SIGTERM);
    return ended(within);
  }

  // As the organiser, by the key in the state folder.
  Headers organiser() const {
    auto key = slurp(grounds_.folder + "/api_key");
    while (!key.empty() && key.back() == '\n') key.pop_back();
    return {{"Authorization", "Bearer " + key}};
  }

  static pid_t spawn(const std::vector<std::string>& command, const std::string& output) {
    std::vector<char*> argv;
    for (const auto& word : command) argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    const int out = ::open(output.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    const int in = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    const pid_t pid = ::fork();
    if (pid == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      ::dup2(in, 0);
      ::dup2(out, 1);
      ::dup2(out, 2);
      ::execv(argv[0], argv.data());
      ::_exit(127);
    }
    ::close(out);
    ::close(in);
    return pid;
  }

 private:
  void write_config(const Settings& settings) const {
    std::ofstream out(config_file());
    for (const auto& [section, values] : settings) {
      out << (section == "image" ? "[[image]]\n" : "[" + section + "]\n");
      for (const auto& [key, value] : values) out << key << " = " << value << "\n";
    }
  }
  void collect() {
    ::waitpid(pid_, &status_, 0);
    ::close(pidfd_);
    pid_ = 0;
  }

  std::uint16_t port_;
  Client client_;
  std::string folder_;
  Grounds grounds_;
  pid_t pid_ = 0;
  int pidfd_ = -1;
  int status_ = 0;
  bool keep_ = false;
};

// A person with a link: its seat and the cookie that the link was exchanged for.
struct Person {
  std::string seat;
  std::string link;    // as it was given to the organiser
  std::string cookie;  // "name=value"

  std::string token() const { return link.substr(link.find('#') + 1); }
  std::optional<Reply> exchange(const Client& client) {
    const boost::json::object body{{"link", token()}};
    auto reply = client.post("/v1/join/exchange", {{"Origin", client.origin()}},
                             boost::json::serialize(body));
    if (reply && reply->status == 200) cookie = reply->cookie();
    return reply;
  }
  std::optional<Reply> status(const Client& client) const {
    return client.get("/v1/join/" + seat, {{"Cookie", cookie}});
  }
  std::optional<Reply> post(const Client& client, const std::string& what,
                            const std::string& body = "") const {
    return client.post("/v1/join/" + seat + "/" + what,
                       {{"Cookie", cookie}, {"Origin", client.origin()}}, body);
  }
};

inline std::string in_seconds(std::int64_t seconds) {
  const auto at = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now() +
                                                       std::chrono::seconds(seconds));
  std::array<char, 32> text{};
  tm parts{};
  ::gmtime_r(&at, &parts);
  ::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text.data();
}

inline std::string booking(std::int64_t starts_in_seconds, std::size_t seats) {
  boost::json::array list;
  for (std::size_t i = 0; i < seats; ++i) {
    list.push_back({{"role", i == 0 ? "teacher" : "student"}});
  }
  return boost::json::serialize(boost::json::object{{"title", "Algebra"},
                                                    {"start", in_seconds(starts_in_seconds)},
                                                    {"length_minutes", 1},
                                                    {"seats", std::move(list)}});
}

inline std::vector<Person> people_of(const boost::json::value& meeting) {
  std::vector<Person> people;
  const auto* object = meeting.if_object();
  const auto* seats = object == nullptr ? nullptr : object->if_contains("seats");
  if (seats == nullptr || !seats->is_array()) return people;
  for (const auto& seat : seats->get_array()) {
    people.push_back({text_of(seat, "id"), text_of(seat, "link"), ""});
  }
  return people;
}

}  // namespace live
