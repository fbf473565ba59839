// From a recorded trace to the figures of a profile, and how well the one stands for the other.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "base/rng.h"
#include "base/time.h"
#include "sim/link/bursts.h"
#include "sim/link/outages.h"
#include "sim/link/rate.h"
#include "sim/link/rate_trace.h"

namespace mq::sim::link {

struct TraceFigures {
  double mean_bits_per_second = 0;
  std::vector<double> rates;     // bit/s in each second that is mostly in service, ascending
  double correlation = 0;        // of such a second's rate with that of the next
  std::vector<double> outages;   // their lengths in seconds, ascending
  std::vector<double> services;  // the times between them, likewise
};
// An outage is a gap that is longer than `shortest_outage`, which is positive.
TraceFigures figures_of(const RateTrace& trace, Duration shortest_outage);

// Slots in which nothing could be sent, as the bad state of Gilbert and Elliott.
BurstModel bursts_of(const RateTrace& trace, Duration slot);

// The quantiles that a fit keeps.
inline constexpr std::array fitted_shares{0.0,  0.01, 0.05, 0.1,  0.25, 0.5,
                                          0.75, 0.9,  0.95, 0.99, 1.0};

struct FittedLink {
  VaryingRate rate;
  std::optional<OutageModel> outages;
};
FittedLink fit(const TraceFigures& figures);

// What a sender that always has something to send gets through the model in this time, in packets
// of 1,500 bytes. Outages are what the engine makes of them: what leaves in one is lost.
RateTrace saturate(const RateModel& rate, const OutageModel* outages, Duration length, Rng rng);

// Kolmogorov and Smirnov's: the largest difference of the two shares below a value. Both ascending.
double ks_distance(const std::vector<double>& a, const std::vector<double>& b);

// Of ascending values; 0 of none.
double quantile(const std::vector<double>& ascending, double share);

}  // namespace mq::sim::link
