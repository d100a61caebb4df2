// SECURITY rows 14 and 16 to 20: each attack is really attempted, from inside a real desktop, by
// the session that its template starts. What came of it is read from /proc, control groups and
// sockets.

#include <arpa/inet.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <fstream>
#include <set>

#include "integration/desk.hpp"

namespace test {
namespace {

using base::ErrorKind;
using domain::InstanceState;
using namespace std::chrono_literals;

class SecurityDesks : public Desks {
 protected:
  static bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
  }
  std::string socket_of(const domain::Instance& desk) const {
    return path_of(desk.id) + "/rfb.sock";
  }
  ErrorKind refusal(const domain::Instance& desk) {
    const auto fd = desks().connect(desk.id, desk.owner);
    if (!fd) return fd.error().kind;
    ::close(*fd);
    ADD_FAILURE() << "connected";
    return ErrorKind::internal;
  }
  // A value of a key in "key: value" lines.
  static std::string value(const std::string& text, const std::string& key) {
    const auto at = text.find(key + ":");
    if (at == std::string::npos) return "(no " + key + ")";
    const auto begin = text.find_first_not_of(" \t", at + key.size() + 1);
    return text.substr(begin, text.find('\n', begin) - begin);
  }
};

struct Listener {
  local::Fd fd;
  int port = 0;
};

Listener listen_on(in_addr_t address) {
  Listener made{local::Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)), 0};
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_addr.s_addr = address;
  socklen_t size = sizeof name;
  EXPECT_EQ(::bind(made.fd.get(), reinterpret_cast<sockaddr*>(&name), size), 0);
  EXPECT_EQ(::listen(made.fd.get(), 16), 0);
  ::getsockname(made.fd.get(), reinterpret_cast<sockaddr*>(&name), &size);
  made.port = ntohs(name.sin_port);
  return made;
}

// --- 14: a desktop replaces its socket by a link to another's ---

TEST_F(SecurityDesks, sec_14_a_replaced_socket_is_refused) {
  const auto mine = launch(spec("mine", 1));
  const auto other = launch(spec("other", 2));
  ASSERT_TRUE(answers(mine));
  ASSERT_TRUE(answers(other));

  ASSERT_EQ(::unlink(socket_of(mine).c_str()), 0);
  ASSERT_EQ(::symlink(socket_of(other).c_str(), socket_of(mine).c_str()), 0);
  EXPECT_EQ(refusal(mine), ErrorKind::denied) << "a link";

  ASSERT_EQ(::unlink(socket_of(mine).c_str()), 0);
  std::ofstream(socket_of(mine)) << "not a socket";
  EXPECT_EQ(refusal(mine), ErrorKind::denied) << "a file";

  // The other's very socket under this one's name: only the peer's identity tells.
  ASSERT_EQ(::unlink(socket_of(mine).c_str()), 0);
  ASSERT_EQ(::link(socket_of(other).c_str(), socket_of(mine).c_str()), 0);
  if (::geteuid() == 0) EXPECT_EQ(refusal(mine), ErrorKind::denied) << "another desktop's socket";
  EXPECT_TRUE(answers(other));
}

TEST_F(SecurityDesks, sec_14_the_session_sees_neither_folder_nor_socket) {
  session("ls -la " + folder_ + " > ~/out 2>&1; ls -R /tmp /run >> ~/out 2>&1; " +
          "find / -xdev -name 'rfb.sock' >> ~/out 2>/dev/null");
  const auto desk = launch(spec("k"));
  const auto seen = out(desk.id);
  EXPECT_TRUE(contains(seen, "No such file or directory")) << seen;
  EXPECT_FALSE(contains(seen, "rfb.sock")) << seen;
  EXPECT_TRUE(answers(desk));
}

// --- 16: the host's files, processes, other desktops, the store ---

