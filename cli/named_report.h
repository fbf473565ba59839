// `--report KIND=PATH`: a file of the results folder under a name of its own too.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mq::cli {

struct ReportKind {
  std::string_view name;  // "html"
  std::string_view file;  // "report.html"
};

// What `run` and `conform` write, and what `compare` writes.
inline constexpr ReportKind reports_of_results[] = {{"html", "report.html"},
                                                    {"json", "results.json"},
                                                    {"junit", "junit.xml"},
                                                    {"markdown", "summary.md"}};
inline constexpr ReportKind reports_of_comparison[] = {
    {"html", "report.html"}, {"json", "compare.json"}, {"text", "compare.txt"}};

// For --help.
std::string help_of_report(std::span<const ReportKind> kinds);

struct NamedReport {
  std::string file;
  std::string path;
};

// What the words of the command line ask for; the folders of their paths are made. Nothing if one
// cannot be had, and that is said: before anything runs.
std::optional<std::vector<NamedReport>> named_reports(const std::vector<std::string>& words,
                                                      std::span<const ReportKind> kinds);

// Once the folder is written. What went wrong, if something did.
std::optional<std::string> write_named(const std::vector<NamedReport>& reports,
                                       const std::string& folder);

}  // namespace mq::cli
