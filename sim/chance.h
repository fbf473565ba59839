// Every draw that a world makes goes through here, so that a run's hash can hold the number of
// draws and the last one: two runs that differ in chance cannot have the same hash.
#pragma once

#include <bit>
#include <cstdint>

#include "base/rng.h"

namespace mq::sim {

class Chance {
 public:
  double unit(Rng& rng) {
    const double drawn = rng.unit();
    ++draws_;
    last_ = std::bit_cast<std::uint64_t>(drawn);
    return drawn;
  }
  std::uint64_t digest() const { return Rng(last_ ^ (draws_ * 0x9e3779b97f4a7c15ULL)).next(); }

 private:
  std::uint64_t draws_ = 0;
  std::uint64_t last_ = 0;
};

}  // namespace mq::sim
