// A scenario file, understood or refused. Every problem of a file is listed with its place, up to
// problems_max, in the order of the file.
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "scenarios/language/problem.h"
#include "scenarios/plan.h"

namespace mq::scenario {

std::variant<Plan, Problems> parse(std::string_view text, std::string_view file_name);

// Reads the file as well; no more of it than a scenario may be long.
std::variant<Plan, Problems> load(const std::string& path);

}  // namespace mq::scenario
