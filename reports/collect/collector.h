// Gathers from a trace what the report shows over time. A fold with bounded state: the same for an
// hour of ten clients and a week of ten thousand.
#pragma once

#include <array>
#include <cstddef>
#include <span>

#include "reports/collect/band_fold.h"
#include "reports/collect/latency_fold.h"
#include "reports/collect/silence_fold.h"
#include "reports/collect/timeline_fold.h"
#include "reports/results.h"
#include "sim/trace/event.h"

namespace mq::report {

struct CollectorLimits {
  std::size_t fleet_bins = 240;
  std::size_t latency_bins = 120;
  std::size_t bands_max = 2'000;
  std::size_t timelines_max = 200;                  // clients with a time line in the report
  std::size_t segments_max = 20'000;                // of these time lines, in all
  std::size_t segments_remembered_max = 400'000;    // during the run, all clients
  std::size_t attempts_remembered_max = 4'000'000;  // during the run, all clients
};

class Collector final : public trace::Observer {
 public:
  // `run` is only looked at here.
  explicit Collector(const trace::RunInfo& run, const CollectorLimits& limits = {});

  void observe(const trace::Event& event) override;

  // After the last event, once. The clients that evidence names get a time line in any case.
  Series finish(Instant end, std::span<const checks::Finding> findings);

 private:
  void count_packet(const trace::PacketSeen& packet);

  CollectorLimits limits_;
  TimelineFold timeline_;
  LatencyFold latency_;
  BandFold bands_;
  SilenceFold silence_;
  std::array<PacketCount, 16> packets_{};  // by Kind
  std::uint64_t events_ = 0;
};

}  // namespace mq::report
