// `howdah certs local|trust|untrust`.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <iterator>
#include <set>
#include <sstream>

#include "adapter/file/private_file.hpp"
#include "adapter/system/clock.hpp"
#include "adapter/system/environment.hpp"
#include "bin/certs.hpp"
#include "bin/commands.hpp"
#include "bin/exit_code.hpp"

namespace bin {
namespace {

using base::ErrorKind;
using base::fail;
namespace json = boost::json;
namespace fs = std::filesystem;

constexpr std::string_view kNamePrefix = "howdah-local-";
constexpr std::size_t kNameDigits = 16;
constexpr auto kSystemFolder = "/usr/local/share/ca-certificates";

// The CA of this state folder, told apart from another folder's by its fingerprint.
struct Authority {
  std::string file;
  std::string name;  // for NSS, and of the file in the system's folder
};

base::Result<std::string> certs_folder(const Shared& shared) {
  const auto config = TRY(load_config(shared));
  return TRY(state_folder(config)).certs();
}

base::Result<Authority> read_authority(const std::string& folder) {
  const auto file = folder + "/ca.pem";
  const auto pem = adapter::file::read_private(file);
  if (!pem) {
    return fail(pem.error().kind, pem.error().kind == ErrorKind::not_found
                                      ? file +
                                            ": there is no local CA yet: `howdah certs local` "
                                            "makes one, as the user who runs the server"
                                      : pem.error().message);
  }
  const auto print = TRY(fingerprint(std::string(pem->reveal())));
  return Authority{file, std::string(kNamePrefix) + print.substr(0, kNameDigits)};
}

std::vector<std::string> words_of(const std::string& line) {
  std::istringstream in(line);
  return {std::istream_iterator<std::string>(in), std::istream_iterator<std::string>()};
}

bool is_authority_name(const std::string& text) {
  return text.starts_with(kNamePrefix) && text.size() == kNamePrefix.size() + kNameDigits &&
         text.find_first_not_of("0123456789abcdef", kNamePrefix.size()) == std::string::npos;
}

std::string trusted_file(const std::string& folder) {
  return folder + "/trusted";
}

// From wherever the command is run next time.
std::string absolute(const std::string& folder) {
  std::error_code error;
  return folder.empty() ? "" : fs::absolute(folder, error).lexically_normal().string();
}

TrustPlaces absolute(TrustPlaces places) {
  if (places.nss.empty()) {
    places.nss = adapter::system::environment("HOME").value_or("/") + "/.pki/nssdb";
  }
  return {.system = absolute(places.system), .nss = absolute(places.nss)};
}

// A CA and a folder in which `trust` was asked to make it known. One that was replaced since could
// vouch for years to come, so untrust must find it; the line goes when that folder was undone.
struct Trusted {
  std::string name;
  std::string folder;
  bool operator==(const Trusted&) const = default;
};

base::Result<std::vector<Trusted>> read_trusted(const std::string& folder) {
  const auto text = adapter::file::read_private(trusted_file(folder));
  if (!text && text.error().kind == ErrorKind::not_found) return std::vector<Trusted>();
  if (!text) return tl::unexpected(text.error());
  std::vector<Trusted> all;
  std::istringstream in{std::string(text->reveal())};
  for (std::string line; std::getline(in, line);) {
    const auto space = line.find(' ');
    Trusted one{line.substr(0, space), space == std::string::npos ? "" : line.substr(space + 1)};
    // It becomes part of a path that root removes.
    if (!is_authority_name(one.name)) {
      return fail(ErrorKind::invalid,
                  trusted_file(folder) + ": a line in it is not the name of a local CA");
    }
    all.push_back(std::move(one));
  }
  return all;
}

base::Result<> write_trusted(const std::string& folder, const std::vector<Trusted>& all) {
  std::error_code error;
  if (all.empty()) {
    fs::remove(trusted_file(folder), error);
    return {};
  }
  std::string text;
  for (const auto& one : all) text += one.name + " " + one.folder + "\n";
  return adapter::file::write_private(trusted_file(folder), base::Secret(std::move(text)), false);
}

std::vector<std::string> folders_of(const TrustPlaces& places) {
  std::vector<std::string> folders{places.nss};
  if (!places.system.empty()) folders.insert(folders.begin(), places.system);
  return folders;
}

base::Result<> remember_trusted(const std::string& folder, const std::string& name,
                                const TrustPlaces& places) {
  auto all = TRY(read_trusted(folder));
  for (const auto& where : folders_of(places)) {
    const Trusted one{name, where};
    if (std::ranges::find(all, one) == all.end()) all.push_back(one);
  }
  return write_trusted(folder, all);
}

// All that may be trusted somewhere, today's CA last. not_found: there is none.
base::Result<std::vector<Authority>> all_authorities(const std::string& folder) {
  std::vector<Authority> all;
  std::set<std::string> names;
  for (const auto& one : TRY(read_trusted(folder))) {
    if (names.insert(one.name).second) all.push_back({.file = "", .name = one.name});
  }
  auto today = read_authority(folder);
  if (!today && (all.empty() || today.error().kind != ErrorKind::not_found)) {
    return tl::unexpected(today.error());
  }
  if (today) {
    std::erase_if(all, [&](const Authority& one) { return one.name == today->name; });
    all.push_back(*std::move(today));
  }
  return all;
}

// The CA stays when it was made for the same hosts, so that what trusts it goes on to.
base::Result<Issued> same_authority(const std::string& folder, const std::string& hosts) {
  const auto known = TRY(adapter::file::read_private(folder + "/hosts"));
  if (known.reveal() != hosts) return fail(ErrorKind::not_found, "for other hosts");
  const auto pem = TRY(adapter::file::read_private(folder + "/ca.pem"));
  auto key = TRY(adapter::file::read_private(folder + "/ca.key"));
  return Issued{std::string(pem.reveal()), std::move(key)};
}

base::Result<> write_issued(const std::string& base_name, const Issued& issued,
                            const std::string& chain) {
  TRY(adapter::file::write_private(base_name + ".key", issued.key, false));
  return adapter::file::write_private(base_name + ".pem", base::Secret(issued.certificate + chain),
                                      false);
}

bool has_all(const std::vector<std::string>& all, const std::vector<std::string>& some) {
  return std::ranges::all_of(
      some, [&](const auto& one) { return std::ranges::find(all, one) != all.end(); });
}

// Who names no further hosts means those of before, as long as what is configured is among them:
// a renewal needs no new CA.
CertHosts hosts_of_before(const std::string& folder, CertHosts configured) {
  const auto known = adapter::file::read_private(folder + "/hosts");
  if (!known) return configured;
  const std::string text(known->reveal());
  const auto end = text.find('\n');
  const CertHosts before{
      .names = words_of(text.substr(0, end)),
      .addresses = words_of(end == std::string::npos ? "" : text.substr(end + 1))};
  return has_all(before.names, configured.names) && has_all(before.addresses, configured.addresses)
             ? before
             : configured;
}

struct Made {
  std::string folder;
  bool new_authority = false;
  CertHosts hosts;
};

base::Result<Made> do_make(const Shared& shared, const std::vector<std::string>& more) {
  const auto config = TRY(load_config(shared));
  const auto state = TRY(state_folder(config));
  Made made{.folder = state.certs(), .hosts = TRY(cert_hosts(config, more))};
  TRY(adapter::file::make_private_folder(state.path));
  TRY(adapter::file::make_private_folder(made.folder));
  if (more.empty()) made.hosts = hosts_of_before(made.folder, std::move(made.hosts));
  const auto now = adapter::system::Clock().now();
  const auto hosts = fmt::format("{}\n{}\n", fmt::join(made.hosts.names, " "),
                                 fmt::join(made.hosts.addresses, " "));
  auto authority = same_authority(made.folder, hosts);
  made.new_authority = !authority.has_value();
  if (made.new_authority) {
    authority = TRY(make_authority(made.hosts, now));
    TRY(write_issued(made.folder + "/ca", *authority, ""));
    TRY(adapter::file::write_private(made.folder + "/hosts", base::Secret(hosts), false));
  }
  const auto leaf = TRY(make_certificate(made.hosts, *authority, now));
  TRY(write_issued(made.folder + "/leaf", leaf, authority->certificate));
  return made;
}

base::Result<> program(const std::vector<std::string>& words, const std::string& package) {
  const int code = run_program(words);
  if (code == 0) return {};
  if (code == 127) {
    return fail(ErrorKind::unavailable,
                fmt::format("{} is missing: install {}", words[0], package));
  }
  return fail(ErrorKind::internal, fmt::format("{} failed with exit code {}", words[0], code));
}

// What changes the system's folder. Who may not asks sudo for this alone: the CA and the browsers'
// database are that person's own, which root would look for elsewhere.
base::Result<> in_system(const std::string& folder, std::vector<std::string> words,
                         const std::string& package) {
  std::error_code error;
  fs::path there = fs::absolute(folder, error);
  while (!fs::exists(there, error) && there.has_relative_path()) there = there.parent_path();
  if (::access(there.c_str(), W_OK) != 0) words.insert(words.begin(), "sudo");
  const auto done = program(words, words[0] == "sudo" ? "sudo" : package);
  if (done || words[0] != "sudo") return done;
  return fail(ErrorKind::denied, fmt::format("{} cannot be changed ({}): --system '' leaves the "
                                             "system's programs out",
                                             folder, done.error().message));
}

// The system's folder is read by a program of its own; another folder (for tests, images) is not.
base::Result<> refresh_system(const std::string& folder) {
  if (folder != kSystemFolder) return {};
  return in_system(folder, {"update-ca-certificates"}, "ca-certificates");
}

std::string system_file(const Authority& authority, const std::string& folder) {
  return fmt::format("{}/{}.crt", folder, authority.name);
}

base::Result<> trust_system(const Authority& authority, const std::string& folder) {
  TRY(in_system(folder,
                {"install", "-D", "-m", "0644", authority.file, system_file(authority, folder)},
                "coreutils"));
  return refresh_system(folder);
}

base::Result<> untrust_system(const Authority& authority, const std::string& folder) {
  std::error_code error;
  const auto file = system_file(authority, folder);
  if (!fs::exists(file, error)) return {};
  TRY(in_system(folder, {"rm", "-f", file}, "coreutils"));
  return refresh_system(folder);
}

base::Result<> trust_nss(const Authority& authority, const std::string& folder) {
  std::error_code error;
  if (!fs::exists(folder + "/cert9.db", error)) {
    fs::create_directories(folder, error);
    TRY(program({"certutil", "-d", "sql:" + folder, "-N", "--empty-password"}, "libnss3-tools"));
  }
  // "C,,": for servers only.
  return program({"certutil", "-d", "sql:" + folder, "-A", "-t", "C,,", "-n", authority.name, "-i",
                  authority.file},
                 "libnss3-tools");
}

base::Result<> untrust_nss(const Authority& authority, const std::string& folder) {
  std::error_code error;
  if (!fs::exists(folder + "/cert9.db", error)) return {};
  const std::vector<std::string> list{"certutil", "-d", "sql:" + folder, "-L"};
  TRY(program(list, "libnss3-tools"));  // what cannot be read is not known to be without it
  auto look = list;
  look.insert(look.end(), {"-n", authority.name});
  if (run_program(look, true) != 0) return {};
  return program({"certutil", "-d", "sql:" + folder, "-D", "-n", authority.name}, "libnss3-tools");
}

using Change = base::Result<> (*)(const Authority&, const std::string&);

// All places are tried; the first error counts, each is told. `changed` hears of those that worked.
int change(const Shared& shared, const TrustPlaces& places,
           const std::vector<Authority>& authorities, Change system, Change nss, const char* done,
           const std::function<void(const Trusted&)>& changed) {
  int code = kExitOk;
  std::string text;
  std::set<std::string> folders;
  const auto one = [&](Change what, const Authority& authority, const std::string& folder) {
    const auto result = what(authority, folder);
    if (result) {
      text += fmt::format("{} {} in {}\n", authority.name, done, folder);
      folders.insert(folder);
      changed({authority.name, folder});
    } else {
      const int failed = tell(result.error());
      if (code == kExitOk) code = failed;
    }
  };
  json::array former;
  for (const auto& authority : authorities) {
    if (!places.system.empty()) one(system, authority, places.system);
    one(nss, authority, places.nss);
    if (&authority != &authorities.back()) former.emplace_back(authority.name);
  }
  json::object object{{"authority", authorities.back().name},
                      {"changed", json::array(folders.begin(), folders.end())}};
  if (!former.empty()) object["former"] = former;
  answer(shared, object, text);
  return code;
}

}  // namespace

int run_program(const std::vector<std::string>& words, bool quiet) {
  std::vector<char*> arguments;
  for (const auto& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", 0, 0);
  posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", 1, 0);
  if (quiet) posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", 1, 0);
  pid_t child = 0;
  const int error =
      ::posix_spawnp(&child, arguments[0], &files, nullptr, arguments.data(), ::environ);
  posix_spawn_file_actions_destroy(&files);
  if (error != 0) return 127;
  int status = 0;
  if (::waitpid(child, &status, 0) != child || !WIFEXITED(status)) return 1;
  return WEXITSTATUS(status);
}

int make_local_certs(const Shared& shared, const std::vector<std::string>& more_hosts) {
  const auto made = do_make(shared, more_hosts);
  if (!made) return tell(made.error());
  const auto text = fmt::format(
      "{} in {}\nfor {} {}\n{}\n",
      made->new_authority ? "A new CA and a certificate are"
                          : "A new certificate by the same CA is",
      made->folder, fmt::join(made->hosts.names, " "), fmt::join(made->hosts.addresses, " "),
      made->new_authority ? "Next: `howdah certs trust`, then start the server again."
                          : "Start the server again, or send it SIGHUP.");
  answer(shared,
         json::object{{"folder", made->folder},
                      {"new_authority", made->new_authority},
                      {"names", json::array(made->hosts.names.begin(), made->hosts.names.end())},
                      {"addresses",
                       json::array(made->hosts.addresses.begin(), made->hosts.addresses.end())}},
         text);
  return kExitOk;
}

int trust_certs(const Shared& shared, const TrustPlaces& given) {
  const auto places = absolute(given);
  const auto folder = certs_folder(shared);
  if (!folder) return tell(folder.error());
  const auto authority = read_authority(*folder);
  if (!authority) return tell(authority.error());
  // First: what is half done can be undone.
  const auto remembered = remember_trusted(*folder, authority->name, places);
  if (!remembered) return tell(remembered.error());
  return change(shared, places, {*authority}, trust_system, trust_nss, "is trusted",
                [](const Trusted& /*one*/) {});
}

int untrust_certs(const Shared& shared, const TrustPlaces& given) {
  const auto places = absolute(given);
  const auto folder = certs_folder(shared);
  if (!folder) return tell(folder.error());
  const auto authorities = all_authorities(*folder);
  if (!authorities) return tell(authorities.error());
  auto left = read_trusted(*folder);
  if (!left) return tell(left.error());
  const int code =
      change(shared, places, *authorities, untrust_system, untrust_nss, "is not trusted any more",
             [&](const Trusted& one) { std::erase(*left, one); });
  const bool everywhere = code == kExitOk && !places.system.empty();
  std::erase_if(*left, [&](const Trusted& one) {  // a line of a version that noted no folders
    return one.folder.empty() && everywhere;
  });
  const auto written = write_trusted(*folder, *left);
  if (!written) return tell(written.error());
  for (const auto& one : *left) {
    std::fprintf(stderr, "howdah: %s may still be trusted in %s: untrust it there, too\n",
                 one.name.c_str(), one.folder.c_str());
  }
  return code;
}

}  // namespace bin
