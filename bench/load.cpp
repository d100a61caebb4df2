#include "load.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <string_view>

namespace bench {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

struct Connection {
  int fd = -1;
  Clock::time_point due;     // when its request should have been sent
  std::string in;            // of the answer, until it is whole
  std::size_t expected = 0;  // whole length; 0: the head is not here yet
  std::size_t body = 0;
  int status = 0;
};

double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// Value of a header as a number, looked for without regard to case.
std::size_t length_in(std::string_view head) {
  constexpr std::string_view kName = "\r\ncontent-length:";
  const auto same = [](char a, char b) { return (a | 0x20) == (b | 0x20); };
  const auto* at = std::search(head.begin(), head.end(), kName.begin(), kName.end(), same);
  if (at == head.end()) return 0;
  at += kName.size();
  while (at != head.end() && *at == ' ') ++at;
  std::size_t value = 0;
  for (; at != head.end() && *at >= '0' && *at <= '9'; ++at) {
    value = value * 10 + static_cast<std::size_t>(*at - '0');
  }
  return value;
}

class Load {
 public:
  explicit Load(const LoadSpec& spec) : spec_(spec), number_(spec.first_number) {}
  LoadResult run();

 private:
  bool connect_all();
  bool send_next(Connection& connection, Clock::time_point due);
  bool read_some(Connection& connection);
  void finish(Connection& connection);
  void start_due();
  void wait();
  bool may_send() const {
    return Clock::now() < until_ && (spec_.requests_max == 0 || sent_ < spec_.requests_max);
  }
  bool done() const { return busy_ == 0 && !may_send(); }
  void fail(const std::string& why) {
    if (result_.error.empty()) result_.error = why;
  }

