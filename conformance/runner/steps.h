// The lines of a case's script read into steps, for one version.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "conformance/runner/case.h"
#include "scenarios/language/problem.h"

namespace mq::conformance {

struct Line {
  std::string text;
  Place place;  // of its first character
};

scenario::Problems read_steps(const std::vector<Line>& lines, Version version, Role role,
                              std::vector<Step>& steps);

}  // namespace mq::conformance
