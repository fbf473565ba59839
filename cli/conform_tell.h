// Tells what came of `mqttlab conform`: on the terminal, in the results folder, to GitHub Actions.
#pragma once

#include "cli/conform_course.h"
#include "cli/conform_flags.h"
#include "cli/results_folder.h"
#include "conformance/runner/library.h"

namespace mq::cli {

// Of the target, for people and for folders.
std::string name_of(const ConformFlags& flags);

// Prints and writes it; the exit code.
int tell(const ConformFlags& flags, const ResultsFolder& folder, const ConformCourse& course,
         const conformance::Library& library, double wall_seconds);

}  // namespace mq::cli