  const LoadSpec& spec_;
  LoadResult result_;
  std::vector<Connection> connections_;
  std::vector<std::size_t> idle_;
  int epoll_ = -1;
  std::uint64_t number_ = 0;
  std::size_t next_request_ = 0;
  std::size_t sent_ = 0;
  std::size_t busy_ = 0;
  Clock::time_point start_;
  Clock::time_point until_;
  std::uint64_t scheduled_ = 0;  // open loop: requests that were due so far
};

bool Load::connect_all() {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(spec_.port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
  connections_.resize(spec_.connections);
  for (std::size_t i = 0; i < connections_.size(); ++i) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const auto* generic = reinterpret_cast<const sockaddr*>(&address);
    if (fd < 0 || ::connect(fd, generic, sizeof address) != 0) {
      fail(std::string("connect: ") + std::strerror(errno));
      return false;
    }
    const int one = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    ::fcntl(fd, F_SETFL, O_NONBLOCK);
    epoll_event event{.events = EPOLLIN, .data = {.u64 = i}};
    ::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
    connections_[i].fd = fd;
    idle_.push_back(i);
  }
  return true;
}

bool Load::send_next(Connection& connection, Clock::time_point due) {
  constexpr std::string_view kNumber = "########";
  std::string_view text = spec_.requests[next_request_];
  next_request_ = (next_request_ + 1) % spec_.requests.size();
  std::string numbered;
  if (auto at = text.find(kNumber); at != std::string_view::npos) {
    numbered = text;
    const auto digits = std::to_string(100'000'000 + number_++).substr(1);
    for (; at != std::string::npos; at = numbered.find(kNumber, at)) {
      numbered.replace(at, kNumber.size(), digits);
    }
    text = numbered;
  }
  connection.due = due;
  ++sent_;
  ++busy_;
  // Requests are far smaller than the empty socket's buffer: a part sent is an error.
  if (::send(connection.fd, text.data(), text.size(), MSG_NOSIGNAL) ==
      static_cast<ssize_t>(text.size())) {
    return true;
  }
  fail(std::string("send: ") + std::strerror(errno));
  return false;
}

void Load::finish(Connection& connection) {
  const auto took = Clock::now() - connection.due;
  const auto us = std::chrono::duration_cast<std::chrono::microseconds>(took).count();
  result_.latency_us.push_back(static_cast<std::uint32_t>(std::max<std::int64_t>(us, 0)));
  const bool good = connection.status == spec_.status;
  ++(good ? result_.good : result_.bad);
  if (good) result_.body_bytes = connection.body;
  connection.in.clear();
  connection.expected = 0;
  --busy_;
}

bool Load::read_some(Connection& connection) {
  std::array<char, 16 * 1024> buffer{};
  const ssize_t count = ::recv(connection.fd, buffer.data(), buffer.size(), 0);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return false;
  if (count <= 0) {
    fail(count == 0 ? "the server closed a connection"
                    : std::string("recv: ") + std::strerror(errno));
    return false;
  }
  connection.in.append(buffer.data(), static_cast<std::size_t>(count));
  if (connection.expected == 0) {
    const auto end = connection.in.find("\r\n\r\n");
    if (end == std::string::npos) return false;
    const std::string_view head(connection.in.data(), end);
    connection.status = std::atoi(connection.in.substr(9, 3).c_str());
    connection.body = length_in(head);
    connection.expected = end + 4 + connection.body;
  }
  return connection.in.size() >= connection.expected;
}

// Open loop: hands what is due to idle connections; what finds none waits, and its time runs.
void Load::start_due() {
  const std::chrono::duration<double> passed = std::min(Clock::now(), until_) - start_;
  const auto due = static_cast<std::uint64_t>(passed.count() * spec_.rate);
  while (scheduled_ < due && !idle_.empty() && result_.error.empty()) {
    const auto at =
        start_ + std::chrono::duration_cast<Clock::duration>(
                     std::chrono::duration<double>(static_cast<double>(scheduled_) / spec_.rate));
    ++scheduled_;
    auto& connection = connections_[idle_.back()];
    idle_.pop_back();
    send_next(connection, at);
  }
}

void Load::wait() {
  std::array<epoll_event, 64> events{};
  timespec pause{.tv_sec = 0, .tv_nsec = 20'000'000};
  if (spec_.rate > 0 && !idle_.empty()) {
    const std::chrono::duration<double> next(static_cast<double>(scheduled_ + 1) / spec_.rate);
    const auto left = start_ + std::chrono::duration_cast<Clock::duration>(next) - Clock::now();
    pause.tv_nsec = std::clamp<std::int64_t>(std::chrono::nanoseconds(left).count(), 0, 20'000'000);
  }
  const int count = ::epoll_pwait2(epoll_, events.data(), events.size(), &pause, nullptr);
  for (int i = 0; i < count && result_.error.empty(); ++i) {
    const auto index = events.at(static_cast<std::size_t>(i)).data.u64;
    auto& connection = connections_[index];
    if (!read_some(connection)) continue;
    finish(connection);
    if (spec_.rate == 0 && may_send()) {
      send_next(connection, Clock::now());
    } else {
      idle_.push_back(index);
    }
  }
}

LoadResult Load::run() {
  if (!connect_all()) return result_;
  const double cpu = cpu_seconds();
  start_ = Clock::now();
  until_ = start_ + std::chrono::duration_cast<Clock::duration>(
                        std::chrono::duration<double>(spec_.seconds));
  if (spec_.rate == 0) {
    while (!idle_.empty() && may_send() && result_.error.empty()) {
      auto& connection = connections_[idle_.back()];
      idle_.pop_back();
      send_next(connection, Clock::now());
    }
  }
  const auto last = until_ + 10s;
  const auto all_sent = [&] {
    return spec_.rate == 0 || scheduled_ >= static_cast<std::uint64_t>(spec_.seconds * spec_.rate);
  };
  while (result_.error.empty() && !(done() && all_sent())) {
    if (Clock::now() > last) fail("answers are still missing 10 s after the end");
    if (spec_.rate > 0) start_due();
    wait();
  }
  result_.seconds = std::chrono::duration<double>(Clock::now() - start_).count();
  result_.own_cpu_seconds = cpu_seconds() - cpu;
  for (const auto& connection : connections_) ::close(connection.fd);
  ::close(epoll_);
  std::sort(result_.latency_us.begin(), result_.latency_us.end());
  return std::move(result_);
}

}  // namespace

std::uint32_t LoadResult::latency(double part) const {
  if (latency_us.empty()) return 0;
  const auto last = static_cast<double>(latency_us.size() - 1);
  return latency_us[static_cast<std::size_t>(part * last)];
}

LoadResult run_load(const LoadSpec& spec) {
  return Load(spec).run();
}

}  // namespace bench
