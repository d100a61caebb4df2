// The commands as people run them, on a real server with a state folder of its own: what they
// answer, their exit codes, and the SECURITY rows that show in files, logs and refusals.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <set>

#include "base/crypto.hpp"
#include "bin/client.hpp"
#include "integration/cli_support.hpp"

namespace {

namespace json = boost::json;
using bin::array_at;
using bin::text_at;
using cli::Folder;
using cli::Server;

cli::Output howdah(std::vector<std::string> words,
                   const std::map<std::string, std::string>& more = {}) {
  words.insert(words.begin(), HOWDAH_BINARY);
  return cli::run(words, more);
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::string login_code(const Server& server) {
  const auto out = server.out();
  const auto at = out.find("#login=");
  if (at == std::string::npos) return "";
  return out.substr(at + 7, out.find('\n', at) - at - 7);
}

// Far enough ahead that nothing is launched.
std::vector<std::string> later(std::vector<std::string> more = {}) {
  std::vector<std::string> words{"book", "--title", "Algebra", "--start", "+2h", "--json"};
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

json::value parsed(const cli::Output& output) {
  EXPECT_EQ(output.code, 0) << output.err;
  boost::system::error_code error;
  auto value = json::parse(output.out, error);
  EXPECT_FALSE(error) << output.out;
  return value;
}

TEST(Cli, EveryCommandExplainsItselfWithExamples) {
  for (const std::vector<std::string>& command : {std::vector<std::string>{"serve"},
                                                  {"url"},
                                                  {"book"},
                                                  {"list"},
                                                  {"show"},
                                                  {"cancel"},
                                                  {"end"},
                                                  {"extend"},
                                                  {"rotate"},
                                                  {"sweep"},
                                                  {"keys", "list"},
                                                  {"keys", "add"},
                                                  {"keys", "revoke"},
                                                  {"keys", "rotate"},
                                                  {"certs", "local"},
                                                  {"certs", "trust"},
                                                  {"certs", "untrust"},
                                                  {"backup"},
                                                  {"restore"},
                                                  {"config", "check"},
                                                  {"config", "example"},
                                                  {"simulate-day"},
                                                  {"version"}}) {
    auto words = command;
    words.push_back("--help");
    const auto output = howdah(words);
    EXPECT_EQ(output.code, 0) << command.back();
    EXPECT_TRUE(contains(output.out, "Examples:\n  ")) << command.back() << output.out;
  }
  EXPECT_TRUE(contains(howdah({"--help"}).out, "Exit codes: 0 done"));
}

TEST(Cli, EveryAnswerIsOneLineOfJsonWhereThatIsAskedFor) {
  const Folder folder;
  const auto away = folder / "backup";
  {
    Server server(folder, "");
    ASSERT_TRUE(server.wait_until_serving()) << server.log();
    const auto id = text_at(parsed(server.howdah(later())), "id");
    const std::vector<std::vector<std::string>> commands{
        {"url"},
        {"list"},
        {"show", id},
        {"cancel", id},
        {"sweep", "--dry-run"},
        {"keys", "list"},
        {"keys", "add", "ci", "--scope", "read"},
        {"keys", "revoke", "ci"},
        {"keys", "rotate", "link_key"},
        {"certs", "local"},
        {"certs", "trust", "--system", folder / "system", "--nss", folder / "nss"},
        {"certs", "untrust", "--system", folder / "system", "--nss", folder / "nss"},
        {"backup", away},
        {"config", "check"},
        {"config", "example"},
        {"version"}};
    for (auto words : commands) {
      words.emplace_back("--json");
      const auto output = server.howdah(words);
      const auto answer = parsed(output);
      EXPECT_TRUE(answer.is_object() || answer.is_array()) << words[0] << " " << output.out;
      EXPECT_EQ(std::count(output.out.begin(), output.out.end(), '\n'), 1) << words[0];
    }
  }
  const auto state = folder / "elsewhere";
  EXPECT_EQ(text_at(parsed(howdah({"restore", away, "--state", state, "--json"})), "state_folder"),
            state);
}

TEST(Cli, WrongLinesAreExitTwoAndSayWhatIsMissing) {
  const Folder folder;
  const std::vector<std::vector<std::string>> lines{
      {},
      {"fly"},
      {"book"},
      {"book", "--title", "x"},
      {"show"},
      {"sweep"},
      {"keys"},
      {"keys", "add", "x", "--scope", "everything"},
      {"list", "--limit", "0"},
      {"list", "--nonsense"},
      {"book", "--title", "x", "--start", "now", "--length", "90s"},
      {"book", "--title", "x", "--start", "+10", "--length", "1h"},
      {"list", "--server", "ftp://x"}};
  for (auto words : lines) {
    words.insert(words.end(), {"--state", folder / "state"});
    const auto output = howdah(words);
    EXPECT_EQ(output.code, 2) << (words.empty() ? "" : words[0]) << output.err;
    EXPECT_FALSE(output.err.empty());
  }
}

TEST(Cli, WhatIsNotKnownIsNamed) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> lines = {
      {{"frob"}, "\"frob\""},
      {{"keys", "frob"}, "\"frob\""},
      {{"book", "--frob"}, "\"--frob\""},
      {{}, "Subcommands:"}};
  for (const auto& [words, named] : lines) {
    const auto output = howdah(words);
    EXPECT_EQ(output.code, 2);
    EXPECT_TRUE(contains(output.err, named)) << output.err;
  }
  EXPECT_EQ(howdah({"--version"}).out, howdah({"version"}).out);
}

TEST(Cli, WithoutAServerItIsExitFiveAndSaysHowToStartOne) {
  const Folder folder;
  const auto output = howdah({"list", "--state", folder / "state"});
  EXPECT_EQ(output.code, 5);
  EXPECT_TRUE(contains(output.err, "howdah serve")) << output.err;
  const auto named = howdah({"list", "--server", "http://127.0.0.1:1"}, {{"HOWDAH_KEY", "k"}});
  EXPECT_EQ(named.code, 5) << named.err;
}

TEST(Cli, ABadConfigurationIsRefusedByFileAndLine) {
  const Folder folder;
  cli::write_file(folder / "bad.toml", "[server]\nlisten = \"127.0.0.1:0\"\nport = 1\n");
  for (const std::vector<std::string>& command :
       {std::vector<std::string>{"serve"}, {"config", "check"}}) {
    auto words = command;
    words.insert(words.end(), {"--config", folder / "bad.toml", "--state", folder / "state"});
    const auto output = howdah(words);
    EXPECT_EQ(output.code, 2);
    EXPECT_TRUE(contains(output.err, "bad.toml:3: server.port: unknown; allowed are"))
        << output.err;
  }
  EXPECT_FALSE(std::filesystem::exists(folder / "state")) << "nothing was made before the check";
}

TEST(Cli, ConfigCheckPrintsWhatIsInEffectAndNoSecret) {
  const Folder folder;
  cli::write_file(folder / "c.toml", "[meeting]\nlaunch_lead = \"90s\"\n");
  const auto output =
      howdah({"config", "check", "--config", folder / "c.toml", "--state", folder / "state"});
  EXPECT_EQ(output.code, 0) << output.err;
  EXPECT_TRUE(contains(output.out, "launch_lead = \"1m30s\"")) << output.out;
  EXPECT_TRUE(contains(output.out, "api_key = \"***\"")) << output.out;
}

TEST(Cli, BookListShowCancelAndTheirExitCodes) {
  const Folder folder;
  Server server(folder, "");
  ASSERT_TRUE(server.wait_until_serving()) << server.log();
  const auto meeting = parsed(server.howdah(later(
      {"--seat", "teacher:Ada:ada@example.org", "--seat", "student", "--idempotency-key", "k1"})));
  const auto id = text_at(meeting, "id");
  ASSERT_EQ(array_at(meeting, "seats").size(), 2u);
  EXPECT_EQ(text_at(array_at(meeting, "seats")[0], "email"), "ada@example.org");
  EXPECT_TRUE(contains(text_at(array_at(meeting, "seats")[1], "link"), "/j/" + id + "-2#v1."));

  const auto again = parsed(server.howdah(later(
      {"--seat", "teacher:Ada:ada@example.org", "--seat", "student", "--idempotency-key", "k2"})));
  EXPECT_NE(text_at(again, "id"), id);
  const auto other = server.howdah(later({"--idempotency-key", "k1"}));
  EXPECT_EQ(other.code, 4) << "same key, other body: " << other.err;
  for (const auto& words :
       {std::vector<std::string>{"--idempotency-key", ""}, {"--idempotency-key="}}) {
    const auto empty = server.howdah(later(words));
    EXPECT_EQ(empty.code, 2) << empty.out << empty.err;
    EXPECT_TRUE(contains(empty.err, "--idempotency-key")) << empty.err;
  }
  const auto zoned = server.howdah(later({"--zone", "Europe/Paris"}));
  EXPECT_EQ(zoned.code, 2) << zoned.out << zoned.err;
  EXPECT_TRUE(contains(zoned.err, "--zone: ")) << zoned.err;

  const auto shown = server.howdah({"show", id});
  EXPECT_EQ(shown.code, 0);
  EXPECT_TRUE(contains(shown.out, "Algebra") && contains(shown.out, "booked")) << shown.out;
  const auto listed = server.howdah({"list"});
  EXPECT_TRUE(contains(listed.out, id) && contains(listed.out, "Algebra")) << listed.out;
  EXPECT_TRUE(contains(server.howdah({"show", id, "--audit"}).out, "book")) << "audit";
  EXPECT_EQ(server.howdah({"show", "mnosuchmeeting"}).code, 3);
  EXPECT_EQ(server.howdah({"show", "../../readyz"}).code, 3) << "no path is made of it";
  EXPECT_EQ(server.howdah({"extend", id, "99h"}).code, 4);
  EXPECT_EQ(server.howdah({"extend", id, "15m"}).code, 0);

  const auto rotated = parsed(server.howdah({"rotate", id + "-1", "--json"}));
  EXPECT_NE(text_at(array_at(rotated, "seats")[0], "link"),
            text_at(array_at(meeting, "seats")[0], "link"));
  EXPECT_EQ(text_at(array_at(rotated, "seats")[1], "link"),
            text_at(array_at(meeting, "seats")[1], "link"));
  EXPECT_EQ(server.howdah({"cancel", id}).code, 0);
  EXPECT_TRUE(contains(server.howdah({"show", id}).out, "cancelled"));
  EXPECT_TRUE(contains(server.howdah({"sweep", "--dry-run"}).out, "nothing was done"));
  EXPECT_EQ(server.stop(SIGTERM), 0) << server.log();
  EXPECT_FALSE(std::filesystem::exists(server.state() + "/server.json"));
}

TEST(Cli, KeysAreMadeOnceListedAndRevoked) {
  const Folder folder;
  Server server(folder, "");
  ASSERT_TRUE(server.wait_until_serving()) << server.log();
  const auto made = server.howdah({"keys", "add", "ci", "--scope", "book"});
  ASSERT_EQ(made.code, 0) << made.err;
  const auto key = made.out.substr(0, made.out.find('\n'));
  EXPECT_EQ(server.howdah({"keys", "add", "ci", "--scope", "book"}).code, 4);
  const auto list = server.howdah({"keys", "list"});
  EXPECT_TRUE(contains(list.out, "ci ")) << list.out;
  EXPECT_FALSE(contains(list.out, key));
  const auto with = [&](std::vector<std::string> words) {
    words.insert(words.end(), {"--state", server.state()});
    return howdah(words, {{"HOWDAH_KEY", key}});
  };
  EXPECT_EQ(with(later()).code, 0);
  EXPECT_EQ(with({"keys", "list"}).code, 6) << "its scope is book alone";
  ASSERT_EQ(server.howdah({"keys", "revoke", "ci"}).code, 0);
  EXPECT_EQ(with(later()).code, 6);
  EXPECT_EQ(server.howdah({"keys", "revoke", "nosuch"}).code, 3);
}

TEST(Cli, sec_05_TheOrganisersKeyIsPrivateHashedAndNeverInTheLog) {
  const Folder folder;
  Server server(folder, "[log]\nlevel = \"debug\"\n");
  ASSERT_TRUE(server.wait_until_serving()) << server.log();
  const auto path = server.state() + "/api_key";
  EXPECT_EQ(std::filesystem::status(path).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  const auto key = cli::read_file(path);
  const auto code = login_code(server);
  ASSERT_FALSE(code.empty()) << server.out();
  const auto url = server.howdah({"url"});
  EXPECT_EQ(url.code, 0) << url.err;
  EXPECT_TRUE(contains(url.out, "/#login=")) << url.out;
  EXPECT_FALSE(contains(url.out, code)) << "a new one each time";
  std::string database;
  for (const auto* suffix : {"", "-wal"}) {
    database += cli::read_file(server.state() + "/howdah.db" + suffix);
  }
  EXPECT_TRUE(contains(database, base::to_hex(base::as_bytes(base::sha256(key)))));
  for (const auto& secret : {key, code}) {
    EXPECT_FALSE(contains(database, secret));
    EXPECT_FALSE(contains(server.log(), secret));
  }
  EXPECT_FALSE(contains(server.out(), key));
}

TEST(Cli, sec_23_ASecondServerOnOneStateFolderNamesTheFirst) {
  const Folder folder;
  Server server(folder, "");
  ASSERT_TRUE(server.wait_until_serving()) << server.log();
  const auto second = server.howdah({"serve"});
  EXPECT_EQ(second.code, 1);
  EXPECT_TRUE(contains(second.err, std::to_string(server.pid()))) << second.err;
  EXPECT_EQ(server.howdah({"list"}).code, 0) << "the first goes on";
}

TEST(Cli, APortInUseNamesItsHolder) {
  const int taken = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(::bind(taken, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(::listen(taken, 1), 0);
  ASSERT_EQ(::getsockname(taken, reinterpret_cast<sockaddr*>(&address), &size), 0);
  const Folder folder;
  cli::write_file(folder / "c.toml", "[server]\nlisten = \"127.0.0.1:" +
                                         std::to_string(ntohs(address.sin_port)) + "\"\n");
  const auto output = howdah({"serve", "--config", folder / "c.toml", "--state", folder / "state"});
  ::close(taken);
  EXPECT_EQ(output.code, 1);
  EXPECT_TRUE(contains(output.err, "(process " + std::to_string(::getpid()) + ")")) << output.err;
}

TEST(Cli, sec_25_ListeningBeyondLoopbackWithoutTlsIsRefused) {
  for (const auto* listen : {"0.0.0.0:0", "[::]:0", "10.1.2.3:0"}) {
    const Folder folder;
    cli::write_file(folder / "c.toml", std::string("[server]\nlisten = \"") + listen +
                                           "\"\npublic_url = \"http://howdah.example.org\"\n");
    const auto output =
        howdah({"serve", "--config", folder / "c.toml", "--state", folder / "state"});
    EXPECT_NE(output.code, 0) << listen;
    EXPECT_TRUE(contains(output.err, "TLS")) << output.err;
    EXPECT_FALSE(contains(output.out, "serves"));
  }
}

TEST(Cli, sec_26_NoOutputHoldsACanarySecret) {
  const Folder folder;
  const std::string canary = "hk_canary-7c1f0e5a92b84d63-canary-canary-canary";
  std::filesystem::create_directory(folder / "state");
  std::filesystem::permissions(folder / "state", std::filesystem::perms::owner_all);
  cli::write_file(folder / "state/api_key", canary + "\n");
  std::filesystem::permissions(folder / "state/api_key", std::filesystem::perms::owner_read |
                                                             std::filesystem::perms::owner_write);
  Server server(folder, "metrics_open = true\n[log]\nlevel = \"debug\"\n");
  ASSERT_TRUE(server.wait_until_serving()) << server.log();
  std::set<std::string> secrets{canary, login_code(server)};
  const auto meeting = parsed(server.howdah(later()));
  const auto id = text_at(meeting, "id");
  for (const auto& seat : array_at(meeting, "seats")) {
    const auto link = text_at(seat, "link");
    secrets.insert(link.substr(link.rfind('.') + 1));
  }
  const auto address = bin::read_server_address(bin::StateFolder{server.state()});
  ASSERT_TRUE(address);
  std::string outputs;
  const auto ask = [&](const bin::HttpRequest& request) {
    const auto reply = bin::exchange(*address, request);
    if (reply) outputs += reply->body;
  };
  // Secrets in all the wrong places: what is refused is not repeated either.
  ask({.path = "/v1/meetings?from=" + canary});
  ask({.path = "/nowhere/" + canary});
  ask({.path = "/metrics"});
  ask({.method = "POST", .path = "/v1/login", .body = R"({"code":")" + canary + R"("})"});
  ask({.method = "POST", .path = "/v1/join/exchange", .body = R"({"link":")" + canary + R"("})"});
  ask({.method = "POST", .path = "/v1/meetings", .body = R"({"title":")" + canary + R"("})"});
  ask({.path = "/v1/keys", .key = base::Secret(canary + "x")});
  outputs += server.howdah({"show", "mnosuch"}).err + server.howdah({"keys", "list"}).out;
  outputs += server.howdah({"config", "check"}).out + server.howdah({"sweep", "--dry-run"}).out;
  outputs += server.howdah({"serve"}).err;
  EXPECT_EQ(server.stop(SIGTERM), 0);
  secrets.erase("");
  EXPECT_EQ(secrets.size(), 4u);
  for (const auto& secret : secrets) {
    EXPECT_FALSE(contains(server.log(), secret)) << "in the log: " << secret;
    EXPECT_FALSE(contains(outputs, secret)) << "in an answer: " << secret;
  }
  EXPECT_FALSE(contains(server.out(), canary));
}

TEST(Cli, sec_26_TheServerLeavesNoCoreAndCannotBeRead) {
  const Folder folder;
  Server server(folder, "");
  ASSERT_TRUE(server.wait_until_serving()) << server.log();
  std::ifstream in("/proc/" + std::to_string(server.pid()) + "/limits");
  std::string line;
  std::string core;
  while (std::getline(in, line)) {
    if (line.starts_with("Max core file size")) core = line;
  }
  EXPECT_TRUE(contains(core, " 0 ")) << core;
  // The kernel gives the memory of a process that must not be dumped to root alone.
  struct stat status{};
  ASSERT_EQ(::stat(("/proc/" + std::to_string(server.pid()) + "/mem").c_str(), &status), 0);
  EXPECT_EQ(status.st_uid, 0u);
}

TEST(Cli, ABackupRestoredElsewhereHasTheSameMeetingsLinksAndKey) {
  const Folder folder;
  std::string shown;
  std::string id;
  {
    Server server(folder, "");
    ASSERT_TRUE(server.wait_until_serving()) << server.log();
    id = text_at(parsed(server.howdah(later())), "id");
    shown = text_at(array_at(parsed(server.howdah({"show", id, "--json"})), "seats")[0], "link");
    const auto made = server.howdah({"backup", folder / "backup"});
    ASSERT_EQ(made.code, 0) << made.err;
    EXPECT_EQ(server.howdah({"backup", folder / "backup"}).code, 4) << "never over another";
    EXPECT_EQ(server.howdah({"restore", folder / "backup"}).code, 4) << "never into a used one";
  }
  const Folder elsewhere;
  ASSERT_EQ(howdah({"restore", folder / "backup", "--state", elsewhere / "state"}).code, 0);
  Server server(elsewhere, "");
  ASSERT_TRUE(server.wait_until_serving()) << server.log();
  const auto meeting = parsed(server.howdah({"show", id, "--json"}));
  const auto link = text_at(array_at(meeting, "seats")[0], "link");
  EXPECT_EQ(link.substr(link.find('#')), shown.substr(shown.find('#')));
}

// Both seats of a meeting that starts now; nothing while one of them is not ready.
std::string ready_links(const Server& server, const std::string& id) {
  std::string links;
  for (const auto& seat : array_at(parsed(server.howdah({"show", id, "--json"})), "seats")) {
    if (text_at(seat, "step") != "ready") return "";
    links += text_at(seat, "link") + " " + text_at(bin::at(seat, "desktop"), "url") + " ";
  }
  return links;
}

std::string wait_ready(const Server& server, const std::string& id) {
  for (int looks = 0; looks < 400; ++looks) {
    if (auto links = ready_links(server, id); !links.empty()) return links;
  }
  return "";
}

// Nothing of a test outlives it.
void end_and_wait(const Server& server, const std::string& id) {
  EXPECT_EQ(server.howdah({"end", id}).code, 0);
  for (int looks = 0; looks < 400; ++looks) {
    if (contains(server.howdah({"show", id}).out, "  over, ")) return;
  }
  ADD_FAILURE() << server.howdah({"show", id, "--audit"}).out << server.log();
}

constexpr auto kQuick =
    "[meeting]\npoll_starting = \"200ms\"\nmiss_spacing = \"1s\"\n"
    "[desktops]\nlimits = \"best effort\"\n";

TEST(Cli, CertificatesThatWereMadeAreUsedForEverything) {
  const Folder folder;
  ASSERT_EQ(howdah({"certs", "local", "--state", folder / "state"}).code, 0);
  Server server(folder, kQuick);
  ASSERT_TRUE(server.wait_until_serving()) << server.log();
  EXPECT_TRUE(contains(server.out(), "serves https://127.0.0.1:")) << server.out();
  const auto booked = server.howdah({"book", "--title", "T", "--start", "now", "--json"});
  const auto id = text_at(parsed(booked), "id");
  const auto links = wait_ready(server, id);
  EXPECT_TRUE(contains(links, "https://" + id + "-1-1.desk.localhost:")) << server.log();
  EXPECT_FALSE(contains(links, "http://"));
  end_and_wait(server, id);
}

// Made while a server runs, a new CA is nothing before the server has its certificate.
TEST(Cli, ANewAuthorityIsBelievedWhenItsCertificateIsServed) {
  const Folder folder;
  ASSERT_EQ(howdah({"certs", "local", "--state", folder / "state"}).code, 0);
  Server server(folder, kQuick);
  ASSERT_TRUE(server.wait_until_serving()) << server.log();
  const auto first = cli::read_file(server.state() + "/certs/ca.pem");
  ASSERT_EQ(server.howdah({"certs", "local", "--host", "other.example"}).code, 0);
  const auto second = cli::read_file(server.state() + "/certs/ca.pem");
  ASSERT_NE(second, first);
  const auto get_ready = [&](const std::string& title) {
    const auto booked = server.howdah({"book", "--title", title, "--start", "now", "--json"});
    const auto id = text_at(parsed(booked), "id");
    ASSERT_NE(id, "") << booked.err;
    EXPECT_NE(wait_ready(server, id), "") << title << server.howdah({"show", id}).out;
    end_and_wait(server, id);
  };
  ASSERT_NO_FATAL_FAILURE(get_ready("before the reload"));
  ASSERT_EQ(::kill(server.pid(), SIGHUP), 0);
  for (int looks = 0; looks < 400 && !contains(server.log(), "certificate reloaded"); ++looks) {
    EXPECT_EQ(howdah({"version"}).code, 0);
  }
  EXPECT_EQ(bin::read_server_address(bin::StateFolder{server.state()})->authority, second);
  get_ready("after the reload");
}

TEST(Cli, DesktopsOutliveTheServerAndAreTakenOver) {
  const Folder folder;
  std::string id;
  std::string links;
  {
    Server server(folder, kQuick);
    ASSERT_TRUE(server.wait_until_serving()) << server.log();
    const auto booked = server.howdah({"book", "--title", "T", "--start", "now", "--json"});
    id = text_at(parsed(booked), "id");
    links = wait_ready(server, id);
    ASSERT_FALSE(links.empty()) << server.howdah({"show", id}).out << server.log();
    EXPECT_EQ(server.stop(SIGINT), 0);
  }
  Server server(folder, kQuick);
  ASSERT_TRUE(server.wait_until_serving()) << server.log();
  const auto desktops = [](const std::string& text) {
    std::set<std::string> names;
    for (auto at = text.find(".desk.localhost"); at != std::string::npos;
         at = text.find(".desk.localhost", at + 1)) {
      names.insert(text.substr(text.rfind('/', at) + 1, at - text.rfind('/', at) - 1));
    }
    return names;
  };
  EXPECT_EQ(desktops(wait_ready(server, id)), desktops(links)) << "the same attempts";
  const auto audit = server.howdah({"show", id, "--audit"}).out;
  const auto first = audit.find("outcome  howdah           launch");
  ASSERT_NE(first, std::string::npos) << audit;
  const auto second = audit.find("outcome  howdah           launch", first + 1);
  EXPECT_EQ(audit.find("outcome  howdah           launch", second + 1), std::string::npos);
  end_and_wait(server, id);
}

TEST(Cli, HowdahKeysRotateKeepsOldLinksGoodForOneRotation) {
  const Folder folder;
  Server server(folder, "");
  ASSERT_TRUE(server.wait_until_serving()) << server.log();
  parsed(server.howdah(later()));
  EXPECT_EQ(server.howdah({"keys", "rotate", "link_key"}).code, 0);
  const auto lines = cli::read_file(server.state() + "/secrets/link_key");
  EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 2);
  EXPECT_EQ(server.howdah({"keys", "rotate", "other"}).code, 2);
}

}  // namespace
