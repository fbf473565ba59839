// The files of a comparison.
#pragma once

#include <optional>
#include <string>

#include "compare/comparison.h"

namespace mq::cli {

// report.html, compare.json and compare.txt into `folder`. What went wrong, if something did.
std::optional<std::string> write_comparison(const compare::Comparison& comparison,
                                            const std::string& folder);

}  // namespace mq::cli
