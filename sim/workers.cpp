#include "workers.hpp"

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <vector>

#include "base/check.hpp"

namespace sim {
namespace {

struct Worker {
  pid_t pid = 0;
  int in = -1;
  std::string text;  // what has come of a line
};

void tell_line(int out, const std::string& line) {
  const std::string text = line + "\n";
  std::size_t sent = 0;
  while (sent < text.size()) {
    const auto wrote = write(out, text.data() + sent, text.size() - sent);
    CHECK(wrote > 0);
    sent += static_cast<std::size_t>(wrote);
  }
}

Worker start(const std::function<void(unsigned, const Tell&)>& work, unsigned number) {
  std::array<int, 2> ends{};
  CHECK(pipe(ends.data()) == 0);
  const pid_t pid = fork();
  CHECK(pid >= 0);
  if (pid == 0) {
    close(ends[0]);
    work(number, [out = ends[1]](const std::string& line) { tell_line(out, line); });
    std::_Exit(0);
  }
  close(ends[1]);
  return {pid, ends[0], ""};
}

// False when it has nothing more to say.
bool hear_some(Worker& worker, const std::function<void(std::string_view)>& hear) {
  std::array<char, 65536> buffer{};
  const auto got = read(worker.in, buffer.data(), buffer.size());
  if (got <= 0) return false;
  worker.text.append(buffer.data(), static_cast<std::size_t>(got));
  std::size_t begin = 0;
  for (auto end = worker.text.find('\n'); end != std::string::npos;
       end = worker.text.find('\n', begin)) {
    hear(std::string_view(worker.text).substr(begin, end - begin));
    begin = end + 1;
  }
  worker.text.erase(0, begin);
  return true;
}

bool ended_well(Worker& worker) {
  close(worker.in);
  worker.in = -1;
  int status = 0;
  waitpid(worker.pid, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace

bool in_workers(unsigned jobs, const std::function<void(unsigned, const Tell&)>& work,
                const std::function<void(std::string_view)>& hear) {
  std::vector<Worker> workers;
  for (unsigned i = 0; i < jobs; ++i) workers.push_back(start(work, i));
  bool good = true;
  for (std::size_t running = workers.size(); running > 0;) {
    std::vector<pollfd> inputs;
    for (const auto& worker : workers) inputs.push_back({worker.in, POLLIN, 0});
    CHECK(poll(inputs.data(), inputs.size(), -1) > 0);
    for (std::size_t i = 0; i < workers.size(); ++i) {
      if (workers[i].in < 0 || inputs[i].revents == 0) continue;
      if (hear_some(workers[i], hear)) continue;
      good = ended_well(workers[i]) && good;
      --running;
    }
  }
  return good;
}

}  // namespace sim
