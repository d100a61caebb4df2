// load: the program around load.hpp. Reads whole requests, each ended by a NUL byte, from standard
// input and prints one JSON object.
//   load <port> <connections> <seconds> <rate or 0> <status> [first number] [requests at most]

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <iterator>

#include "load.hpp"

int main(int argc, char** argv) {
  if (argc < 6) {
    std::fprintf(stderr, "load <port> <connections> <seconds> <rate> <status> [number] [most]\n");
    return 2;
  }
  bench::LoadSpec spec;
  spec.port = static_cast<std::uint16_t>(std::atoi(argv[1]));
  spec.connections = static_cast<std::size_t>(std::atoi(argv[2]));
  spec.seconds = std::atof(argv[3]);
  spec.rate = std::atof(argv[4]);
  spec.status = std::atoi(argv[5]);
  if (argc > 6) spec.first_number = static_cast<std::uint64_t>(std::atoll(argv[6]));
  if (argc > 7) spec.requests_max = static_cast<std::size_t>(std::atoll(argv[7]));
  for (std::string request; std::getline(std::cin, request, '\0');) {
    if (!request.empty()) spec.requests.push_back(request);
  }
  if (spec.requests.empty()) {
    std::fprintf(stderr, "no requests on standard input\n");
    return 2;
  }
  const auto result = bench::run_load(spec);
  std::printf(
      "{\"good\":%llu,\"bad\":%llu,\"seconds\":%.6f,\"cpu_seconds\":%.6f,\"body_bytes\":%llu,"
      "\"p50_us\":%u,\"p99_us\":%u,\"p999_us\":%u,\"error\":\"%s\"}\n",
      static_cast<unsigned long long>(result.good), static_cast<unsigned long long>(result.bad),
      result.seconds, result.own_cpu_seconds, static_cast<unsigned long long>(result.body_bytes),
      result.latency(0.5), result.latency(0.99), result.latency(0.999), result.error.c_str());
  return result.error.empty() ? 0 : 1;
}
