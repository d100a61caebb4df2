// Configuration: any text is either refused with what is wrong with it, or says what it will say
// again.

#include "bin/config.hpp"
#include "fuzz.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto config = bin::parse_config(fuzz::as_text(data, size), "fuzz.toml");
  if (!config) {
    CHECK(config.error().kind == base::ErrorKind::invalid);
    CHECK(config.error().message.find("fuzz.toml") != std::string::npos);
    return 0;
  }
  const auto printed = bin::print_config(*config, bin::Comments::no);
  const auto again = bin::parse_config(printed, "printed.toml");
  CHECK(again.has_value());
  CHECK(bin::print_config(*again, bin::Comments::no) == printed);
  return 0;
}
