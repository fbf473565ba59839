// From a run's results to what people and CI read.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "cli/results_folder.h"
#include "cli/terminal.h"
#include "reports/conform/results.h"
#include "reports/results.h"

namespace mq::cli {

// The results.json of a folder, of `run` or of `conform`; `why` says what is wrong with it.
using StoredResults = std::variant<report::Results, report::ConformResults>;
std::optional<StoredResults> read_any_results(const ResultsFolder& folder, std::string& why);
// The same, where only results of `run` are of use.
std::optional<report::Results> read_results(const ResultsFolder& folder, std::string& why);

// Writes report.html, junit.xml and summary.md beside results.json. What went wrong, if something
// did.
std::optional<std::string> render_all(const report::Results& results, const ResultsFolder& folder);

// The same for what `conform` found; write_conform() writes results.json too.
std::optional<std::string> render_conform(const report::ConformResults& results,
                                          const ResultsFolder& folder);
std::optional<std::string> write_conform(const report::ConformResults& results,
                                         const ResultsFolder& folder);

// What is needed to see a fault of ours again: scenario, command and versions in one folder.
void write_bundle(const ResultsFolder& folder, const std::string& scenario_text,
                  const std::string& command);

// The verdict on stdout: in words, the hash, the command, where the report lies. `repeated` runs
// had this hash.
void print_verdict(const report::Results& results, const ResultsFolder& folder,
                   std::uint32_t repeated, const Terminal& terminal);

// One run: its results.json. Several: {"runs": [...]}.
void print_json(const std::vector<report::Results>& results);

}  // namespace mq::cli