TEST_F(SecurityDesks, sec_16_files_of_the_host_cannot_be_read) {
  std::ofstream(folder_ + "/secret") << "the-host's-secret";
  ::chmod(folder_.c_str(), 0755);
  session("exec > ~/out 2>&1; cat " + folder_ + "/secret /etc/shadow /etc/hostname; ls -a /root; " +
          "ls -a /home; cat /proc/1/root" + folder_ + "/secret; touch /usr/x /etc/x /x /dev/x; " +
          "for fd in /proc/self/fd/*; do readlink $fd; done");
  const auto desk = launch(spec("k"));
  const auto seen = out(desk.id);
  EXPECT_FALSE(contains(seen, "the-host's-secret")) << seen;
  EXPECT_FALSE(contains(seen, "root:")) << seen;
  for (const auto* name : {"/usr/x", "/etc/x", "/x", "/dev/x"}) {
    EXPECT_TRUE(contains(seen, std::string("touch: cannot touch '") + name)) << seen;
  }
  EXPECT_FALSE(contains(seen, config_.folder + "/")) << "a descriptor of the server's: " << seen;
  EXPECT_FALSE(contains(seen, "memfd")) << seen;
}

TEST_F(SecurityDesks, sec_16_nothing_is_shared_with_the_host_or_another_desktop) {
  const auto one = launch(spec("one", 1));
  const auto two = launch(spec("two", 2));
  ASSERT_TRUE(answers(one));
  ASSERT_TRUE(answers(two));
  const auto space = [](pid_t pid, const char* kind) {
    struct stat info{};
    const auto path = "/proc/" + std::to_string(pid) + "/ns/" + kind;
    EXPECT_EQ(::stat(path.c_str(), &info), 0) << path;
    return info.st_ino;
  };
  for (const auto* kind : {"pid", "mnt", "ipc", "uts", "net", "user"}) {
    const std::set<ino_t> all{space(::getpid(), kind), space(marks(one.id).init.pid, kind),
                              space(marks(two.id).init.pid, kind)};
    EXPECT_EQ(all.size(), 3U) << kind;
  }
  int looked_at = 0;
  for (const pid_t pid : in_namespace(marks(one.id).pid_namespace)) {
    const auto status = local::read_path("/proc/" + std::to_string(pid) + "/status");
    if (!status) continue;  // it has ended meanwhile
    ++looked_at;
    EXPECT_EQ(value(*status, "CapEff"), "0000000000000000");
    EXPECT_EQ(value(*status, "CapBnd"), "0000000000000000");
    EXPECT_EQ(value(*status, "NoNewPrivs"), "1");
    EXPECT_EQ(value(*status, "Seccomp"), "2");
    const auto uid = value(*status, "Uid").substr(0, 6);
    if (::geteuid() == 0) {
      EXPECT_EQ(uid, std::to_string(marks(one.id).uid));
      EXPECT_NE(marks(one.id).uid, marks(two.id).uid);
    }
  }
  EXPECT_GT(looked_at, 1);  // its init and its screen, at least
}

TEST_F(SecurityDesks, sec_16_processes_and_sockets_outside_are_out_of_reach) {
  // An abstract socket has no file to hide: only the network namespace keeps it away.
  const local::Fd host(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  const auto text = "howdah-test-" + std::to_string(::getpid());
  text.copy(name.sun_path + 1, text.size());
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + text.size());
  ASSERT_EQ(::bind(host.get(), reinterpret_cast<sockaddr*>(&name), size), 0);
  ASSERT_EQ(::listen(host.get(), 4), 0);
  session("exec > ~/out 2>&1; cat /proc/[0-9]*/comm; kill -9 " + std::to_string(::getpid()) +
          "; ls /proc/1/fd; cat /proc/1/maps /proc/1/mem; "
          "unshare -U true && echo made-a-namespace; mount -t tmpfs none /mnt && echo mounted; "
          "perl -MSocket -e 'socket(S,AF_UNIX,SOCK_STREAM,0); "
          "print connect(S, pack(\"S a*\", AF_UNIX, \"\\0" +
          text +
          "\")) ? \"abstract-open\" : "
          "\"abstract: $!\"'");
  const auto desk = launch(spec("k"));
  const auto seen = out(desk.id);
  EXPECT_TRUE(contains(seen, "Xtigervnc")) << seen;
  EXPECT_FALSE(contains(seen, "gtest")) << seen;
  EXPECT_FALSE(contains(seen, "systemd")) << seen;
  EXPECT_TRUE(contains(seen, "No such process")) << seen;
  EXPECT_TRUE(contains(seen, "/proc/1/fd")) << seen;
  EXPECT_TRUE(contains(seen, "/proc/1/maps: Permission denied")) << seen;
  EXPECT_TRUE(contains(seen, "/proc/1/mem: Permission denied")) << seen;
  EXPECT_FALSE(contains(seen, "made-a-namespace")) << seen;
  EXPECT_FALSE(contains(seen, "mounted")) << seen;
  EXPECT_TRUE(contains(seen, "abstract: Connection refused")) << seen;
}

