// A comparison for a terminal and for programs.
#pragma once

#include <string>

#include "compare/comparison.h"

namespace mq::compare {

std::string plain_text(const Comparison& comparison);

// compare.json: everything but the texts of conformance cases, with a schema version.
inline constexpr int schema_version = 1;
std::string to_json(const Comparison& comparison);

}  // namespace mq::compare
