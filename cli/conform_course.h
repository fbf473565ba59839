// Plays the cases of `mqttlab conform` against whichever target was named.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "cli/conform_flags.h"
#include "conformance/runner/expectations.h"
#include "conformance/runner/library.h"
#include "conformance/runner/suite.h"
#include "conformance/runner/target.h"

namespace mq::cli {

struct ConformCourse {
  std::vector<conformance::CaseResult> results;
  std::string lost;     // since when, and how, the target is gone
  std::string release;  // which program it is
  std::vector<std::string> notes = {};
};

// The rounds of --repeat over the same cases; a target that is lost, or a signal, ends them. Or the
// exit code of a target that could not be had, which has been told.
std::variant<ConformCourse, int> play_rounds(const ConformFlags& flags,
                                             const conformance::Target& target,
                                             const std::vector<const conformance::Case*>& cases,
                                             const conformance::Library& library,
                                             const conformance::Expectations& expectations);

}  // namespace mq::cli