TEST_F(SecurityDesks, sec_16_system_calls_that_no_desktop_needs_are_refused) {
#if defined(__x86_64__)
  // syslog, keyctl, bpf, io_uring_setup, and a vsock, which no network namespace keeps inside.
  session(
      "exec > ~/out 2>&1; for call in 103,3,0,0 250,0,0,0 321,0,0,0 425,1,0,0; do "
      "perl -e 'syscall('$call') < 0 or print \"done: \"; print \"'$call' $!\\n\"'; done; "
      "perl -MSocket -e 'print socket(S, 40, SOCK_STREAM, 0) ? \"vsock\" : \"none: $!\"'");
  const auto desk = launch(spec("k"));
  const auto seen = out(desk.id);
  for (const auto* call : {"103,3,0,0", "250,0,0,0", "321,0,0,0", "425,1,0,0"}) {
    EXPECT_TRUE(contains(seen, std::string(call) + " Operation not permitted")) << seen;
  }
  EXPECT_TRUE(contains(seen, "none: Address family not supported")) << seen;
  EXPECT_FALSE(contains(seen, "done")) << seen;
#else
  GTEST_SKIP() << "the numbers are of x86-64";
#endif
}

// --- 17: loopback services, instance metadata, the local network ---

std::string try_tcp(const std::string& host, int port) {
  const auto where = host + "/" + std::to_string(port);
  return "if timeout 2 bash -c 'exec 3<>/dev/tcp/" + where + "' 2>/dev/null; then echo open " +
         where + "; else echo closed " + where + "; fi >> ~/out\n";
}

// An address of this machine that is not loopback, or "".
std::string outer_address() {
  std::string found;
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return found;
  for (const auto* one = list; one != nullptr && found.empty(); one = one->ifa_next) {
    if (one->ifa_addr == nullptr || one->ifa_addr->sa_family != AF_INET) continue;
    const auto* in = reinterpret_cast<const sockaddr_in*>(one->ifa_addr);
    if ((ntohl(in->sin_addr.s_addr) >> 24) != 127) found = ::inet_ntoa(in->sin_addr);
  }
  ::freeifaddrs(list);
  return found;
}

TEST_F(SecurityDesks, sec_17_without_network_there_is_only_its_own_loopback) {
  const auto host = listen_on(htonl(INADDR_ANY));
  session(try_tcp("127.0.0.1", host.port) + try_tcp("169.254.169.254", 80) +
          (outer_address().empty() ? "" : try_tcp(outer_address(), host.port)) +
          "cat /proc/net/dev >> ~/out");
  const auto desk = launch(spec("k"));
  const auto seen = out(desk.id);
  EXPECT_FALSE(contains(seen, "open ")) << seen;
  EXPECT_TRUE(contains(seen, "closed 127.0.0.1")) << seen;
  EXPECT_FALSE(contains(seen, "eth")) << seen;
  EXPECT_FALSE(contains(seen, "tap")) << seen;
}

TEST_F(SecurityDesks, sec_17_network_on_reaches_nothing_near) {
  const auto near = outer_address();
  if (near.empty()) GTEST_SKIP() << "this machine has no address but loopback";
  if (::access("/dev/net/tun", R_OK | W_OK) != 0) GTEST_SKIP() << "the tun device is root's here";
  const auto host = listen_on(htonl(INADDR_ANY));
  config_.templates.back().network = true;
  // The last line is for the control below: the same way in, tried until it opens.
  session(try_tcp("127.0.0.1", host.port) + try_tcp("10.0.2.2", host.port) +
          try_tcp("169.254.169.254", 80) + try_tcp(near, host.port) + try_tcp("192.168.1.1", 80) +
          try_tcp("10.0.2.3", 22) +
          "cat /proc/net/dev >> ~/out\n"
          "(until timeout 2 bash -c 'exec 3<>/dev/tcp/" +
          near + "/" + std::to_string(host.port) +
          "'; do sleep 0.2; done; echo yes > ~/carried) 2>/dev/null &");
  const auto desk = launch(spec("k"));
  const auto seen = out(desk.id);
  EXPECT_FALSE(contains(seen, "open ")) << seen;
  EXPECT_TRUE(contains(seen, "closed " + near)) << seen;
  EXPECT_TRUE(contains(seen, "tap0")) << seen;

  // Control: what kept it away are the rules, not a network that carries nothing.
  const auto init = std::to_string(marks(desk.id).init.pid);
  if (::geteuid() == 0) {
    const pid_t pid = ::fork();
    if (pid == 0) {
      ::execl("/usr/bin/nsenter", "nsenter", "-t", init.c_str(), "-n", "/usr/sbin/nft", "flush",
              "ruleset", nullptr);
      ::_exit(127);
    }
    int status = 0;
    ::waitpid(pid, &status, 0);
    ASSERT_EQ(status, 0);
    EXPECT_TRUE(eventually([&] { return inside(desk.id, "/home/user/carried") == "yes\n"; }));
  }
  const auto helper = marks(desk.id).helper;
  EXPECT_TRUE(local::is_alive(helper));
  ASSERT_TRUE(desks().terminate(desk.id, desk.owner));
  EXPECT_FALSE(local::is_alive(helper)) << "slirp4netns outlived its desktop";
}

