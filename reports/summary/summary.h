// The verdict in short: summary.md for a merge request or a job's page, and lines for a terminal.
#pragma once

#include <cstdint>
#include <string>

#include "reports/results.h"

namespace mq::report {

std::string summary_markdown(const Results& results);

enum class Colour : std::uint8_t { off, on };
// What `mqttlab run` prints when it is done: the verdict, the promises that did not hold, hash and
// command. No text of a run can carry an escape sequence or a line break.
std::string terminal_text(const Results& results, Colour colour);

}  // namespace mq::report
