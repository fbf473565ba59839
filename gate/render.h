// A comparison for people and for machines.
#pragma once

#include <string>

#include "gate/compare.h"

namespace mq::gate {

// "NEW is worse than BASE: 1 promise newly broken, 2 figures worse"
std::string headline(const Comparison& comparison);

// "p99 latency of QoS 1: 12.4 s -> 18.9 s (+52 %), p 0.0003, effect +0.81"
std::string metric_text(const MetricChange& change);

enum class Colour : std::uint8_t { off, on };
std::string terminal_text(const Comparison& comparison, Colour colour);
std::string summary_markdown(const Comparison& comparison);
// A suite per scenario, a case per promise and figure; what is worse has failed.
std::string junit_xml(const Comparison& comparison);
// gate.json: everything, with a schema version.
inline constexpr int schema_version = 1;
std::string to_json(const Comparison& comparison);

}  // namespace mq::gate
