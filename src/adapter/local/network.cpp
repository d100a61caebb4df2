#include "adapter/local/network.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <linux/nsfs.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <memory>

#include "adapter/local/child.hpp"
#include "adapter/local/sandbox_files.hpp"

namespace adapter::local {

using base::ErrorKind;
using base::Result;

namespace {

constexpr const char* kFilter = "/usr/sbin/nft";
constexpr const char* kCarrier = "/usr/bin/slirp4netns";
constexpr int kReadyWithinMs = 5000;

// Numbers of slirp4netns's descriptors.
constexpr int kNetFd = 10;
constexpr int kUserFd = 11;
constexpr int kEndsFd = 12;
constexpr int kReadyFd = 13;
constexpr int kAliveFd = 14;

std::vector<std::string> own_addresses() {
  std::vector<std::string> own;
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return own;
  const std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> owner(list, &::freeifaddrs);
  for (const auto* one = list; one != nullptr; one = one->ifa_next) {
    if (one->ifa_addr == nullptr || one->ifa_addr->sa_family != AF_INET) continue;
    const auto* address = reinterpret_cast<const sockaddr_in*>(one->ifa_addr);
    std::array<char, INET_ADDRSTRLEN> text{};
    ::inet_ntop(AF_INET, &address->sin_addr, text.data(), text.size());
    own.emplace_back(text.data());
  }
  return own;
}

std::string fd_path(int number) {
  return "/proc/self/fd/" + std::to_string(number);
}

Result<> set_rules(const Fd& net, const Fd& user, int log) {
  const Fd rules = TRY(in_memory(packet_rules(own_addresses())));
  Child filter;
  filter.program = kFilter;
  filter.words = {"nft", "-f", "-"};
  filter.input = rules.get();
  filter.log = log;
  filter.net_namespace = net.get();
  // Root may act in every namespace; anybody else first becomes root of the desktop's.
  if (::geteuid() != 0) filter.user_namespace = user.get();
  return run(filter, "closing the desktop's network");
}

Result<> wait_for(const Fd& pipe, std::string_view what) {
  pollfd wait{pipe.get(), POLLIN, 0};
  char byte = 0;
  if (::poll(&wait, 1, kReadyWithinMs) == 1 && ::read(pipe.get(), &byte, 1) == 1) return {};
  return base::fail(ErrorKind::unavailable, std::string(what) + " did not come up");
}

Result<ProcessId> start_carrier(const NetworkSpec& spec, const Fd& net, const Fd& user) {
  Pipe ready = TRY(make_pipe());
  Pipe identity = TRY(make_pipe());
  Child carrier;
  carrier.program = kCarrier;
  // A system call filter of its own, as it reads packets that strangers write. Not
  // --enable-sandbox: that wants user 0 in the namespace, and ours has none.
  carrier.words = {"slirp4netns",
                   "--configure",
                   "--mtu=1500",
                   "--disable-host-loopback",
                   "--enable-seccomp",
                   "--netns-type=path",
                   "--userns-path=" + fd_path(kUserFd),
                   "--exit-fd=" + std::to_string(kEndsFd),
                   "--ready-fd=" + std::to_string(kReadyFd),
                   fd_path(kNetFd),
                   "tap0"};
  carrier.descriptors = {{net.get(), kNetFd},
                         {user.get(), kUserFd},
                         {spec.ends, kEndsFd},
                         {ready.write.get(), kReadyFd},
                         {spec.alive, kAliveFd}};
  for (const auto& entrance : spec.cgroups) carrier.cgroups.push_back(entrance.get());
  carrier.log = spec.log;
  carrier.identity = identity.write.get();
  carrier.uid = spec.uid;
  carrier.change_user = spec.change_user;
  carrier.own_tun = spec.change_user;  // where /dev/net/tun is root's alone, it would not get it
  carrier.processes_max = spec.processes + 16;
  TRY(fork_away(carrier));
  ready.write.close();
  identity.write.close();
  TRY(wait_for(ready.read, "slirp4netns"));
  std::array<char, 64> text{};
  const ssize_t size = ::read(identity.read.get(), text.data(), text.size());
  const auto who = parse_identity({text.data(), static_cast<std::size_t>(size > 0 ? size : 0)});
  if (!who) return base::fail(ErrorKind::unavailable, "slirp4netns ended at once");
  return *who;
}

}  // namespace

std::string packet_rules(const std::vector<std::string>& own) {
  std::string refused =
      "0.0.0.0/8, 10.0.0.0/8, 100.64.0.0/10, 127.0.0.0/8, 169.254.0.0/16, 172.16.0.0/12, "
      "192.0.0.0/24, 192.88.99.0/24, 192.168.0.0/16, 198.18.0.0/15, 224.0.0.0/3, "
      "168.63.129.16/32";  // Azure's own host
  const std::string resolver = kNameServer;
  std::string rules =
      "table inet howdah {\n"
      " chain out {\n"
      "  type filter hook output priority 0; policy drop;\n"
      "  oifname \"lo\" accept\n"
      "  meta nfproto ipv6 drop\n"
      "  ip daddr " +
      resolver +
      " udp dport 53 accept\n"
      "  ip daddr " +
      resolver +
      " tcp dport 53 accept\n"
      "  ip daddr { " +
      refused + " } reject with icmp admin-prohibited\n";
  for (const auto& address : own) {
    rules += "  ip daddr " + address + " reject with icmp admin-prohibited\n";
  }
  rules +=
      "  accept\n"
      " }\n"
      " chain in {\n"
      "  type filter hook input priority 0; policy drop;\n"
      "  iifname \"lo\" accept\n"
      "  ct state established,related accept\n"
      " }\n"
      "}\n";
  return rules;
}

Result<ProcessId> start_network(const NetworkSpec& spec) {
  for (const auto* program : {kFilter, kCarrier}) {
    if (::access(program, X_OK) != 0) {
      return base::fail(ErrorKind::invalid, "network = \"on\" needs a program that is not here", {},
                        program);
    }
  }
  const auto path = "/proc/" + std::to_string(spec.init) + "/ns/net";
  const Fd net(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!net) return tl::unexpected<base::Error>(os_error("open the desktop's network"));
  const Fd user(::ioctl(net.get(), NS_GET_USERNS));
  if (!user) return tl::unexpected<base::Error>(os_error("find whose the desktop's network is"));
  TRY(set_rules(net, user, spec.log));
  return start_carrier(spec, net, user);
}

}  // namespace adapter::local
