// The groups of a fleet: which versions can say what, and which topics are legal.
#pragma once

#include <vector>

#include "scenarios/language/document.h"
#include "scenarios/plan.h"

namespace mq::scenario {

// `node` is `fleet` of the file or nullptr; it has been checked. A group on the undeclared link
// adds it to `links`.
std::vector<GroupPlan> read_fleet(const Node* node, Duration duration, std::vector<LinkPlan>& links,
                                  Problems& problems);

}  // namespace mq::scenario
