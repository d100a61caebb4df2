// One binary, several roles: process 1 of a desktop's sandbox, the server, and the commands.
#include <string_view>

#include "adapter/local/init.hpp"
#include "bin/cli.hpp"

int main(int argc, char** argv) {
  // Before anything else is set up: a desktop's init wants nothing of the rest.
  if (argc > 1 && std::string_view(argv[1]) == adapter::local::kInitCommand) {
    return adapter::local::desktop_init_main(argc - 1, argv + 1);
  }
  return bin::run_cli(argc, argv);
}
