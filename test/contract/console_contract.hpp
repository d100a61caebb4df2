#pragma once
// The contract of port::Console (the comments of src/port/console.hpp), as tests. Every adapter
// runs all of it; console_test.cpp names them. Include once per executable.

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

#include "port/console.hpp"
#include "subject.hpp"

namespace contract {

class ConsoleSubject : public World {
 public:
  virtual port::Console& console() = 0;
  virtual domain::Instance start() = 0;  // a desktop that runs
  virtual void end(const domain::Instance& desktop) = 0;
  virtual bool mute(const domain::Instance& /*desktop*/) { return false; }  // false: can't here
};

class ConsoleContract : public Contract<ConsoleSubject> {
 protected:
  class Stream {
   public:
    explicit Stream(int descriptor) : descriptor_(descriptor) {}
    ~Stream() { ::close(descriptor_); }
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;
    int get() const { return descriptor_; }

    // The first bytes that the screen says; empty when it says nothing in 5 s.
    std::string greeting() const {
      std::string said;
      std::array<char, 12> part{};
      while (said.size() < part.size()) {
        pollfd waited{descriptor_, POLLIN, 0};
        if (::poll(&waited, 1, 5000) != 1) return "";
        const auto got = ::recv(descriptor_, part.data(), part.size() - said.size(), 0);
        if (got <= 0) return "";
        said.append(part.data(), static_cast<std::size_t>(got));
      }
      return said;
    }

   private:
    int descriptor_;
  };

  ErrorKind refusal(const domain::InstanceId& id, const domain::Owner& owner) {
    const auto answer = subject().console().connect(id, owner);
    EXPECT_FALSE(answer);
    if (answer) ::close(*answer);
    return answer ? ErrorKind::internal : answer.error().kind;
  }
};

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(ConsoleContract);

TEST_P(ConsoleContract, StreamIsTheScreensAndFitForAnEventLoop) {
  const auto desktop = subject().start();
  const auto connected = subject().console().connect(desktop.id, desktop.owner);
  ASSERT_TRUE(connected) << connected.error().message << connected.error().detail;
  const Stream stream(*connected);
  EXPECT_NE(::fcntl(stream.get(), F_GETFL) & O_NONBLOCK, 0);
  EXPECT_NE(::fcntl(stream.get(), F_GETFD) & FD_CLOEXEC, 0);
  int type = 0;
  socklen_t size = sizeof type;
  ASSERT_EQ(::getsockopt(stream.get(), SOL_SOCKET, SO_TYPE, &type, &size), 0);
  EXPECT_EQ(type, SOCK_STREAM);
  EXPECT_EQ(stream.greeting(), "RFB 003.008\n");
}

TEST_P(ConsoleContract, EachConnectionStandsAlone) {
  const auto desktop = subject().start();
  const auto one = subject().console().connect(desktop.id, desktop.owner);
  ASSERT_TRUE(one);
  {
    const auto two = subject().console().connect(desktop.id, desktop.owner);
    ASSERT_TRUE(two);
    const Stream second(*two);
    EXPECT_EQ(second.greeting(), "RFB 003.008\n");
  }
  const Stream first(*one);
  EXPECT_EQ(first.greeting(), "RFB 003.008\n");
}

TEST_P(ConsoleContract, AnotherOwnerIsDenied) {
  const auto desktop = subject().start();
  auto owner = desktop.owner;
  owner.attempt += 1;
  EXPECT_EQ(refusal(desktop.id, owner), ErrorKind::denied);
  owner = desktop.owner;
  owner.store = "another-store";
  EXPECT_EQ(refusal(desktop.id, owner), ErrorKind::denied);
}

TEST_P(ConsoleContract, UnknownAndGoneDesktopsAreNotFound) {
  const auto desktop = subject().start();
  EXPECT_EQ(refusal(*domain::InstanceId::parse("i-0000000000000000f"), desktop.owner),
            ErrorKind::not_found);
  subject().end(desktop);
  EXPECT_EQ(refusal(desktop.id, desktop.owner), ErrorKind::not_found);
}

TEST_P(ConsoleContract, EndOfTheDesktopIsTheEndOfItsStreams) {
  const auto desktop = subject().start();
  const auto connected = subject().console().connect(desktop.id, desktop.owner);
  ASSERT_TRUE(connected);
  const Stream stream(*connected);
  ASSERT_EQ(stream.greeting(), "RFB 003.008\n");
  subject().end(desktop);
  EXPECT_TRUE(subject().eventually([&] {
    std::array<char, 64> part{};
    const auto got = ::recv(stream.get(), part.data(), part.size(), MSG_DONTWAIT);
    return got == 0 || (got < 0 && errno == ECONNRESET);
  }));
}

TEST_P(ConsoleContract, ScreenThatDoesNotAcceptIsUnavailable) {
  const auto desktop = subject().start();
  if (!subject().mute(desktop)) GTEST_SKIP() << "no screen can be made mute here";
  EXPECT_EQ(refusal(desktop.id, desktop.owner), ErrorKind::unavailable);
}

}  // namespace contract
