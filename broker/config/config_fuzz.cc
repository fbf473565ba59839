// Any bytes as a configuration file: a Config or problems, in bounded time, and nothing is opened.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "broker/config/config.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto read = mq::broker::parse_config({reinterpret_cast<const char*>(data), size}, "fuzz");
  for (const auto& problem : read.problems)
    for (const char c : to_string(problem))
      if (static_cast<unsigned char>(c) < 0x20) std::abort();
  if (read.usable() && read.config.listeners.empty()) std::abort();
  return 0;
}
