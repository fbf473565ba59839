// summary.md of `mqttlab conform`: the figures, and what did not pass, for a merge request.
#pragma once

#include <string>

#include "reports/conform/results.h"

namespace mq::report {

std::string conform_summary_markdown(const ConformResults& results);

}  // namespace mq::report
