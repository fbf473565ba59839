// Results of cases as text, for people.
#pragma once

#include <string>

#include "conformance/runner/suite.h"

namespace mq::conformance {

struct Printing {
  std::string target;  // as it was named on the command line
  std::string cases;   // --cases, if they are not the built-in ones
  std::uint64_t seed = 1;
  bool with_transcript = false;
};

// One line; for what did not pass also why, what went over the wire, and how to run it again.
std::string to_text(const CaseResult& result, const std::vector<Statement>& statements,
                    const Printing& printing);
std::string summary(const std::vector<CaseResult>& results);

// A statement in our words, with its cases.
std::string explain(const Statement& statement, const Library& library);

}  // namespace mq::conformance
