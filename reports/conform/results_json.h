// results.json of `mqttlab conform`, written and read.
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "reports/conform/results.h"
#include "reports/results_json.h"

namespace mq::report {

std::string to_json(const ConformResults& results);
std::variant<ConformResults, Unreadable> conform_from_json(std::string_view text);

// Of whichever verb wrote it: `run` or `conform`.
using AnyResults = std::variant<Results, ConformResults, Unreadable>;
AnyResults any_from_json(std::string_view text);

}  // namespace mq::report
