// The results of a campaign for other programs: every point with each broker, its counts and the
// medians of its figures.
#pragma once

#include <string>

#include "campaign/summary.h"

namespace mq::campaign {

std::string to_json(const Summary& summary);
// A line per point and broker; what is no number there is a text as the campaign file has it.
std::string to_csv(const Summary& summary);

}  // namespace mq::campaign
