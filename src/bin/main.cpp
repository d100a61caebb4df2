#include <cstdio>

#include "bin/version.hpp"

int main() {
  std::printf("howdah %s\n", bin::version().data());
  return 0;
}
