#pragma once
// A part of a test in a process of its own: to be killed, to hold a lock, to mount, to be measured.

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <functional>
#include <string>

namespace test {

class Child {
 public:
  // Runs `body` in a forked process; what it writes to its argument is read by read_line().
  explicit Child(const std::function<void(int)>& body) {
    int ends[2];
    EXPECT_EQ(::pipe(ends), 0);
    process_ = ::fork();
    if (process_ == 0) {
      ::close(ends[0]);
      body(ends[1]);
      ::_exit(::testing::Test::HasFailure() ? 1 : 0);
    }
    ::close(ends[1]);
    from_ = ends[0];
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    kill();
    ::close(from_);
  }

  pid_t process() const { return process_; }

  // Without its newline; empty when the child has ended.
  std::string read_line() {
    std::string line;
    for (char c = 0; ::read(from_, &c, 1) == 1 && c != '\n';) line += c;
    return line;
  }

  void kill() {
    if (process_ <= 0) return;
    ::kill(process_, SIGKILL);
    wait();
  }

  // True when it ended by itself and nothing in it failed.
  bool wait() {
    int status = 0;
    if (process_ <= 0 || ::waitpid(process_, &status, 0) != process_) return false;
    process_ = -1;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
  }

 private:
  pid_t process_ = -1;
  int from_ = -1;
};

inline void write_line(int to, std::string line) {
  line += '\n';
  EXPECT_EQ(::write(to, line.data(), line.size()), static_cast<ssize_t>(line.size()));
}

}  // namespace test
