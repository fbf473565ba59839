// report.html of `mqttlab conform`: a matrix of targets by statements, one file without anything
// from outside. All of it is plain HTML: the script only filters, opens and closes.
#pragma once

#include <string>
#include <vector>

#include "reports/conform/results.h"

namespace mq::report {

// At least one target. The statements are those of the first that has them.
std::string conform_page(const std::vector<ConformResults>& targets);

}  // namespace mq::report
