#include "cli/conform_tell.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <cmath>
#include <cstdio>
#include <ctime>
#include <string>
#include <utility>
#include <vector>

#include "cli/conform_report.h"
#include "cli/exit_code.h"
#include "cli/github.h"
#include "cli/interrupt.h"
#include "cli/render.h"
#include "cli/text_file.h"
#include "conformance/runner/print.h"
#include "conformance/runner/suite.h"
#include "conformance/runner/watched.h"
#include "reports/conform/results_json.h"
#include "reports/conform/summary.h"
#include "reports/github/annotations.h"

namespace mq::cli {
namespace {

using Results = std::vector<conformance::CaseResult>;

void print_all(const Results& results, const conformance::Library& library,
               const ConformFlags& flags) {
  using conformance::Verdict;
  const conformance::Printing printing{
      flags.client.empty() ? flags.target : "--client '" + flags.client + "'", flags.cases,
      flags.seed, flags.verbose};
  for (const conformance::CaseResult& result : results) {
    const Verdict verdict = result.outcome.verdict;
    const bool is_plain = (verdict == Verdict::pass && result.outcome.reason.empty()) ||
                          verdict == Verdict::skipped || verdict == Verdict::known;
    if (!is_plain || flags.verbose)
      fmt::print("{}", conformance::to_text(result, library.statements, printing));
  }
  for (const conformance::CaseResult& result : results) {
    if (result.rounds.empty()) continue;
    fmt::print("flaky      {}:", result.which->id);
    for (const Verdict round : result.rounds) fmt::print(" {}", name(round));
    fmt::print("\n");
  }
  fmt::print("{}", conformance::summary(results));
  fmt::print("{}", conformance::to_text(conformance::watched_statements(results)));
}

// The flags that select, as they were given.
std::string selection_of(const ConformFlags& flags) {
  std::string text;
  const auto add = [&text](const char* flag, const std::string& value) {
    text += (text.empty() ? "" : " ") + std::string(flag) + " " + quote_for_shell(value);
  };
  for (const std::string& one : flags.selection.only) add("--only", one);
  for (const std::string& one : flags.selection.skip) add("--skip", one);
  if (!flags.selection.level.empty() && flags.selection.level != "all")
    add("--level", flags.selection.level);
  if (flags.shard != "1/1") add("--shard", flags.shard);
  if (flags.last_failed) text += (text.empty() ? "" : " ") + std::string("--last-failed");
  return text;
}

std::string command_of(const ConformFlags& flags) {
  std::string text = launcher_name() + " conform " +
                     (flags.client.empty() ? quote_for_shell(flags.target)
                                           : "--client " + quote_for_shell(flags.client));
  const std::pair<const char*, const std::string&> files[] = {
      {" --cases ", flags.cases}, {" --target ", flags.target_file}, {" --cafile ", flags.ca_file}};
  for (const auto& [flag, value] : files)
    if (!value.empty()) text += flag + quote_for_shell(value);
  if (!flags.longest.empty()) text += " --longest " + quote_for_shell(flags.longest);
  return text + (flags.insecure ? " --insecure" : "") + (flags.in_virtual_time ? " --virtual" : "");
}

ConformAbout about(const ConformFlags& flags, const ConformCourse& course, double wall_seconds) {
  ConformAbout about;
  about.target = name_of(flags);
  about.release = course.release;
  about.seed = flags.seed;
  about.again = command_of(flags);
  about.selection = selection_of(flags);
  about.started = fmt::format("{:%Y-%m-%dT%H:%M:%SZ}",
                              fmt::gmtime(std::time(nullptr) - std::lround(wall_seconds)));
  about.wall_seconds = wall_seconds;
  about.is_virtual = flags.target == "ours" || flags.client == "ours" || flags.in_virtual_time;
  about.lost = course.lost;
  about.interrupted_with = interrupt_seen() == 0 ? 0 : interrupt_exit_code();
  about.notes = course.notes;
  return about;
}

}  // namespace

std::string name_of(const ConformFlags& flags) {
  return flags.client.empty() ? flags.target : "client " + flags.client;
}

int tell(const ConformFlags& flags, const ResultsFolder& folder, const ConformCourse& course,
         const conformance::Library& library, double wall_seconds) {
  const report::ConformResults results =
      conform_results(course.results, library, about(flags, course, wall_seconds), &folder);
  if (const auto trouble = write_conform(results, folder)) {
    fmt::print(stderr, "mqttlab: {}\n", *trouble);
    return exit_code::fault;
  }
  if (flags.json) {
    fmt::print("{}", report::to_json(results));
  } else {
    print_all(course.results, library, flags);
    fmt::print("{}report  {}\n", coverage_text(results.coverage), folder.report());
  }
  for (const std::string& note : course.notes) fmt::print(stderr, "mqttlab: {}\n", note);
  if (!course.lost.empty()) fmt::print(stderr, "mqttlab: {}\n", course.lost);
  if (results.is_interrupted)
    fmt::print(stderr, "mqttlab: interrupted; {} of {} cases were not played\n",
               conformance::tally(course.results)[conformance::Verdict::skipped],
               course.results.size());
  if (github_wanted(flags.github))
    tell_github(report::github::annotations_of(results), report::conform_summary_markdown(results),
                flags.json);
  return results.exit_code;
}

}  // namespace mq::cli
