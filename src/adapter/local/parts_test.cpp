// The parts of local desktops that are functions of values, or of files that a test can make.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "adapter/local/cgroup.hpp"
#include "adapter/local/child.hpp"
#include "adapter/local/environment.hpp"
#include "adapter/local/network.hpp"
#include "adapter/local/record.hpp"
#include "adapter/local/sandbox.hpp"

namespace adapter::local {
namespace {

std::string temporary_folder() {
  std::string path = "/tmp/howdah-parts-XXXXXX";
  EXPECT_NE(::mkdtemp(path.data()), nullptr);
  return path;
}

TEST(Displayable, KeepsTextAndTakesWhatActsOnATerminal) {
  EXPECT_EQ(displayable("Zo\xC3\xAB \xF0\x9F\x90\x98 $(x) 'y'"),
            "Zo\xC3\xAB \xF0\x9F\x90\x98 $(x) 'y'");
  const std::string gone = "\xEF\xBF\xBD";
  for (const std::string_view bad :
       {"\x1b", "\n", "\x7f", "\xC2\x9B", "\xE2\x80\xAE", "\xE2\x81\xA6", "\xFF", "\xC0"}) {
    EXPECT_EQ(displayable("a" + std::string(bad) + "b"), "a" + gone + "b");
  }
  EXPECT_EQ(displayable(std::string("a\0b", 3)), "a" + gone + "b");
  EXPECT_EQ(displayable("\xED\xA0\x80"), gone + gone + gone) << "half a surrogate pair";
  EXPECT_LE(displayable(std::string(5000, 'x')).size(), 1000U);
}

TEST(SessionEnvironment, TheTemplateCannotReplaceOurs) {
  Template image;
  image.environment = {{"HOWDAH_PERSON", "Mallory"}, {"DISPLAY", ":9"}, {"LANG", "de_DE.UTF-8"}};
  const auto seat = domain::seat_id(*domain::MeetingId::parse("m1"), 1);
  const auto values = session_environment(
      image, {"k", {"s", seat, 1}, domain::desktop_id(seat, 1), 0, {}, "T", "teacher", "Ada", ""});
  EXPECT_EQ(values.at("HOWDAH_PERSON"), "Ada");
  EXPECT_EQ(values.at("DISPLAY"), ":1");
  EXPECT_EQ(values.at("LANG"), "de_DE.UTF-8");
}

TEST(PacketRules, RefuseWhatIsNearAndThisHost) {
  const auto rules = packet_rules({"203.0.113.7"});
  for (const auto* range : {"10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
                            "172.16.0.0/12", "192.168.0.0/16", "224.0.0.0/3", "203.0.113.7"}) {
    EXPECT_NE(rules.find(range), std::string::npos) << range;
  }
  EXPECT_LT(rules.find("nfproto ipv6 drop"), rules.find("daddr"));
}

TEST(SandboxArguments, NeverShareANamespaceOrAFolderOfTheHostToWrite) {
  const auto all = sandbox_arguments(SandboxSpec{});
  for (const auto* kind : {"user", "pid", "ipc", "uts", "net"}) {
    EXPECT_EQ(std::count(all.begin(), all.end(), std::string("--unshare-") + kind), 1) << kind;
  }
  for (const auto* never : {"--bind", "--bind-try", "--dev-bind", "--share-net", "--cap-add"}) {
    EXPECT_EQ(std::count(all.begin(), all.end(), never), 0) << never;
  }
}

TEST(Identity, IsParsedOrNothing) {
  EXPECT_EQ(parse_identity("123 456"), (ProcessId{123, 456}));
  for (const auto* text : {"", "123", "x 1", "1 5", "-3 5", "123 "}) {
    EXPECT_FALSE(parse_identity(text)) << text;
  }
}

TEST(ProcessIds, ANumberAloneIsNotAProcess) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::pause();
    ::_exit(0);
  }
  const auto started = started_of(child);
  ASSERT_TRUE(started);
  EXPECT_FALSE(kill_process({child, *started + 1})) << "the same number, another process";
  EXPECT_TRUE(is_alive({child, *started}));
  EXPECT_TRUE(kill_process({child, *started}));
  while (is_alive({child, *started})) pause_ms(1);
  EXPECT_FALSE(is_alive({child, *started})) << "a zombie is not alive";
  ::waitpid(child, nullptr, 0);
  EXPECT_FALSE(kill_process({1, 1}));
}

TEST(Locks, AreHeldByOtherOpenFilesAndFreeWithTheLast) {
  const auto folder = temporary_folder();
  const auto open = [&] {
    return Fd(::open((folder + "/lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  };
  const Fd looker = open();
  Fd holder = open();
  EXPECT_TRUE(*try_lock(holder, 0));
  EXPECT_TRUE(*is_locked(looker, 0));
  EXPECT_FALSE(*is_locked(looker, 1));
  EXPECT_FALSE(*try_lock(looker, 0));
  const pid_t child = ::fork();
  if (child == 0) {
    ::pause();
    ::_exit(0);
  }
  holder.close();
  EXPECT_TRUE(*is_locked(looker, 0)) << "the child still has it";
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_FALSE(*is_locked(looker, 0));
  std::filesystem::remove_all(folder);
}

TEST(Files, AreReplacedWholeAndTreesRemovedWithoutFollowingLinks) {
  const auto path = temporary_folder();
  const auto folder = *open_folder(path);
  ASSERT_TRUE(replace_file_at(folder, "a", "one"));
  ASSERT_TRUE(replace_file_at(folder, "a", "two"));
  EXPECT_EQ(**read_file_at(folder, "a"), "two");
  EXPECT_EQ(names_in(folder)->size(), 1U);
  std::filesystem::create_directories(path + "/tree/below");
  std::filesystem::create_directory_symlink(path, path + "/tree/below/link");
  ASSERT_TRUE(remove_tree_at(folder, "tree"));
  EXPECT_EQ(**read_file_at(folder, "a"), "two");
  EXPECT_EQ(names_in(folder)->size(), 1U);
  std::filesystem::create_symlink("a", path + "/link");
  EXPECT_FALSE(read_file_at(folder, "link").has_value()) << "links are refused";
  std::filesystem::remove_all(path);
}

// Version 2 is one tree of plain files as far as we go; this machine may have version 1.
TEST(Cgroups, VersionTwoSetsLimitsPerDesktop) {
  const auto root = temporary_folder();
  std::ofstream(root + "/cgroup.controllers") << "cpu memory pids\n";
  const auto folder = root + "/desks/one";
  std::filesystem::create_directories(folder);
  for (const auto* file : {"memory.max", "memory.swap.max", "pids.max", "cgroup.procs"}) {
    std::ofstream(folder + "/" + file) << "";
  }
  const auto groups = Cgroups::find(root, "desks");
  ASSERT_TRUE(groups.make("one", {1 << 20, 99}, true));
  EXPECT_EQ(groups.read("one", "memory", "memory.max"), "1048576");
  EXPECT_EQ(groups.read("one", "memory", "memory.swap.max"), "0");
  EXPECT_EQ(groups.read("one", "pids", "pids.max"), "99");
  EXPECT_EQ(groups.entrances("one")->size(), 1U);
  // A group whose controllers were not handed down has no such files: refused, or best effort.
  const auto refused = groups.make("two", {1 << 20, 99}, true);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().kind, base::ErrorKind::invalid);
  EXPECT_TRUE(groups.make("two", {1 << 20, 99}, false));
  EXPECT_TRUE(groups.remove("two"));
  std::filesystem::remove_all(root);
}

}  // namespace
}  // namespace adapter::local