// --- 18: fork bomb, memory, disk ---

TEST_F(SecurityDesks, sec_18_limits_hold_and_the_neighbour_stays_usable) {
  if (!config_.limits_required) GTEST_SKIP() << "memory can be limited by root only, here";
  config_.templates.assign(2, local::Template{});
  auto neighbour_spec = spec("neighbour", 2);
  neighbour_spec.place = 1;
  auto& image = config_.templates[0];
  image.limits = {192ULL << 20, 64};
  image.home_bytes = 16ULL << 20;
  image.session = {
      "/bin/bash", "-c",
      "exec >> ~/out 2>&1\n"
      "for where in ~ /tmp /dev/shm /run; do\n"
      "  said=$(dd if=/dev/zero of=$where/big bs=1M count=300 2>&1; stat -c 'size %s' $where/big)\n"
      "  rm -f $where/big; echo \"$where: $said\"\n"
      "done\n"
      "perl -e 'my @a; push @a, \"x\" x (1 << 20) for 1..4000; print lc \"TOOK IT ALL\"'\n"
      "echo memory: $?\n"
      "perl -e 'for (1..5000) { my $p = fork; if (!defined $p) { print \"refused at $_\\n\"; last }"
      " if (!$p) { sleep 1000 } }'\n"
      "echo done > ~/done; while :; do read -t 1000 x < /dev/zero; done"};
  const auto neighbour = launch(neighbour_spec);
  const auto desk = launch(spec("bomb"));
  const auto seen = out(desk.id);
  for (const auto* where : {"/home/user", "/tmp", "/dev/shm", "/run"}) {
    const auto full = std::string(where) + ": dd: error writing '" + where + "/big': No space left";
    EXPECT_TRUE(contains(seen, full)) << seen;
  }
  EXPECT_FALSE(contains(seen, "size 314572800")) << seen;
  EXPECT_FALSE(contains(seen, "took it all")) << seen;
  EXPECT_TRUE(contains(seen, "memory: 137")) << seen;
  EXPECT_TRUE(contains(seen, "refused at ")) << seen;

  const auto groups = local::Cgroups::find("/sys/fs/cgroup", "");
  const auto now = groups.processes(desk.id.text()).size();
  EXPECT_GT(now, 50U);
  EXPECT_LE(now, 64U);
  EXPECT_TRUE(answers(neighbour)) << "the neighbour's screen";
  EXPECT_TRUE(answers(desk)) << "its own screen outlives what its programs did";
  ASSERT_TRUE(desks().terminate(desk.id, desk.owner));
  EXPECT_TRUE(groups.processes(desk.id.text()).empty());
}

TEST_F(SecurityDesks, sec_18_without_limits_it_is_refused_unless_configured) {
  config_.cgroup_parent = "no/such/group/here";
  config_.limits_required = true;
  const auto refused = desks().launch(spec("k"));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().kind, ErrorKind::invalid);
  EXPECT_EQ(refused.error().field, "limits");
  EXPECT_TRUE(desks().list_all()->empty());
  desks_.reset();
  config_.limits_required = false;
  EXPECT_TRUE(answers(launch(spec("k"))));
}

// --- 19: names run in the desktop's shell or terminal ---

