// Client programs of this machine that a scenario wants as members of its fleet.
#pragma once

#include "scenarios/plan.h"

namespace mq::cli {

bool has_programs(const scenario::Plan& plan);

// Whoever starts a program needs its path: each is looked for, as a shell would, and `{folder}` in
// its words becomes the folder of the scenario. Throws NoBroker with the command that installs it.
void find_programs(scenario::Plan& plan);

}  // namespace mq::cli
