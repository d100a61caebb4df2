#include <cstdio>
#include <string_view>

#include "adapter/local/init.hpp"
#include "bin/version.hpp"

int main(int argc, char** argv) {
  // First of all, before anything is read or started: inside a desktop there is nothing of ours.
  if (argc > 1 && std::string_view(argv[1]) == adapter::local::kInitCommand) {
    return adapter::local::desktop_init_main(argc - 1, argv + 1);
  }
  std::printf("howdah %s\n", bin::version().data());
  return 0;
}
