// The run cut into slices of the same length: what series over time are counted in.
#pragma once

#include <algorithm>
#include <cstddef>

#include "base/time.h"

namespace mq::report {

class TimeSlots {
 public:
  TimeSlots(Duration whole, std::size_t slots)
      : width_(std::max<Duration>(whole / static_cast<std::int64_t>(slots) + Duration(1),
                                  std::chrono::milliseconds(1))),
        last_(slots - 1) {}

  // What lies beyond the planned end counts in the last slot.
  std::size_t slot_of(Instant at) const {
    const std::int64_t since = std::max<std::int64_t>(at.time_since_epoch().count(), 0);
    return std::min(static_cast<std::size_t>(since / width_.count()), last_);
  }
  Instant begin_of(std::size_t slot) const {
    return Instant(width_ * static_cast<std::int64_t>(slot));
  }
  std::size_t count() const { return last_ + 1; }

 private:
  Duration width_;
  std::size_t last_;
};

}  // namespace mq::report
