// Commands for who runs the server: logins, keys, sweep, configuration.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdio>

#include "adapter/file/secrets.hpp"
#include "adapter/system/clock.hpp"
#include "adapter/system/entropy.hpp"
#include "bin/commands.hpp"
#include "bin/exit_code.hpp"
#include "bin/version.hpp"

namespace bin {
namespace {

using base::ErrorKind;
using base::fail;
namespace json = boost::json;

void print(const std::string& text) {
  std::fputs(text.c_str(), stdout);
}
void print_json(const json::value& value) {
  print(json::serialize(value) + "\n");
}

base::Result<json::value> call(const Shared& shared, const std::string& path) {
  auto client = TRY(Client::open(shared));
  return client.get(path);
}

base::Result<json::value> call(const Shared& shared, const std::string& path,
                               const json::object& body) {
  auto client = TRY(Client::open(shared));
  return client.post(path, body);
}

base::Result<json::value> do_login_url(const Shared& shared) {
  auto client = TRY(Client::open(shared));
  const auto login = TRY(client.post("/v1/logins", json::object{}));
  return json::object{{"url", fmt::format("{}/#login={}", client.origin(), text_at(login, "code"))},
                      {"expires_at", text_at(login, "expires_at")}};
}

base::Result<> do_rotate_secret(const Shared& shared, const std::string& name) {
  const auto config = TRY(load_config(shared));
  const auto state = TRY(state_folder(config));
  adapter::system::Entropy entropy;
  adapter::system::Clock clock;
  adapter::file::Secrets secrets(state.secrets(), {}, entropy, clock);
  return secrets.rotate(name);
}

// Every field that a command names must be told apart from a scope that does not exist.
json::object key_body(const std::string& name, const std::vector<std::string>& scopes) {
  json::array list;
  for (const auto& scope : scopes) list.emplace_back(scope);
  return {{"name", name}, {"scopes", list}};
}

std::string joined(const json::array& texts) {
  std::vector<std::string> all;
  for (const auto& each : texts) {
    if (each.is_string()) all.emplace_back(each.get_string());
  }
  return fmt::format("{}", fmt::join(all, ","));
}

}  // namespace

int login_url(const Shared& shared) {
  const auto login = do_login_url(shared);
  if (!login) return tell(login.error());
  answer(shared, *login, text_at(*login, "url") + "\n");
  return kExitOk;
}

int sweep(const Shared& shared) {
  const auto report = call(shared, "/v1/sweep");
  if (!report) return tell(report.error());
  if (shared.json) {
    print_json(*report);
    return kExitOk;
  }
  for (const auto& item : array_at(*report, "items")) {
    print(fmt::format("{:<9} {:<40} {:<16} {}\n", text_at(item, "kind"), text_at(item, "id"),
                      text_at(item, "verdict"), text_at(item, "why")));
  }
  print(fmt::format("{} looked at; nothing was done\n", array_at(*report, "items").size()));
  return kExitOk;
}

int list_keys(const Shared& shared) {
  const auto keys = call(shared, "/v1/keys");
  if (!keys) return tell(keys.error());
  if (shared.json) {
    print_json(*keys);
    return kExitOk;
  }
  for (const auto& key : array_at(*keys, "keys")) {
    const auto revoked = text_at(key, "revoked_at");
    print(fmt::format("{:<24} {:<22} made {}{}\n", text_at(key, "name"),
                      joined(array_at(key, "scopes")), local_time(text_at(key, "created_at")),
                      revoked.empty() ? "" : ", revoked " + local_time(revoked)));
  }
  return kExitOk;
}

int add_key(const Shared& shared, const std::string& name, const std::vector<std::string>& scopes) {
  const auto key = call(shared, "/v1/keys", key_body(name, scopes));
  if (!key) return tell(key.error());
  if (shared.json) {
    print_json(*key);
  } else {
    print(text_at(*key, "key") + "\n");
    std::fputs("howdah: this key is shown once; keep it now\n", stderr);
  }
  return kExitOk;
}

int revoke_key(const Shared& shared, const std::string& name) {
  const auto id = domain::PrincipalId::parse(name);
  if (!id) return tell({ErrorKind::not_found, "there is no such key", "", ""});
  const auto done = call(shared, "/v1/keys/" + id->text() + "/revoke", json::object{});
  if (!done) return tell(done.error());
  answer(shared, json::object{{"revoked", name}}, "");
  return kExitOk;
}

int rotate_secret(const Shared& shared, const std::string& name) {
  const auto done = do_rotate_secret(shared, name);
  if (!done) return tell(done.error());
  answer(shared, json::object{{"rotated", name}},
         name +
             " is rotated; the server takes it up within a minute, and what was signed with the "
             "last version stays good until the next rotation\n");
  return kExitOk;
}

int check_config(const Shared& shared) {
  const auto config = load_config(shared);
  if (!config) return tell(config.error());
  auto text = print_config(*config, Comments::no);
  json::object document{{"configuration", text}};
  if (const auto state = state_folder(*config)) {
    document["state_folder"] = state->path;
    text += fmt::format("\n# in {} and never shown:\n# api_key = \"***\", secrets/* = \"***\"\n",
                        state->path);
  }
  answer(shared, document, text);
  return kExitOk;
}

int show_example_config(const Shared& shared) {
  const auto text = print_config({}, Comments::yes);
  answer(shared, json::object{{"configuration", text}}, text);
  return kExitOk;
}

int show_version(const Shared& shared) {
  answer(shared, json::object{{"version", version()}}, fmt::format("howdah {}\n", version()));
  return kExitOk;
}

}  // namespace bin
