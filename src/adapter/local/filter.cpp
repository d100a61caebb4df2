#include "adapter/local/filter.hpp"

#include <asm/ioctls.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace adapter::local {

namespace {

#if defined(__x86_64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_X86_64;
constexpr std::uint32_t kForeignBit = 0x40000000;  // x32
#elif defined(__aarch64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
constexpr std::uint32_t kForeignBit = 0x80000000;
#endif

constexpr std::array kRefused{
    SYS_acct,
    SYS_add_key,
    SYS_adjtimex,
    SYS_bpf,
    SYS_clock_adjtime,
    SYS_clock_settime,
    SYS_delete_module,
    SYS_finit_module,
    SYS_fsconfig,
    SYS_fsmount,
    SYS_fsopen,
    SYS_fspick,
    SYS_init_module,
    SYS_io_uring_enter,
    SYS_io_uring_register,
    SYS_io_uring_setup,
    SYS_kexec_load,
    SYS_keyctl,
    SYS_mount,
    SYS_mount_setattr,
    SYS_move_mount,
    SYS_name_to_handle_at,
    SYS_open_by_handle_at,
    SYS_open_tree,
    SYS_perf_event_open,
    SYS_pivot_root,
    SYS_quotactl,
    SYS_reboot,
    SYS_request_key,
    SYS_setns,
    SYS_settimeofday,
    SYS_swapoff,
    SYS_swapon,
    SYS_syslog,
    SYS_umount2,
    SYS_userfaultfd,
};

using Program = std::vector<sock_filter>;

void load(Program& program, std::size_t offset) {
  program.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset)));
}
void answer(Program& program, std::uint32_t what) {
  program.push_back(BPF_STMT(BPF_RET | BPF_K, what));
}
// When what was loaded equals `value`: the next `count` instructions; else they are skipped.
void if_equal(Program& program, std::uint32_t value, std::uint8_t count = 1) {
  program.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, count));
}
void unless_equal(Program& program, std::uint32_t value, std::uint8_t count = 1) {
  program.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, count, 0));
}

constexpr std::uint32_t refuse(int code) {
  return SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(code);
}

constexpr std::size_t kFirst = offsetof(seccomp_data, args);  // low half: both are little-endian
constexpr std::size_t kSecond = kFirst + sizeof(std::uint64_t);

}  // namespace

std::string system_call_filter() {
  Program program;
  load(program, offsetof(seccomp_data, arch));
  unless_equal(program, kArchitecture);
  answer(program, refuse(ENOSYS));
  load(program, offsetof(seccomp_data, nr));
  program.push_back(BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, kForeignBit, 0, 1));
  answer(program, refuse(ENOSYS));
  for (const auto call : kRefused) {
    if_equal(program, static_cast<std::uint32_t>(call));
    answer(program, refuse(EPERM));
  }
  // ioctl(_, request): typing into somebody's terminal, and the console's selection.
  if_equal(program, SYS_ioctl, 6);
  load(program, kSecond);
  for (const auto request : {TIOCSTI, TIOCLINUX}) {
    if_equal(program, static_cast<std::uint32_t>(request));
    answer(program, refuse(EPERM));
  }
  answer(program, SECCOMP_RET_ALLOW);
  // socket(domain, ...)
  if_equal(program, SYS_socket, 10);
  load(program, kFirst);
  for (const auto domain : {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK}) {
    if_equal(program, static_cast<std::uint32_t>(domain));
    answer(program, SECCOMP_RET_ALLOW);
  }
  answer(program, refuse(EAFNOSUPPORT));
  answer(program, SECCOMP_RET_ALLOW);
  const std::string_view bytes(reinterpret_cast<const char*>(program.data()),
                               program.size() * sizeof(sock_filter));
  return std::string(bytes);
}

}  // namespace adapter::local
