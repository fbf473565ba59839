#include "cli/render.h"

#include <fmt/format.h>

#include <cstdio>
#include <filesystem>

#include "cli/text_file.h"
#include "installation/installation.h"
#include "reports/conform/junit.h"
#include "reports/conform/page.h"
#include "reports/conform/results_json.h"
#include "reports/conform/summary.h"
#include "reports/file/output_file.h"
#include "reports/html/page.h"
#include "reports/junit/junit.h"
#include "reports/results_json.h"
#include "reports/summary/summary.h"

namespace mq::cli {
std::optional<StoredResults> read_any_results(const ResultsFolder& folder, std::string& why) {
  const auto text = read_text_file(folder.results());
  if (!text) {
    why = folder.results() + " cannot be read: there are no results";
    return std::nullopt;
  }
  auto read = report::any_from_json(*text);
  if (auto* results = std::get_if<report::Results>(&read)) return std::move(*results);
  if (auto* results = std::get_if<report::ConformResults>(&read)) return std::move(*results);
  why = folder.results() + ": " + std::get<report::Unreadable>(read).why;
  return std::nullopt;
}

std::optional<report::Results> read_results(const ResultsFolder& folder, std::string& why) {
  auto read = read_any_results(folder, why);
  if (!read) return std::nullopt;
  if (auto* results = std::get_if<report::Results>(&*read)) return std::move(*results);
  why = folder.results() + ": of `mqttlab conform`, not of a run";
  return std::nullopt;
}

std::optional<std::string> render_all(const report::Results& results, const ResultsFolder& folder) {
  const std::pair<std::string, std::string> files[] = {
      {folder.report(), report::html_page(results)},
      {folder.junit(), report::junit_xml(results)},
      {folder.summary(), report::summary_markdown(results)},
  };
  for (const auto& [path, content] : files)
    if (const auto error = report::write_file(path, content))
      return path + " could not be written: " + error.message();
  return std::nullopt;
}

std::optional<std::string> render_conform(const report::ConformResults& results,
                                          const ResultsFolder& folder) {
  const std::pair<std::string, std::string> files[] = {
      {folder.report(), report::conform_page({results})},
      {folder.junit(), report::conform_junit_xml(results)},
      {folder.summary(), report::conform_summary_markdown(results)},
  };
  for (const auto& [path, content] : files)
    if (const auto error = report::write_file(path, content))
      return path + " could not be written: " + error.message();
  return std::nullopt;
}

std::optional<std::string> write_conform(const report::ConformResults& results,
                                         const ResultsFolder& folder) {
  if (const auto error = report::write_file(folder.results(), report::to_json(results)))
    return folder.results() + " could not be written: " + error.message();
  return render_conform(results, folder);
}

void write_bundle(const ResultsFolder& folder, const std::string& scenario_text,
                  const std::string& command) {
  const std::string path = folder.path + "/bundle";
  std::error_code error;
  std::filesystem::create_directories(path, error);
  const std::string how = "command:  " + command + "\nmqttlab:  " + version() +
                          "\ncompiler: " __VERSION__
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
  fmt::print("{}", report::terminal_text(
                       results, terminal.color() ? report::Colour::on : report::Colour::off));
  if (repeated > 1) fmt::print("        the same hash in {} runs\n", repeated);
  fmt::print("report  {}\n", folder.report());
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
