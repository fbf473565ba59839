// The swept parameters of a campaign file: grids, lists, Latin hypercubes, as axes.
#pragma once

#include <string_view>
#include <vector>

#include "campaign/campaign.h"

namespace mq::campaign {

// Of the whole file's mapping. Adds what is wrong with them to `problems`.
std::vector<Axis> read_axes(const scenario::Node& file, const scenario::Node& scenario,
                            scenario::Problems& problems);

}  // namespace mq::campaign
