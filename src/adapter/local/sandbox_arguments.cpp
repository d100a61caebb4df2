// What a desktop sees: the programs of the host read-only, a few files of /etc, and memory of its
// own.

#include <sys/stat.h>
#include <unistd.h>

#include <array>

#include "adapter/local/init.hpp"
#include "adapter/local/sandbox.hpp"
#include "adapter/local/sandbox_files.hpp"

namespace adapter::local {

namespace {

using Arguments = std::vector<std::string>;

void add(Arguments& all, std::initializer_list<std::string> some) {
  all.insert(all.end(), some.begin(), some.end());
}

void add_namespaces(Arguments& all) {
  add(all, {"--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-net",
            "--unshare-cgroup-try", "--disable-userns", "--assert-userns-disabled"});
  add(all, {"--uid", "1000", "--gid", "1000", "--hostname", "desktop", "--new-session"});
  // Our init is process 1 itself. --die-with-parent is not used: it would tie the desktop to
  // whatever process adopts it, where the init's own parent-death signal ties it to bubblewrap.
  add(all, {"--as-pid-1", "--info-fd", std::to_string(Channel::info)});
  add(all, {"--sync-fd", std::to_string(Channel::alive), "--clearenv"});
  add(all, {"--seccomp", std::to_string(Channel::filter)});
}

void add_host_programs(Arguments& all) {
  add(all, {"--ro-bind", "/usr", "/usr"});
  for (const std::string name : {"/bin", "/sbin", "/lib", "/lib32", "/lib64"}) {
    std::array<char, 256> target{};
    if (::readlink(name.c_str(), target.data(), target.size() - 1) > 0) {
      add(all, {"--symlink", target.data(), name});
    } else {
      add(all, {"--ro-bind-try", name, name});
    }
  }
}

void add_host_settings(Arguments& all) {
  add(all, {"--perms", "0755", "--dir", "/etc", "--perms", "0755", "--dir", "/etc/ssl"});
  add(all, {"--perms", "0755", "--dir", "/var", "--perms", "0755", "--dir", "/var/lib"});
  add(all, {"--perms", "0755", "--dir", "/var/cache"});
  for (const std::string name :
       {"/etc/X11", "/etc/alternatives", "/etc/bash.bashrc", "/etc/fonts", "/etc/gtk-3.0",
        "/etc/inputrc", "/etc/ld.so.cache", "/etc/localtime", "/etc/mime.types", "/etc/profile",
        "/etc/ssl/certs", "/etc/terminfo", "/etc/xdg", "/var/cache/fontconfig",
        "/var/lib/openbox"}) {
    add(all, {"--ro-bind-try", name, name});
  }
}

void add_memory(Arguments& all, const std::string& where, std::uint64_t bytes,
                const std::string& mode) {
  add(all, {"--perms", mode, "--size", std::to_string(bytes), "--tmpfs", where});
}

}  // namespace

std::vector<std::string> sandbox_arguments(const SandboxSpec& spec) {
  constexpr std::uint64_t kSmallBytes = 16ULL << 20;
  Arguments all;
  add_namespaces(all);
  add_host_programs(all);
  add_host_settings(all);
  add(all, {"--proc", "/proc", "--dev", "/dev"});
  add_memory(all, "/dev/shm", spec.image.home_bytes, "1777");
  add_memory(all, "/tmp", spec.image.home_bytes, "1777");
  add_memory(all, "/run", kSmallBytes, "0755");
  add(all, {"--perms", "0700", "--dir", "/run/user", "--perms", "0755", "--dir", "/home"});
  add_memory(all, "/home/user", spec.image.home_bytes, "0700");
  int fd = Channel::data;
  for (const auto& file : sandbox_files(spec.image)) {
    add(all, {"--perms", file.mode, "--file", std::to_string(fd++), file.path});
  }
  // Everything writable has a size by now; the rest, itself of memory without a limit, is closed.
  add(all, {"--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/home/user"});
  for (const auto& [name, value] : spec.environment) add(all, {"--setenv", name, value});
  return all;
}

}  // namespace adapter::local
