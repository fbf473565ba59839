// report.html of a comparison: one file without anything from outside, readable without a script.
#pragma once

#include <string>

#include "compare/comparison.h"
#include "reports/html/markup.h"

namespace mq::compare {

std::string html_page(const Comparison& comparison);

// Percentiles of all brokers over their seeds, as SVG; `at` is a position in Side::latencies'
// qualities of service.
report::Markup percentiles_svg(const Comparison& comparison, Qos qos);

}  // namespace mq::compare
