// How long messages took, in buckets whose width grows with the value: the relative error is the
// same everywhere. Grows with the largest value seen, never with the count, and two of them add up.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/time.h"

namespace mq::checks {

class LatencyHistogram {
 public:
  // `steps` buckets per doubling, a power of two: what is told is off by 1 / (2 * steps) at most,
  // or by half a microsecond.
  explicit LatencyHistogram(std::uint32_t steps = 128)
      : shift_(static_cast<std::uint32_t>(std::countr_zero(steps))) {}

  void record(Duration latency) {
    const std::size_t bucket = bucket_of(latency);
    if (bucket >= counts_.size()) counts_.resize(bucket + 1);
    ++counts_[bucket];
    ++count_;
    min_ = std::min(min_, latency);
    max_ = std::max(max_, latency);
  }
  // Both have the same steps.
  void merge(const LatencyHistogram& other);

  std::uint64_t count() const { return count_; }
  // The smallest recorded value that at least `percent` of all do not exceed, within the error
  // above, never outside what was recorded, and exact at both ends. Nothing of nothing.
  std::optional<Duration> percentile(double percent) const;
  std::optional<Duration> min() const;
  std::optional<Duration> max() const;

 private:
  // Microseconds below 2^shift are buckets of their own; above, the leading bits choose.
  std::size_t bucket_of(Duration latency) const {
    const auto us = static_cast<std::uint64_t>(std::max<std::int64_t>(latency.count(), 0)) / 1000;
    const auto width = static_cast<std::uint32_t>(std::bit_width(us));
    if (width <= shift_) return us;
    const std::uint32_t drop = width - shift_ - 1;
    return (static_cast<std::size_t>(drop + 1) << shift_) + ((us >> drop) & ((1ULL << shift_) - 1));
  }
  Duration middle_of(std::size_t bucket) const;

  std::uint32_t shift_;
  std::vector<std::uint64_t> counts_;
  std::uint64_t count_ = 0;
  Duration min_ = Duration::max();
  Duration max_ = Duration::min();
};

}  // namespace mq::checks
