// The files of `mqttlab conform`: what a target's outside does not show, and what is known of it.
#pragma once

#include <string>

#include "cli/conform_flags.h"
#include "conformance/runner/expectations.h"
#include "conformance/runner/library.h"
#include "conformance/runner/target.h"

namespace mq::cli {

// The target as flags and files describe it; false: what is wrong has been told.
bool describe_target(const ConformFlags& flags, conformance::Target& target);

// The file that says what is known of this target; empty: there is none.
std::string expectations_file(const ConformFlags& flags);

// Reads the expectations, if there are any; false: what is wrong has been told. With `may_be_new`
// the file need not be there.
bool read_expectations_file(const std::string& file, bool may_be_new,
                            const conformance::Library& library,
                            conformance::Expectations& expectations);

}  // namespace mq::cli
