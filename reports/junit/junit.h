// junit.xml as GitLab and Jenkins read it: a suite per scenario, a case per promise.
#pragma once

#include <string>

#include "reports/results.h"

namespace mq::report {

// A promise that was not tried is skipped, with its reason; it is a failure if the scenario asks
// for it and that made the run fail.
std::string junit_xml(const Results& results);

}  // namespace mq::report
