// How fast a run opens connections, without I/O: a broker that limits connections is not to turn
// away what would be a test of something else. A bucket that fills with time; a case may take more
// than one connection, and the next case waits until that is made up for.
#pragma once

#include <cstddef>
#include <optional>

#include "base/time.h"

namespace mq::conformance {

struct PaceLimits {
  double per_second = 450;    // new connections; 0: any number
  std::size_t at_once = 800;  // open ones
};

class Pace {
 public:
  explicit Pace(PaceLimits limits) : limits_(limits), tokens_(burst()) {}

  void on_opened(std::size_t connections, Instant now);
  // Whether a case may begin now, with so many connections that are open.
  bool may_begin(std::size_t open, Instant now);
  // When time alone will let one begin that may not begin now.
  std::optional<Instant> next(Instant now);
  // A connection was turned away: fewer from now on, and none for a second.
  void slow_down(Instant now);

  const PaceLimits& limits() const { return limits_; }
  bool is_gentle() const { return limits_.per_second > 0 && limits_.per_second <= 500; }

 private:
  double burst() const { return limits_.per_second / 10 + 1; }
  void refill(Instant now);

  PaceLimits limits_;
  double tokens_;
  std::optional<Instant> filled_;
  Instant not_before_{};
};

}  // namespace mq::conformance
