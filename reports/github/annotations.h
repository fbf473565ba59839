// What of a run's results becomes an annotation: what fails it, one each.
#pragma once

#include <vector>

#include "reports/conform/results.h"
#include "reports/github/github.h"
#include "reports/results.h"

namespace mq::report::github {

std::vector<Annotation> annotations_of(const Results& results);
std::vector<Annotation> annotations_of(const ConformResults& results);

}  // namespace mq::report::github
