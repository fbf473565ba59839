// How long messages took from the publishing application to the subscribing one, per QoS: over all
// of the run, and over time.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <vector>

#include "conformance/checks/latency_histogram.h"
#include "reports/collect/time_slots.h"
#include "reports/results.h"
#include "sim/trace/event.h"

namespace mq::report {

// The percentiles of all messages, and their number.
void take_whole(const checks::LatencyHistogram& all, Latency& into);

class LatencyFold {
 public:
  // Of each client the last attempts are remembered, `attempts_max` in all but at least 256 each;
  // what is delivered after that is counted as unmeasured.
  LatencyFold(const trace::RunInfo& run, Duration whole, std::size_t bins,
              std::size_t attempts_max);

  void observe(const trace::Event& event);
  void finish(Series& into) const;

 private:
  struct Publisher {
    std::uint64_t first = 0;  // number of attempts.front()
    std::deque<Instant> attempts;
  };
  struct PerQos {
    checks::LatencyHistogram all;
    std::vector<checks::LatencyHistogram> bins;
    std::uint64_t unmeasured = 0;
  };

  void attempted(const trace::Attempted& attempt, Instant at);
  void delivered(const trace::Delivered& delivery, Instant at);

  std::vector<Publisher> publishers_;
  std::vector<bool> keeps_retain_flag_;  // clients for whom RETAIN does not mean "old"
  std::size_t attempts_per_client_;
  TimeSlots slots_;
  std::array<PerQos, 3> per_qos_;
};

}  // namespace mq::report
