// mqttlab report FOLDER FOLDER...: stored results of runs side by side, the differences first.
// `mqttlab report` (report.cc) has rendered each of them again before it hands over.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "cli/command_line.h"
#include "cli/comparison_files.h"
#include "cli/exit_code.h"
#include "cli/gate_rules.h"
#include "cli/programs.h"
#include "cli/render.h"
#include "cli/report_flags.h"
#include "cli/text_file.h"
#include "cli/verbs.h"
#include "compare/comparison.h"
#include "compare/render.h"
#include "installation/installation.h"

namespace mq::cli {
namespace {

namespace fs = std::filesystem;

// The folder as the report names it: from where the report lies.
std::string from(const std::string& output, const std::string& folder) {
  std::error_code error;
  const fs::path path = fs::relative(fs::absolute(folder), fs::absolute(output), error);
  return error || path.empty() ? fs::absolute(folder).string() : path.string();
}

// Short names that tell them apart: the last part of a path, if no other has it.
std::vector<std::string> names_of(const std::vector<std::string>& paths) {
  std::vector<std::string> names;
  std::set<std::string> seen;
  for (const std::string& path : paths) {
    const fs::path clean = fs::path(path).lexically_normal();
    names.push_back((clean.has_filename() ? clean : clean.parent_path()).filename().string());
    seen.insert(names.back());
  }
  return seen.size() == paths.size() ? names : paths;
}

class Stored {
 public:
  explicit Stored(const ReportFlags& flags) : flags_(flags) {
    all_.of = compare::Of::results;
    all_.rules = flags.rules;
    all_.program_version = version();
    all_.command = launcher_name() + " report";
    for (const std::string& path : flags.folders) all_.command += " " + quote_for_shell(path);
  }

  // The exit code.
  int compare_all() {
    const std::vector<std::string> names = names_of(flags_.folders);
    for (std::size_t i = 0; i < names.size(); ++i) {
      all_.sides.push_back({.name = names[i]});
      if (!add_side(flags_.folders[i])) return exit_code::usage;
    }
    const std::string output = flags_.comparison();
    all_ = compare::compare(std::move(all_));
    if (const auto trouble = write_comparison(all_, output)) {
      fmt::print(stderr, "mqttlab: {}\n", *trouble);
      return exit_code::fault;
    }
    fmt::print("\n{}report  {}/report.html\n", compare::plain_text(all_), output);
    return all_.problems.empty() ? code_ : graver(code_, exit_code::usage);
  }

 private:
  bool add_side(const std::string& path) {
    std::string why;
    const auto folders = results_below(folder_named(path), why);
    for (const std::string& folder : folders.value_or(std::vector<std::string>{})) {
      const auto results = read_results(ResultsFolder{folder}, why);
      if (!results || !is_of_the_same(*results, folder, why)) break;
      code_ = graver(code_, results->exit_code);
      add_versions(*results);
      compare::add_run(all_.sides.back(), *results, from(flags_.comparison(), folder));
    }
    if (why.empty()) return true;
    fmt::print(stderr, "mqttlab: {}\n", why);
    return false;
  }

  // Only runs of one scenario say anything about each other.
  bool is_of_the_same(const report::Results& results, const std::string& folder, std::string& why) {
    const std::string what = "`" + results.run.scenario + "` in the world " + results.run.world;
    if (scenario_.empty()) scenario_ = what;
    if (what == scenario_) return true;
    why = fmt::format(
        "{} is of {}, the others of {}: only runs of the same scenario can stand side "
        "by side",
        folder, what, scenario_);
    return false;
  }

  // Of versions of mqttlab, the one may be the whole difference.
  void add_versions(const report::Results& results) {
    auto& about = all_.sides.back().about;
    const report::Setting row{"mqttlab", results.program_version, ""};
    if (std::none_of(about.begin(), about.end(), [&](const report::Setting& other) {
          return other.name == row.name && other.value == row.value;
        }))
      about.push_back(row);
  }

  const ReportFlags& flags_;
  compare::Comparison all_;
  std::string scenario_;
  int code_ = exit_code::held;
};

}  // namespace

void add_compare_stored(CLI::App& app, int& exit_code) {
  auto flags = std::make_shared<ReportFlags>();
  add_report_flags(app, *flags).runs([flags, &exit_code] {
    exit_code = Stored(*flags).compare_all();
  });
}

}  // namespace mq::cli
