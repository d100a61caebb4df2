// How commands find the server, and what the server asks of the system before it serves.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <vector>

#include "integration/cli_support.hpp"

namespace {

namespace json = boost::json;
using cli::Folder;
using cli::Server;

std::uint16_t port_of(const Server& server) {
  const auto value = json::parse(cli::read_file(server.state() + "/server.json"));
  return static_cast<std::uint16_t>(value.at("port").as_int64());
}

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// The limit of open files of what is started meanwhile, as a login or a service manager sets it.
class FewFiles {
 public:
  FewFiles() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const rlimit few{256, before_.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &few);
  }
  FewFiles(const FewFiles&) = delete;
  FewFiles& operator=(const FewFiles&) = delete;
  ~FewFiles() { ::setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

TEST(CliServer, sec_22_AServerAllowsItselfADescriptorForEachConnection) {
  const Folder folder;
  std::optional<Server> server;
  {
    const FewFiles few;
    server.emplace(folder, "");
  }
  ASSERT_TRUE(server->wait_until_serving()) << server->log();
  const auto address = loopback(port_of(*server));
  std::vector<int> idle;
  for (int i = 0; i < 400; ++i) {
    idle.push_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(::connect(idle.back(), reinterpret_cast<const sockaddr*>(&address), sizeof address),
              0);
  }
  const auto listed = server->howdah({"list"});
  EXPECT_EQ(listed.code, 0) << listed.err;
  for (const int one : idle) ::close(one);
  EXPECT_FALSE(contains(server->log(), "fewer connections")) << server->log();
}

TEST(CliServer, sec_22_WhereTooFewFilesAreAllowedFewerConnectionsAreTakenAndThatIsSaid) {
  const Folder folder;
  cli::write_file(folder / "c.toml", "[server]\nlisten = \"127.0.0.1:0\"\n[state]\nfolder = \"" +
                                         (folder / "state") + "\"\n");
  // Until it serves, however long that takes here.
  const std::string out = folder / "out";
  const auto output =
      cli::run({"sh", "-c",
                "ulimit -n 1000; " HOWDAH_BINARY " serve --config " + (folder / "c.toml") + " >" +
                    out + " & until grep -q 'State is in' " + out +
                    " || ! kill -0 $!; do sleep 0.1; done; kill $!; wait $!; cat " + out});
  EXPECT_TRUE(contains(output.out, "serves")) << output.err;
  EXPECT_TRUE(contains(output.err, "\"connections_max\":340,\"open_files\":1000")) << output.err;
}

// Its port may be somebody else's by now.
TEST(CliServer, sec_26_NoKeyIsSentToThePortOfAServerThatWasKilled) {
  const Folder folder;
  Server server(folder, "");
  ASSERT_TRUE(server.wait_until_serving()) << server.log();
  const auto address = loopback(port_of(server));
  server.stop(SIGKILL);
  const int other = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int yes = 1;
  ::setsockopt(other, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  ASSERT_EQ(::bind(other, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(::listen(other, 1), 0);
  const auto listed = server.howdah({"list"});
  EXPECT_EQ(listed.code, 5);
  EXPECT_TRUE(contains(listed.err, "no server runs on " + server.state())) << listed.err;
  pollfd wait{other, POLLIN, 0};
  EXPECT_EQ(::poll(&wait, 1, 0), 0) << "somebody came";
  ::close(other);
}

TEST(CliServer, AnAddressIsThatOfBrowsersWhereTlsEndsInFrontOfTheServer) {
  const Folder folder;
  Server server(folder, "public_url = \"https://meet.example.org\"\n");
  ASSERT_TRUE(server.wait_until_serving()) << server.log();
  EXPECT_TRUE(contains(server.out(), "https://meet.example.org/#login=")) << server.out();
  const auto url = server.howdah({"url"});
  EXPECT_EQ(url.code, 0) << url.err;
  EXPECT_TRUE(contains(url.out, "https://meet.example.org/#login=")) << url.out;
}

TEST(CliServer, LinksOfHttpAreRefusedWhereTlsIsOn) {
  const Folder folder;
  cli::write_file(folder / "c.toml",
                  "[server]\nlisten = \"127.0.0.1:0\"\npublic_url = \"http://127.0.0.1:8080\"\n"
                  "[state]\nfolder = \"" +
                      (folder / "state") + "\"\n");
  const std::vector<std::string> config{"--config", folder / "c.toml"};
  ASSERT_EQ(cli::run({HOWDAH_BINARY, "certs", "local", config[0], config[1]}).code, 0);
  const auto output = cli::run({HOWDAH_BINARY, "serve", config[0], config[1]});
  EXPECT_NE(output.code, 0);
  EXPECT_TRUE(contains(output.err, "public_url: is http, but")) << output.err;
}

}  // namespace
