// GitHub Actions as a place to report to.
#pragma once

#include <string>
#include <vector>

#include "reports/github/github.h"

namespace mq::cli {

// True in Actions, or if asked for.
bool github_wanted(bool asked);

// Prints the annotations, on stdout or, if `stdout_taken` by a document, on stderr (Actions reads
// both), and appends `markdown` to the step's summary if there is one.
void tell_github(const std::vector<report::github::Annotation>& annotations,
                 const std::string& markdown, bool stdout_taken);

}  // namespace mq::cli
