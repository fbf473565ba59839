// The swept parameters as a reader sees them: what a heat map can have along its edges. A grid's
// parameter has its values, a hypercube's a few ranges, as no two of its points share a value.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "campaign/plan.h"

namespace mq::campaign {

inline constexpr std::size_t labels_max = 16;  // more values than these are put together in ranges

struct Dimension {
  std::string name;                 // "links.train.loss", "broker"
  std::vector<std::string> labels;  // in the order of the file, or of the ranges
  bool is_broker = false;
  std::vector<std::uint32_t> label_of_point;  // by point; of brokers empty
  std::uint32_t label(std::uint32_t point, std::uint32_t broker) const {
    return is_broker ? broker : label_of_point[point];
  }
};

// Those with more than one label.
std::vector<Dimension> dimensions(const Plan& plan);

}  // namespace mq::campaign
