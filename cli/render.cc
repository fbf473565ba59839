#include "cli/render.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "cli/text_file.h"
#include "reports/file/output_file.h"
#include "reports/html/html_report.h"
#include "reports/junit/junit.h"
#include "reports/results_json.h"
#include "reports/summary/summary.h"
#include "reports/text/escape.h"
#include "reports/text/format.h"

namespace mq::cli {
namespace {

std::string headline(const report::Results& results, const Terminal& terminal) {
  const auto counted = [&](checks::Verdict verdict) {
    return std::count_if(results.findings.begin(), results.findings.end(),
                         [&](const auto& finding) { return finding.verdict == verdict; });
  };
  std::string line;
  switch (results.verdict) {
    case checks::Verdict::held:
      line = terminal.good("HELD");
      break;
    case checks::Verdict::broken:
      line = terminal.bad("BROKEN");
      break;
    case checks::Verdict::not_tried:
      line = terminal.bad("NOTHING MEASURED");
      break;
  }
  line += fmt::format("  {}: {} promises held, {} broken, {} not tried",
                      report::visible(results.run.scenario), counted(checks::Verdict::held),
                      counted(checks::Verdict::broken), counted(checks::Verdict::not_tried));
  if (!results.complete)
    line +=
        fmt::format("; INTERRUPTED after {}", report::long_duration(results.reached - Instant{}));
  return line;
}

}  // namespace

std::optional<report::Results> read_results(const ResultsFolder& folder, std::string& why) {
  const auto text = read_text_file(folder.results());
  if (!text) {
    why = folder.results() + " cannot be read: there are no results";
    return std::nullopt;
  }
  auto read = report::from_json(*text);
  if (auto* unreadable = std::get_if<report::Unreadable>(&read)) {
    why = folder.results() + ": " + unreadable->why;
    return std::nullopt;
  }
  return std::get<report::Results>(std::move(read));
}

std::optional<std::string> render_all(const report::Results& results, const ResultsFolder& folder) {
  const std::pair<std::string, std::string> files[] = {
      {folder.report(), report::to_html(results)},
      {folder.junit(), report::to_junit(results)},
      {folder.summary(), report::to_summary(results)},
  };
  for (const auto& [path, content] : files)
    if (const auto error = report::write_file(path, content))
      return path + " could not be written: " + error.message();
  return std::nullopt;
}

void write_bundle(const ResultsFolder& folder, const std::string& scenario_text,
                  const std::string& command) {
  const std::string path = folder.path + "/bundle";
  std::error_code error;
  std::filesystem::create_directories(path, error);
  const std::string how = "command:  " + command +
                          "\nmqttlab:  " MQTTLAB_VERSION "\ncompiler: " __VERSION__
                          "\nscenario: scenario.yaml, beside this file\n";
  if (!error) error = report::write_file(path + "/scenario.yaml", scenario_text);
  if (!error) error = report::write_file(path + "/reproduce.txt", how);
  if (error) {
    std::fprintf(stderr, "mqttlab: the bundle that reproduces this could not be written: %s\n",
                 error.message().c_str());
  } else {
    std::fprintf(stderr, "mqttlab: what reproduces this lies in %s\n", path.c_str());
  }
}

void print_verdict(const report::Results& results, const ResultsFolder& folder,
                   std::uint32_t repeated, const Terminal& terminal) {
  fmt::print("{}\n", headline(results, terminal));
  if (!results.why.empty()) fmt::print("  {}\n", report::visible(results.why));
  for (const checks::Finding& finding : results.findings) {
    if (finding.verdict != checks::Verdict::broken) continue;
    fmt::print("  {}  {} (limit: {}; measured: {})\n", terminal.bad("broken"),
               report::visible(finding.promise), report::visible(finding.limit),
               report::visible(finding.measured));
    if (!finding.evidence.empty())
      fmt::print("          {}\n", terminal.pale(report::visible(finding.evidence.front().text)));
  }
  for (const report::SometimesCount& state : results.sometimes)
    if (state.expected && state.times == 0)
      fmt::print("  {}  the run never came to this: {}\n", terminal.bad("not reached"),
                 report::visible(state.phrase));
  fmt::print("{} {}{}\n", terminal.pale("hash  "), results.hash,
             repeated > 1 ? fmt::format("  (the same in {} runs)", repeated) : "");
  fmt::print("{} {}\n", terminal.pale("repeat"), report::visible(results.command));
  fmt::print("{} {}\n", terminal.pale("report"), folder.report());
  std::fflush(stdout);
}

void print_json(const std::vector<report::Results>& results) {
  if (results.size() == 1) {
    fmt::print("{}\n", report::to_json(results.front()));
    return;
  }
  fmt::print("{{\"runs\": [");
  for (std::size_t i = 0; i < results.size(); ++i)
    fmt::print("{}{}", i == 0 ? "" : ",\n", report::to_json(results[i]));
  fmt::print("]}}\n");
}

}  // namespace mq::cli
