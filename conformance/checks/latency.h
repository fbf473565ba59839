// How long messages took, in a histogram with a log axis: constant room, an error far below what a
// network varies by, and two of them add up.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "base/time.h"
#include "conformance/checks/finding.h"
#include "sim/trace/run_info.h"

namespace mq::checks {

class LatencyHistogram {
 public:
  LatencyHistogram();
  LatencyHistogram(const LatencyHistogram& other);
  LatencyHistogram(LatencyHistogram&&) noexcept;
  LatencyHistogram& operator=(LatencyHistogram other) noexcept;
  ~LatencyHistogram();

  void record(Duration latency);
  void merge(const LatencyHistogram& other);

  std::uint64_t count() const;
  // The smallest recorded value that at least `percent` of all do not exceed, to within the width
  // of a bin (relative_error_max), never outside what was recorded. Nothing if there is none.
  std::optional<Duration> percentile(double percent) const;
  std::optional<Duration> max() const;

  static constexpr double relative_error_max = 0.012;

 private:
  struct Bins;
  std::unique_ptr<Bins> bins_;
};

// `expectation.id` is "latency"; `all` holds one histogram for each QoS.
Finding judge_latency(const trace::Expectation& expectation, const LatencyHistogram (&all)[3]);

}  // namespace mq::checks
