// The expectation of how long messages take.
#pragma once

#include <string>

#include "conformance/checks/finding.h"
#include "conformance/checks/latency_histogram.h"
#include "sim/trace/run_info.h"

namespace mq::checks {

// `expectation.id` is "latency"; `all` holds one histogram for each QoS.
Finding judge_latency(const trace::Expectation& expectation, const LatencyHistogram (&all)[3]);

// A limit on a percentile of anything that takes time. Its sentence: `before`, "99 % of all",
// `within`, "90 s.".
Finding judge_percentile(const trace::Expectation& expectation, const LatencyHistogram& all,
                         std::string id, const std::string& before, const std::string& within);

}  // namespace mq::checks
