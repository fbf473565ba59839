// A Latin hypercube (McKay, Beckman and Conover, 1979): with n points, each parameter's range is
// cut into n strata and each stratum is hit once, so that few points cover many parameters.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "campaign/campaign.h"
#include "scenarios/language/shape.h"

namespace mq::campaign {

// From `low` to `high`, both within, in the base unit of the quantity: seconds, bit/s, bytes, 0
// ... 1.
struct Range {
  std::string path;
  scenario::Is is = scenario::Is::decimal;
  bool whole_seconds = false;
  double low = 0;
  double high = 0;
  bool is_log = false;  // a stratum is a factor, not a difference
};

// `{ from: 10ms, to: 2s, scale: log }` for a value of `shape`.
std::optional<Range> read_range(const std::string& path, const scenario::Node& node,
                                const scenario::Shape& shape, scenario::Problems& problems);

// The same numbers on every machine. Adding a range shifts nothing in the others.
Axis hypercube(const std::vector<Range>& ranges, std::uint64_t points, std::uint64_t seed);

// A number in the base unit as the scenario language writes it, rounded to three digits.
std::string written(const Range& range, double value);

}  // namespace mq::campaign
