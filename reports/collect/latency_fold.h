// How long messages took from the publishing application to the subscribing one, per QoS: over all
// of the run, and over time.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "conformance/checks/attempts.h"
#include "conformance/checks/latency_histogram.h"
#include "reports/collect/time_slots.h"
#include "reports/results.h"
#include "sim/trace/event.h"

namespace mq::report {

// The percentiles of all messages, and their number.
void take_whole(const checks::LatencyHistogram& all, Latency& into);

class LatencyFold {
 public:
  // Of a message that is no longer among the `attempts_max` (attempts.h), a delivery is counted as
  // unmeasured.
  LatencyFold(const trace::RunInfo& run, Duration whole, std::size_t bins,
              std::size_t attempts_max);

  void observe(const trace::Event& event);
  void finish(Series& into) const;

 private:
  struct PerQos {
    checks::LatencyHistogram all;
    std::vector<checks::LatencyHistogram> bins;
    std::uint64_t unmeasured = 0;
  };

  void delivered(const trace::Delivered& delivery, Instant at);

  checks::Attempts attempts_;
  std::vector<bool> keeps_retain_flag_;  // clients for whom RETAIN does not mean "old"
  TimeSlots slots_;
  std::array<PerQos, 3> per_qos_;
};

}  // namespace mq::report
