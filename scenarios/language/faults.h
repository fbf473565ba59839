// Faults and expectations: whom they mean, and whether they fit into the run.
#pragma once

#include <vector>

#include "scenarios/language/document.h"
#include "scenarios/plan.h"

namespace mq::scenario {

// The nodes are `faults` and `expect` of the file or nullptr; they have been checked. `plan` has
// its duration, links and groups.
std::vector<FaultPlan> read_faults(const Node* node, const Plan& plan, Problems& problems);
// Links get what faults need of them.
void give_borders(Plan& plan);
std::vector<trace::Expectation> read_expectations(const Node* node, const Plan& plan,
                                                  Problems& problems);

}  // namespace mq::scenario
