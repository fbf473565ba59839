// Counts durations in buckets whose width grows with the value, so that the relative error is the
// same everywhere: at most 1 / (2 * steps). Grows with the largest value seen, never with the
// count.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <vector>

#include "base/time.h"

namespace mq::report {

class LogHistogram {
 public:
  // `steps` buckets per doubling, a power of two.
  explicit LogHistogram(std::uint32_t steps)
      : shift_(static_cast<std::uint32_t>(std::countr_zero(steps))) {}

  void add(Duration value) {
    const std::size_t bucket = bucket_of(value);
    if (bucket >= counts_.size()) counts_.resize(bucket + 1);
    ++counts_[bucket];
    min_ = count_ == 0 ? value : std::min(min_, value);
    max_ = std::max(max_, value);
    ++count_;
  }

  std::uint64_t count() const { return count_; }
  Duration min() const { return min_; }
  Duration max() const { return max_; }

  // The smallest value that at least `share` of all values do not exceed; zero of nothing. Exact at
  // both ends.
  Duration quantile(double share) const;

 private:
  // Microseconds below 2^shift are buckets of their own; above, the leading bits choose.
  std::size_t bucket_of(Duration value) const {
    const auto us = static_cast<std::uint64_t>(std::max<std::int64_t>(value.count(), 0)) / 1000;
    const auto width = static_cast<std::uint32_t>(std::bit_width(us));
    if (width <= shift_) return us;
    const std::uint32_t drop = width - shift_ - 1;
    return (static_cast<std::size_t>(drop + 1) << shift_) + ((us >> drop) & ((1ULL << shift_) - 1));
  }
  Duration middle_of(std::size_t bucket) const;

  std::uint32_t shift_;
  std::vector<std::uint32_t> counts_;
  std::uint64_t count_ = 0;
  Duration min_{};
  Duration max_{};
};

}  // namespace mq::report
