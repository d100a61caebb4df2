#pragma once
// The state folder: where it is, what stands where in it, and how a command finds the server that
// runs on it. All files are private to their owner (adapter/file).
//
//   lock          held by the server           howdah.db    the store
//   api_key       the organiser's key          server.json  where the server listens, while it runs
//   secrets/      signing keys                 certs/       local CA and certificate
//   desktops/     local desktops               names/       their records
//   alive         written anew every few seconds while nothing is wrong (L15)

#include <optional>
#include <string>

#include "base/result.hpp"
#include "base/secret.hpp"
#include "bin/config.hpp"

namespace bin {

struct StateFolder {
  std::string path;
  std::string lock() const { return path + "/lock"; }
  std::string database() const { return path + "/howdah.db"; }
  std::string api_key() const { return path + "/api_key"; }
  std::string server() const { return path + "/server.json"; }
  std::string alive() const { return path + "/alive"; }
  std::string secrets() const { return path + "/secrets"; }
  std::string certs() const { return path + "/certs"; }
  std::string desktops() const { return path + "/desktops"; }
  std::string names() const { return path + "/names"; }
};

// The configured folder, or the default for this user (see config/example.toml).
base::Result<StateFolder> state_folder(const Config& config);

// How a command reaches the server.
struct ServerAddress {
  std::string address;  // to connect to
  std::uint16_t port = 0;
  std::string host;    // for the Host header and the certificate: "127.0.0.1:8080"
  std::string origin;  // for people's browsers; TLS may end in front of the server
  bool tls = false;
  std::string authority;  // PEM, trusted beside the system's; may be empty
};

// What the running server wrote. unavailable: none runs on this folder (what one that was killed
// has left may be somebody else's port by now, who would be sent the key).
base::Result<ServerAddress> read_server_address(const StateFolder& state);
base::Result<> write_server_address(const StateFolder& state, const ServerAddress& server);
// From "http://host:port" as given to --server.
base::Result<ServerAddress> parse_server_url(std::string_view url);

// The organiser's key: that of <state>/api_key, or for commands HOWDAH_KEY before it.
base::Result<base::Secret> read_key_file(const StateFolder& state);
base::Result<base::Secret> read_key(const StateFolder& state);

}  // namespace bin
