// Cases and statements as lists, for people and as JSON.
#pragma once

#include <vector>

#include "conformance/runner/library.h"

namespace mq::cli {

// The exit code: 4 if there is none.
int print_cases(const std::vector<const conformance::Case*>& cases,
                const conformance::Library& library, bool json);

}  // namespace mq::cli
