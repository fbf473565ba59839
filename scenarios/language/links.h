// The links of a scenario.
#pragma once

#include <string_view>
#include <vector>

#include "scenarios/language/document.h"
#include "scenarios/language/drawn.h"
#include "scenarios/plan.h"

namespace mq::scenario {

// `node` is `links` of the file or nullptr; it has been checked.
std::vector<LinkPlan> read_links(const Node* node, Reading& reading);

// Networks of stations are for small fleets, one in a scenario and only in the ns-3 world. `links`
// and `world` are those of the file.
void check_stations(const Node* links, const Node* world, const Plan& plan, Problems& problems);

// The link that exists without being declared: the profile of that name.
inline constexpr std::string_view undeclared_link = "wired";

}  // namespace mq::scenario
