#include "reports/collect/log_histogram.h"

#include <cmath>

namespace mq::report {

Duration LogHistogram::middle_of(std::size_t bucket) const {
  const std::size_t octave = bucket >> shift_;
  const std::uint64_t step = bucket & ((1ULL << shift_) - 1);
  if (octave == 0) return Duration(static_cast<std::int64_t>(step) * 1000 + 500);
  const std::uint64_t low = ((1ULL << shift_) + step) << (octave - 1);
  const std::uint64_t width = 1ULL << (octave - 1);
  return Duration(static_cast<std::int64_t>(low * 1000 + width * 500));
}

Duration LogHistogram::quantile(double share) const {
  if (count_ == 0) return Duration{};
  const auto rank = static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(count_)));
  if (rank >= count_) return max_;
  std::uint64_t seen = 0;
  for (std::size_t bucket = 0; bucket < counts_.size(); ++bucket) {
    seen += counts_[bucket];
    if (seen >= rank && seen > 0) return std::clamp(middle_of(bucket), min_, max_);
  }
  return max_;
}

}  // namespace mq::report
