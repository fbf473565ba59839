// From what `conform` found to what people and machines read: results.json, report.html, junit.xml,
// summary.md and the packets of what did not pass.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/results_folder.h"
#include "conformance/runner/suite.h"
#include "reports/conform/results.h"

namespace mq::cli {

// What is known of a run beside its cases.
struct ConformAbout {
  std::string target;
  std::string release;
  std::uint64_t seed = 0;
  std::string again;      // the command up to and without what selects
  std::string selection;  // as on the command line; empty: everything
  std::string started;
  double wall_seconds = 0;
  bool is_virtual = false;
  std::string lost;
  int interrupted_with = 0;  // the exit code of a signal that ended it early; 0: none did
  std::vector<std::string> notes;
};

// Writes capture.pcap into the folder, if there is one.
report::ConformResults conform_results(const std::vector<conformance::CaseResult>& results,
                                       const conformance::Library& library,
                                       const ConformAbout& about, const ResultsFolder* folder);

// Of statements, how many can be checked, have a check, and were checked in these results.
std::vector<report::ConformCoverage> coverage_of(
    const std::vector<conformance::CaseResult>& results, const conformance::Library& library);
std::string coverage_text(const std::vector<report::ConformCoverage>& coverage);

// The ids of what failed in results.json of this folder; nothing if there is none, and `why`.
std::optional<std::vector<std::string>> last_failed(const ResultsFolder& folder, std::string& why);

std::string default_conform_path(const std::string& target);

}  // namespace mq::cli
