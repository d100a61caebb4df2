#include "integration/cli_support.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace cli {
namespace {

namespace fs = std::filesystem;
constexpr int kWaitMs = 60'000;

pid_t spawn(const std::vector<std::string>& words, const std::map<std::string, std::string>& more,
            const std::string& out, const std::string& err) {
  std::vector<std::string> variables;
  for (char** each = ::environ; *each != nullptr; ++each) {
    const std::string variable(*each);
    if (!more.contains(variable.substr(0, variable.find('=')))) variables.push_back(variable);
  }
  for (const auto& [name, value] : more) variables.push_back(name + "=" + value);
  std::vector<char*> arguments;
  for (const auto& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  std::vector<char*> environment;
  for (const auto& each : variables) environment.push_back(const_cast<char*>(each.c_str()));
  environment.push_back(nullptr);
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  const int write = O_WRONLY | O_CREAT | O_TRUNC;
  posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, out.c_str(), write, 0600);
  posix_spawn_file_actions_addopen(&files, STDERR_FILENO, err.c_str(), write, 0600);
  pid_t pid = -1;
  if (::posix_spawnp(&pid, arguments[0], &files, nullptr, arguments.data(), environment.data()) !=
      0) {
    pid = -1;
  }
  posix_spawn_file_actions_destroy(&files);
  return pid;
}

// Waits for the end of a child without polling; false after the time.
bool wait_end(pid_t pid, int timeout_ms) {
  const int fd = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
  pollfd wait{fd, POLLIN, 0};
  const bool ended = ::poll(&wait, 1, timeout_ms) == 1;
  ::close(fd);
  return ended;
}

int exit_code(pid_t pid, int timeout_ms) {
  if (pid < 0) return -1;
  const bool ended = wait_end(pid, timeout_ms);
  if (!ended) ::kill(pid, SIGKILL);
  int status = 0;
  ::waitpid(pid, &status, 0);
  return ended && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

void write_file(const std::string& path, const std::string& text) {
  std::ofstream(path) << text;
}

Output run(const std::vector<std::string>& words, const std::map<std::string, std::string>& more) {
  const Folder folder;
  Output output;
  output.code = exit_code(spawn(words, more, folder / "out", folder / "err"), kWaitMs);
  output.out = read_file(folder / "out");
  output.err = read_file(folder / "err");
  return output;
}

Folder::Folder() {
  auto pattern = (fs::temp_directory_path() / "howdah-cli-XXXXXX").string();
  const char* made = ::mkdtemp(pattern.data());
  path_ = made == nullptr ? "" : made;
}

Folder::~Folder() {
  std::error_code error;
  if (!path_.empty()) fs::remove_all(path_, error);
}

Server::Server(const Folder& folder, const std::string& config)
    : state_(folder / "state"),
      config_(folder / "howdah.toml"),
      out_(folder / "serve.out"),
      err_(folder / "serve.err") {
  std::string text = config;
  if (text.find("[server]") == std::string::npos) text = "[server]\n" + text;
  text.replace(text.find("[server]"), 8, "[server]\nlisten = \"127.0.0.1:0\"");
  write_file(config_, text + "\n[state]\nfolder = \"" + state_ + "\"\n");
  pid_ = spawn({HOWDAH_BINARY, "serve", "--config", config_}, {}, out_, err_);
}

Server::~Server() {
  if (pid_ > 0) stop(SIGKILL);
}

bool Server::wait_until_serving() {
  for (int i = 0; i < 3000 && pid_ > 0; ++i) {
    if (out().find("State is in") != std::string::npos) return true;
    if (wait_end(pid_, 10)) return false;
  }
  return false;
}

int Server::stop(int signal) {
  ::kill(pid_, signal);
  const int code = exit_code(pid_, 30'000);
  pid_ = -1;
  return code;
}

Output Server::howdah(std::vector<std::string> words) const {
  words.insert(words.begin(), HOWDAH_BINARY);
  words.insert(words.end(), {"--config", config_});
  return run(words);
}

}  // namespace cli
