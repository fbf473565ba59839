// The words of a comparison, shared by all that render one.
#pragma once

#include <string>
#include <string_view>

#include "gate/compare.h"

namespace mq::gate {

std::string_view word(Change change);  // "worse", "better", "same", "not compared"
std::string value_text(double value, Unit unit);
// "12.4 s -> 18.9 s (+52 %), p 0.0003, effect +0.81"
std::string change_text(const MetricChange& change);
std::string runs_text(const ScenarioChange& scenario);  // "30 runs against 30 of BASE"

}  // namespace mq::gate
