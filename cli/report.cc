// mqttlab report FOLDER...: renders stored results again, without running again.
#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/command_line.h"
#include "cli/exit_code.h"
#include "cli/programs.h"
#include "cli/render.h"
#include "cli/report_flags.h"
#include "cli/verbs.h"
#include "reports/conform/page.h"
#include "reports/file/output_file.h"

namespace mq::cli {
namespace {

int complain(const std::string& why, int code) {
  fmt::print(stderr, "mqttlab: {}\n", why);
  return code;
}

// What `run` found. `folder`: where the reports go.
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

// Runs of several folders; never comes back but with a fault.
int hand_over(const ReportFlags& flags) {
  std::vector<std::string> words{"mqttlab", "report"};
  words.insert(words.end(), flags.folders.begin(), flags.folders.end());
  words.insert(words.end(), {"-o", flags.comparison(), "--p", fmt::format("{}", flags.rules.p_max),
                             "--effect", fmt::format("{}", flags.rules.effect_min)});
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  std::fflush(stdout);
  return become("mqttlab-compare", argv.data());
}

struct Rendered {
  int code = exit_code::held;
  std::size_t runs = 0;
  std::vector<report::ConformResults> targets;
};

// Reports go where the results are, but for those of a single FOLDER with -o.
std::optional<ResultsFolder> target_of(const ReportFlags& flags, const std::string& named,
                                       const std::string& folder, std::string& why) {
  if (flags.folders.size() > 1 || flags.output.empty()) return ResultsFolder{folder};
  namespace fs = std::filesystem;
  const fs::path below = fs::path(folder).lexically_relative(named);
  const ResultsFolder target{below.empty() || below == "." ? flags.output
                                                           : (flags.output / below).string()};
  const auto trouble = make_folder(target.path);
  if (!trouble) return target;
  why = *trouble;
  return std::nullopt;
}

void render_one(const ResultsFolder& stored, const ResultsFolder& folder, Rendered& all) {
  std::string why;
  auto read = read_any_results(stored, why);
  if (!read) {
    all.code = graver(all.code, complain(why, exit_code::usage));
    return;
  }
  if (const auto* results = std::get_if<report::Results>(&*read)) {
    ++all.runs;
    all.code = graver(all.code, render_run(*results, folder));
    return;
  }
  auto& results = std::get<report::ConformResults>(*read);
  if (const auto trouble = render_conform(results, folder))
    all.code = graver(all.code, complain(*trouble, exit_code::fault));
  else
    fmt::print("{}\n", folder.report());
  all.code = graver(all.code, results.exit_code);
  all.targets.push_back(std::move(results));
}

int render(const ReportFlags& flags) {
  Rendered all;
  for (const std::string& path : flags.folders) {
    const std::string named = folder_named(path);
    std::string why;
    const auto folders = results_below(named, why);
    if (!why.empty()) all.code = graver(all.code, complain(why, exit_code::usage));
    for (const std::string& lost : runs_without_results(named))
      complain(why_without_results(lost), exit_code::held);
    for (const std::string& folder : folders.value_or(std::vector<std::string>{}))
      if (const auto target = target_of(flags, named, folder, why))
        render_one(ResultsFolder{folder}, *target, all);
      else
        all.code = graver(all.code, complain(why, exit_code::usage));
  }
  if (all.targets.size() > 1) return graver(all.code, render_matrix(all.targets, flags.matrix()));
  const bool can_be_compared = all.code != exit_code::usage && all.code != exit_code::fault;
  return flags.folders.size() > 1 && all.runs > 1 && all.targets.empty() && can_be_compared
             ? hand_over(flags)
             : all.code;
}

}  // namespace

void add_report(CLI::App& app, int& exit_code) {
  auto flags = std::make_shared<ReportFlags>();
  add_report_flags(app, *flags).runs([flags, &exit_code] { exit_code = render(*flags); });
}

}  // namespace mq::cli
