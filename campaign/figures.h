// The figures that are kept of each run: those that `mqttlab gate` compares.
#pragma once

#include <string>

#include "gate/metrics.h"

namespace mq::campaign {

using gate::Unit;
using Figure = gate::KnownMetric;
inline constexpr const auto& figures = gate::known_metrics;

// As a column of the results: "latency_p50_qos0".
std::string column(const Figure& figure);

}  // namespace mq::campaign
