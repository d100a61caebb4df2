#pragma once
// Client: what the commands ask of the server, as JSON. Problem documents become errors whose kind
// is the exit code; nothing is retried.

#include <boost/json.hpp>
#include <string>

#include "bin/http_client.hpp"

namespace bin {

// Options that every command takes.
struct Shared {
  std::string config_file;
  std::string state;   // folder; overrides the configuration
  std::string server;  // URL; empty: the one that runs on the state folder
  bool json = false;
};

// Prints what a command answers: `document` with --json, else `text` as it is.
void answer(const Shared& shared, const boost::json::value& document, const std::string& text);

// The configuration with the overrides of the command line.
base::Result<Config> load_config(const Shared& shared);

class Client {
 public:
  static base::Result<Client> open(const Shared& shared);

  base::Result<boost::json::value> get(const std::string& path);
  // idempotency: header of that name.
  base::Result<boost::json::value> post(const std::string& path, const boost::json::value& body,
                                        const std::optional<std::string>& idempotency = {});
  std::string origin() const;

 private:
  Client(ServerAddress server, base::Secret key)
      : server_(std::move(server)), key_(std::move(key)) {}
  base::Result<boost::json::value> call(HttpRequest request);

  ServerAddress server_;
  base::Secret key_;
};

// Members of an answer, with a mild default when the server is of another version.
std::string text_at(const boost::json::value& value, std::string_view key);
std::int64_t number_at(const boost::json::value& value, std::string_view key);
boost::json::value at(const boost::json::value& value, std::string_view key);
boost::json::array array_at(const boost::json::value& value, std::string_view key);

}  // namespace bin
