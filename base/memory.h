// Where objects lie, for who can tell ahead what will be touched: nothing reads through these, so
// an object may be gone.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace mq {

using Memory = std::span<const std::byte>;

template <class Object>
Memory place_of(const Object& object) {
  return std::as_bytes(std::span<const Object, 1>(&object, 1));
}

inline void append(std::vector<Memory>& to, const std::vector<Memory>& more) {
  to.insert(to.end(), more.begin(), more.end());
}

}  // namespace mq
