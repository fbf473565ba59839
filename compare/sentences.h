// The differences of a comparison in sentences, each with its evidence.
#pragma once

#include <string>
#include <string_view>

#include "compare/comparison.h"

namespace mq::compare {

// The rules of the standard that are watched stand among the promises, by ids of their own.
std::string id_of_standard(const std::string& finding);
bool is_of_standard(const std::string& id);

Spread spread_of(const Side& side, const std::string& metric);
// "6.00 s (5.98 s to 6.02 s)"; "not measured"
std::string spread_text(const Spread& spread, gate::Unit unit);
// "10 seeds each, the same for all."; of stored results, "1 run of before, 3 runs of after"
std::string runs_text(const Comparison& all);
// "brokers", "results"
std::string_view sides_word(const Comparison& all);

// Of side `at` against the first.
void add_differences(Comparison& all, std::size_t at, const gate::ScenarioChange& change);
// What differs in so few runs that nothing can be tested, if it would matter: by the middle of
// them.
void add_seen(Comparison& all, std::size_t at);
// Cases of the standard that one passes and another fails.
void add_conformance(Comparison& all);

}  // namespace mq::compare
