#pragma once
// The command line: what there is to say, its help, and which command it means.

namespace bin {

// Answers the exit code (exit_code.hpp).
int run_cli(int argc, char** argv);

}  // namespace bin
