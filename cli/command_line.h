// The frame of the programs whose verbs CLI11 parses: help, version, usage errors, exit codes.
#pragma once

#include <span>

#include "cli/verbs.h"

namespace mq::cli {

using AddVerb = void (*)(CLI::App& app, int& exit_code);

// Runs the verb that the arguments name. Catches whatever it throws: a fault of mqttlab itself.
int run_command_line(int argc, char** argv, std::span<const AddVerb> verbs);

}  // namespace mq::cli
