#pragma once
// Who listens on a port of this machine: for the one error message that people meet most.

#include <cstdint>
#include <string>

namespace bin {

// "nginx (process 123)", or "" when nobody does or it can't be seen from here.
std::string holder_of_port(std::uint16_t port);

}  // namespace bin
