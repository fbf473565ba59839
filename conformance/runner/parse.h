// A file of cases (conformance/cases/README.md) read into cases, one per version and row of a
// table; or everything that is wrong with it, each with its place.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "conformance/runner/case.h"
#include "scenarios/language/problem.h"

namespace mq::conformance {

struct CaseFile {
  std::string name;  // for messages
  std::string text;
};

// Adds the file's cases to `cases`; ids are checked against those that are there already.
scenario::Problems read_cases(const CaseFile& file, std::vector<Case>& cases);

}  // namespace mq::conformance
