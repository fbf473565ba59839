// The differences of a comparison in sentences, each with its evidence.
#pragma once

#include <string>

#include "compare/comparison.h"

namespace mq::compare {

// The rules of the standard that are watched stand among the promises, by ids of their own.
std::string id_of_standard(const std::string& finding);
bool is_of_standard(const std::string& id);

Spread spread_of(const Side& side, const std::string& metric);
// "6.00 s (5.98 s to 6.02 s)"; "not measured"
std::string spread_text(const Spread& spread, gate::Unit unit);

// Of side `at` against the first.
void add_differences(Comparison& all, std::size_t at, const gate::ScenarioChange& change);
// Cases of the standard that one passes and another fails.
void add_conformance(Comparison& all);

}  // namespace mq::compare
