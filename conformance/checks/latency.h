// The expectation of how long messages take.
#pragma once

#include "conformance/checks/finding.h"
#include "conformance/checks/latency_histogram.h"
#include "sim/trace/run_info.h"

namespace mq::checks {

// `expectation.id` is "latency"; `all` holds one histogram for each QoS.
Finding judge_latency(const trace::Expectation& expectation, const LatencyHistogram (&all)[3]);

}  // namespace mq::checks
