// When the transmitter has sent what it is given: at a rate that is fixed, changes by chance, is
// replayed from a trace, or comes in opportunities at exponential intervals.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "base/rng.h"
#include "base/time.h"
#include "sim/chance.h"
#include "sim/link/correlated.h"
#include "sim/link/distribution.h"
#include "sim/link/rate_trace.h"

namespace mq::sim::link {

// Drawn anew at the end of each interval.
struct VaryingRate {
  Distribution bits_per_second;
  Duration every = std::chrono::seconds(1);
  double correlation = 0;  // of one interval with the next
};

struct RateModel {
  std::optional<VaryingRate> varying;
  std::shared_ptr<const RateTrace> trace;
  bool starts_anywhere = false;  // in the trace: each device at a place of its own
  // Opportunities of 1,500 bytes at exponential intervals that come to this rate; 0: none.
  double poisson_bits_per_second = 0;

  bool is_there() const { return varying || trace || poisson_bits_per_second > 0; }
};

class Rate {
 public:
  // `model` outlives this.
  Rate(const RateModel& model, Rng rng);

  // `start` never goes back, and is not before what the last call returned.
  Instant finish(Instant start, std::size_t bytes, Chance& chance);

 private:
  Instant finish_varying(Instant start, double bits, Chance& chance);
  Instant finish_steps(Instant start, double bits);
  Instant finish_opportunities(Instant start, std::size_t bytes);
  Instant finish_poisson(Instant start, std::size_t bytes, Chance& chance);

  const RateModel& model_;
  Rng rng_;
  Correlated draws_;
  std::int64_t interval_ = -1;  // of the rate drawn last
  double bits_per_second_ = 0;
  Duration offset_{};       // in the trace
  std::int64_t round_ = 0;  // of the trace, and the place in it
  std::size_t place_ = 0;
  std::size_t left_ = 0;  // bytes of this opportunity
  Instant opportunity_{};
};

}  // namespace mq::sim::link
