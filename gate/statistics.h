// Is one sample larger than another, and by how much? For some few to some hundred values of whose
// distribution nothing is known: ranks, no means of normal distributions. No state, no chance.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace mq::gate {

struct RankTest {
  double p = 1;       // two-sided: how likely so large a difference is if there is none
  double effect = 0;  // Cliff's delta, P(after > before) - P(after < before): -1 ... 1
};

// Mann and Whitney's U test (1947), ties ranked in the middle. Exact, given the ties, up to
// `exact_values_max` values in both; the normal approximation beyond, corrected for ties and for
// continuity. Two empty samples, or one, do not differ.
inline constexpr std::size_t exact_values_max = 60;
RankTest rank_test(std::span<const double> before, std::span<const double> after);

// Fisher's exact test, one-sided: how likely it is that `after` has so many of all hits, or more,
// if a hit is as likely there as it is in `before`.
struct Share {
  std::uint64_t hits = 0;
  std::uint64_t of = 0;
};
double more_often(Share before, Share after);

// Between two of the values, in their order, lies the median of what they were drawn from, with a
// confidence of at least `wanted`; nothing is assumed of the distribution. With too few values it
// is all of them, and the confidence is what that gives.
struct Interval {
  double low = 0;
  double high = 0;
  double confidence = 0;
};
Interval median_interval(std::span<const double> values, double wanted = 0.95);

double mean(std::span<const double> values);    // of no value: 0
double median(std::span<const double> values);  // of no value: 0

}  // namespace mq::gate
