// mqttlab report FOLDER...: renders stored results again, without running again.
#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "cli/command_line.h"
#include "cli/exit_code.h"
#include "cli/render.h"
#include "cli/verbs.h"
#include "reports/conform/page.h"
#include "reports/file/output_file.h"

namespace mq::cli {
namespace {

struct ReportFlags {
  std::vector<std::string> folders;
  std::string output = "results/conform-matrix";
};

// A folder is named by itself, or by the results.json in it.
std::string folder_named(const std::string& path) {
  const std::filesystem::path file(path);
  if (file.filename() != "results.json") return path;
  return file.has_parent_path() ? file.parent_path().string() : ".";
}

int complain(const std::string& why, int code) {
  fmt::print(stderr, "mqttlab: {}\n", why);
  return code;
}

// What `run` found.
int render_run(const report::Results& results, const ResultsFolder& folder) {
  if (const auto trouble = render_all(results, folder)) return complain(*trouble, exit_code::fault);
  fmt::print("{}\n", folder.report());
  return results.exit_code;
}

// What `conform` found; several go into one matrix too.
int render_matrix(const std::vector<report::ConformResults>& targets, const std::string& output) {
  const ResultsFolder folder{output};
  std::error_code error;
  std::filesystem::create_directories(folder.path, error);
  if (!error) error = report::write_file(folder.report(), report::conform_page(targets));
  if (error)
    return complain(folder.report() + " could not be written: " + error.message(),
                    exit_code::fault);
  fmt::print("{}\n", folder.report());
  return exit_code::held;
}

int render(const ReportFlags& flags) {
  int code = exit_code::held;
  std::vector<report::ConformResults> targets;
  for (const std::string& path : flags.folders) {
    const ResultsFolder folder{folder_named(path)};
    std::string why;
    auto read = read_any_results(folder, why);
    if (!read) {
      code = graver(code, complain(why, exit_code::usage));
      continue;
    }
    if (const auto* results = std::get_if<report::Results>(&*read)) {
      code = graver(code, render_run(*results, folder));
      continue;
    }
    auto& results = std::get<report::ConformResults>(*read);
    if (const auto trouble = render_conform(results, folder))
      code = graver(code, complain(*trouble, exit_code::fault));
    else
      fmt::print("{}\n", folder.report());
    code = graver(code, results.exit_code);
    targets.push_back(std::move(results));
  }
  return targets.size() > 1 ? graver(code, render_matrix(targets, flags.output)) : code;
}

}  // namespace

void add_report(CLI::App& app, int& exit_code) {
  auto flags = std::make_shared<ReportFlags>();
  Command verb(app, "report",
               "render the reports of results folders again; ends like the run did. Several of "
               "`conform` make one matrix");
  verb.option("FOLDER", flags->folders, "results folders, or the results.json in them").required();
  verb.option("-o,--output", flags->output, "where the matrix goes (results/conform-matrix)");
  verb.runs([flags, &exit_code] { exit_code = render(*flags); });
}

}  // namespace mq::cli
