#pragma once
// Programs run as a person would run them: arguments, environment, exit code, all output. And a
// server in a state folder of its own, on a free port.

#include <sys/types.h>

#include <map>
#include <string>
#include <vector>

namespace cli {

struct Output {
  int code = -1;
  std::string out;
  std::string err;
};

// Waits for its end (at most 60 s, then it is killed and code is -1).
Output run(const std::vector<std::string>& words,
           const std::map<std::string, std::string>& more = {});

std::string read_file(const std::string& path);
void write_file(const std::string& path, const std::string& text);

class Folder {
 public:
  Folder();
  ~Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  const std::string& path() const { return path_; }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

// `howdah serve` over `folder`/state. Ends with the object (SIGKILL unless stopped before).
class Server {
 public:
  // `config` is TOML after [server] listen and [state] folder, which are set here.
  Server(const Folder& folder, const std::string& config);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // True when it told that it serves, within 30 s.
  bool wait_until_serving();
  // Sends the signal and waits for the end; the exit code, or -1 after 30 s.
  int stop(int signal);
  pid_t pid() const { return pid_; }

  std::string out() const { return read_file(out_); }  // what the terminal shows
  std::string log() const { return read_file(err_); }
  std::string state() const { return state_; }
  // A command on this server.
  Output howdah(std::vector<std::string> words) const;

 private:
  std::string state_;
  std::string config_;
  std::string out_;
  std::string err_;
  pid_t pid_ = -1;
};

}  // namespace cli
