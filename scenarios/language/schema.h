// The language as JSON Schema (draft-07), from the same table that the parser reads: editors check
// and complete with it. It knows what JSON Schema can say; what refers from one part of a file to
// another (names, times within the storm), only the parser judges.
#pragma once

#include <string>

namespace mq::scenario {

std::string scenario_schema();  // without a line end after it

}  // namespace mq::scenario
