// Virtual and real time alike. Nothing here can read a clock: whoever drives a core tells it what
// time it is, so that a simulated hour and a real one are the same to the code that decides.
#pragma once

#include <chrono>
#include <cstdint>

namespace mq {

struct Timeline {
  using rep = std::int64_t;
  using period = std::nano;
  using duration = std::chrono::nanoseconds;
  using time_point = std::chrono::time_point<Timeline>;
  static constexpr bool is_steady = true;
};

using Duration = Timeline::duration;  // nanoseconds; +-292 years
using Instant = Timeline::time_point;  // since the start of the run (simulation) or of the process

constexpr double seconds(Duration d) { return std::chrono::duration<double>(d).count(); }

}  // namespace mq
