// A radio network whose every frame is simulated: stations in a row, and devices that drive along
// it, there and back. Only the ns-3 world has such networks; they cost what they model.
#pragma once

#include <cstddef>
#include <cstdint>

namespace mq::sim::link {

struct StationsModel {
  enum class Kind : std::uint8_t { lte, wifi };  // cells with X2 between them, or access points

  Kind kind = Kind::lte;
  std::size_t count = 2;      // at least
  double spacing_metres = 0;  // from one to the next
  double metres_per_second = 0;
};

}  // namespace mq::sim::link
