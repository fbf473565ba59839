// Where an id stands in a table that has a row for each.
#pragma once

#include <cstddef>
#include <type_traits>

namespace mq::checks {

template <class Id>
  requires std::is_enum_v<Id>
constexpr std::size_t at(Id id) {
  return static_cast<std::size_t>(id);
}

}  // namespace mq::checks
