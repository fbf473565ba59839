// A fleet's state is far larger than a cache, and one event touches a few kilobytes of one client.
// Met one after another these cache misses cost more than the work; asked for together, a little
// ahead, they overlap. Nothing but speed depends on any of this.
#pragma once

#include <cstddef>

namespace mq {

inline constexpr std::size_t cache_line_bytes = 64;

inline void fetch_bytes(const void* start, std::size_t bytes) {
  const auto* const first = static_cast<const char*>(start);
  for (std::size_t offset = 0; offset < bytes; offset += cache_line_bytes)
    __builtin_prefetch(first + offset);
  // To GCC a function that only fetches has no effect, and calls of it are left out.
  asm volatile("");
}

template <class Object>
void fetch(const Object* object) {
  fetch_bytes(object, sizeof(Object));
}

}  // namespace mq
