#include "conformance/checks/latency_histogram.h"

#include <cmath>

#include "base/ensure.h"

namespace mq::checks {

void LatencyHistogram::merge(const LatencyHistogram& other) {
  ensure(shift_ == other.shift_, "histograms that are added up have the same steps");
  if (counts_.size() < other.counts_.size()) counts_.resize(other.counts_.size());
  for (std::size_t i = 0; i < other.counts_.size(); ++i) counts_[i] += other.counts_[i];
  count_ += other.count_;
  min_ = std::min(min_, other.min_);
  max_ = std::max(max_, other.max_);
}

Duration LatencyHistogram::middle_of(std::size_t bucket) const {
  const std::size_t octave = bucket >> shift_;
  const std::uint64_t step = bucket & ((1ULL << shift_) - 1);
  if (octave == 0) return Duration(static_cast<std::int64_t>(step) * 1000 + 500);
  const std::uint64_t low = ((1ULL << shift_) + step) << (octave - 1);
  const std::uint64_t width = 1ULL << (octave - 1);
  return Duration(static_cast<std::int64_t>(low * 1000 + width * 500));
}

std::optional<Duration> LatencyHistogram::percentile(double percent) const {
  if (count_ == 0) return std::nullopt;
  const double exact = static_cast<double>(count_) * std::clamp(percent / 100, 0.0, 1.0);
  const auto rank = static_cast<std::uint64_t>(std::ceil(exact - 1e-9));
  if (rank <= 1) return min_;
  if (rank >= count_) return max_;
  std::uint64_t seen = 0;
  for (std::size_t bucket = 0; bucket < counts_.size(); ++bucket) {
    seen += counts_[bucket];
    if (seen >= rank) return std::clamp(middle_of(bucket), min_, max_);
  }
  return max_;
}

std::optional<Duration> LatencyHistogram::min() const {
  return count_ == 0 ? std::nullopt : std::optional(min_);
}

std::optional<Duration> LatencyHistogram::max() const {
  return count_ == 0 ? std::nullopt : std::optional(max_);
}

}  // namespace mq::checks