TEST_F(SecurityDesks, sec_19_names_are_data) {
  auto what = spec("k");
  what.person = "$(touch ~/pwned)`touch ~/pwned`\"; touch ~/pwned; \" -e 'touch ~/pwned'";
  what.role = "-e";
  what.title =
      "a\x1b]2;pwned\x07\xC2\x9B"
      "31m\xE2\x80\xAE %s%n $(touch ~/pwned)\n'; touch ~/pwned";
  what.call_url = "https://x.example/$(touch${IFS}~/pwned)";
  const auto desk = launch(what);  // the session that desktops have by default
  ASSERT_TRUE(answers(desk));
  const auto space = marks(desk.id).pid_namespace;
  std::string environment;
  const auto prompt_is_there = [&] {
    for (const pid_t pid : in_namespace(space)) {
      const auto folder = "/proc/" + std::to_string(pid);
      if (local::read_path(folder + "/comm") != "bash\n") continue;
      environment = local::read_path(folder + "/environ").value_or("");
      return true;
    }
    return false;
  };
  ASSERT_TRUE(eventually(prompt_is_there)) << "the terminal's shell, after the welcome";
  EXPECT_TRUE(contains(environment, "HOWDAH_PERSON=" + what.person)) << environment;
  EXPECT_FALSE(contains(environment, "\x1b")) << environment;
  EXPECT_FALSE(contains(environment, "\xC2\x9B")) << environment;
  EXPECT_FALSE(contains(environment, "\xE2\x80\xAE")) << environment;
  const auto home = "/proc/" + std::to_string(marks(desk.id).init.pid) + "/root/home/user";
  EXPECT_FALSE(std::filesystem::exists(home + "/pwned"));
  EXPECT_TRUE(std::filesystem::exists(home));
}

// --- 20: the desktop lives for ever when the server is gone ---

TEST_F(SecurityDesks, sec_20_it_ends_itself_when_the_server_is_gone) {
  session(
      "exec > ~/out 2>&1; trap '' TERM HUP INT; kill -KILL 1; kill -STOP 1; kill -TERM 1; "
      "perl -e 'print syscall(101, 16, 1, 0, 0) == 0 ? \"traced\\n\" : \"trace: $!\\n\"'; "
      "find / -xdev -name 'deadline*' 2>/dev/null");
  auto what = spec("k");
  what.deadline = clock_.now() + 3s;
  const pid_t server = ::fork();
  if (server == 0) {
    auto mine = local::LocalDesktops::open(config_, clock_);
    const bool launched = mine && (*mine)->launch(what).has_value();
    ::_exit(launched ? 0 : 1);  // gone at once, without a word to the desktop
  }
  int status = 0;
  ::waitpid(server, &status, 0);
  ASSERT_EQ(status, 0);
  const auto id = local::instance_id(config_.store, what.key);
  const auto seen = out(id);
  EXPECT_TRUE(contains(seen, "trace: Operation not permitted")) << seen;
  EXPECT_FALSE(contains(seen, "deadline")) << seen;
  const auto space = marks(id).pid_namespace;
  ASSERT_FALSE(in_namespace(space).empty()) << "it outlived its server";
  EXPECT_TRUE(eventually([&] { return in_namespace(space).empty(); }));
  EXPECT_GE(clock_.now(), what.deadline);
  const auto gone = listed(id);
  ASSERT_TRUE(gone);
  EXPECT_EQ(gone->state, InstanceState::gone);
  EXPECT_TRUE(contains(gone->why, "deadline")) << gone->why;
}

TEST_F(SecurityDesks, sec_20_only_the_server_moves_the_deadline) {
  auto what = spec("k");
  what.deadline = clock_.now() + 2s;
  const auto desk = launch(what);
  ASSERT_TRUE(desks().set_deadline(desk.id, desk.owner, clock_.now() + 1h));
  // Two looks of the init past the first deadline, by the clock that it goes by.
  ASSERT_TRUE(eventually([&] { return clock_.now() > what.deadline + 2500ms; }));
  EXPECT_TRUE(answers(desk));
  ASSERT_TRUE(desks().set_deadline(desk.id, desk.owner, clock_.now()));
  EXPECT_TRUE(eventually([&] { return listed(desk.id)->state == InstanceState::gone; }));
}

}  // namespace
}  // namespace test
