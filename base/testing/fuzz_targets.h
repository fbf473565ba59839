// All functions that libFuzzer calls with inputs, by name; the table is made by mq_fuzz in
// cmake/mq_build.cmake.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace mq {

struct FuzzTarget {
  const char* name;
  int (*run)(const std::uint8_t* data, std::size_t size);
};

extern const std::vector<FuzzTarget> fuzz_targets;

}  // namespace mq
