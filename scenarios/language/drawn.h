// Numbers of a link that may be distributions, and traces: from the document to what the link model
// takes. What check() refused reads as nothing; what only a look at several keys shows is a
// problem.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "scenarios/language/document.h"
#include "scenarios/language/problem.h"
#include "scenarios/language/shape.h"
#include "scenarios/language/value.h"
#include "sim/link/distribution.h"
#include "sim/link/rate.h"

namespace mq::scenario {

// Where the files are that a scenario names, and where problems go.
struct Reading {
  std::string folder;  // empty: the working directory
  Problems& problems;
};

// A number as the file has it, and where it comes from.
struct Written {
  std::string value;
  std::string source;
  bool operator==(const Written&) const = default;
};
// With the source beside it, or that of what it stands in.
Written written(const Node& node, std::string_view outer_source);

// What a bare number, or `value`, stands for.
enum class Bare : std::uint8_t { fixed, exponential_mean };

// In seconds, bits per second, or as it is. `shape` is Is::drawn.
std::optional<sim::link::Distribution> read_distribution(const Node& node, const Shape& shape,
                                                         Bare bare, Problems& problems);
// The scalar of a number that is not drawn, but perhaps sourced.
std::optional<Value> read_scalar(const Node& node, const Shape& shape);

struct ReadRate {
  double fixed = 0;  // 0: unlimited, or see `model`
  sim::link::RateModel model;
};
std::optional<ReadRate> read_rate(const Node& node, Reading& reading);

std::shared_ptr<const sim::link::RateTrace> read_trace(const Node& name, Reading& reading);

}  // namespace mq::scenario
