// A failure as text, with its four parts: the statement, what was sent, expected and came, the
// command that repeats it, the packets.
#pragma once

#include <string>

#include "reports/conform/results.h"

namespace mq::report {

std::string evidence_text(const ConformJudged& one, const ConformResults& results);

const ConformStatement* statement_of(const ConformResults& results, std::string_view id);

}  // namespace mq::report
