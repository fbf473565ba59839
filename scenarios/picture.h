// A link at a glance: its rate down and its delay over two minutes, as a line of blocks.
#pragma once

#include <string>
#include <vector>

#include "scenarios/plan.h"

namespace mq::scenario {

struct Picture {
  std::vector<double> bits_per_second;  // down, in 24 spans of 5 s; empty: no limit
  std::vector<double> delay_seconds;    // round trips of small packets, as many
};
Picture picture_of(const LinkPlan& link);

// One block a value, from low to high; on a logarithmic scale from the smallest to the largest,
// at least a factor of ten. Nothing at all is a blank.
std::string sparkline(const std::vector<double>& values);

}  // namespace mq::scenario
