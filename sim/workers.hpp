#pragma once
// Workers: a piece of work on several processes, each of which tells the first one lines of text
// while it runs. The simulation is one thread with state of its own, so that cores are used by
// processes.

#include <functional>
#include <string>
#include <string_view>

namespace sim {

using Tell = std::function<void(const std::string& line)>;

// Runs work(0..jobs-1, tell) each in a process of its own and calls `hear` with each line, in the
// order in which one worker told them. False when one of them died.
bool in_workers(unsigned jobs, const std::function<void(unsigned number, const Tell& tell)>& work,
                const std::function<void(std::string_view line)>& hear);

}  // namespace sim
