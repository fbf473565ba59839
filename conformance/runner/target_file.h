// A target file (YAML): what a broker's outside does not show. docs/conform.md lists the keys.
#pragma once

#include <string>
#include <string_view>

#include "conformance/runner/target.h"
#include "scenarios/language/problem.h"

namespace mq::conformance {

// Adds what the file says to `target`. Paths in it are relative to `folder`.
scenario::Problems read_target(std::string_view yaml, const std::string& folder, Target& target);

}  // namespace mq::conformance
