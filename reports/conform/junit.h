// junit.xml of `mqttlab conform`: a case for each case and monitor, in the classes
// TARGET.VERSION.FILE, so that GitLab and Jenkins fold them.
#pragma once

#include <string>

#include "reports/conform/results.h"

namespace mq::report {

std::string conform_junit_xml(const ConformResults& results);

}  // namespace mq::report
