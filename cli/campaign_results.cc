// mqttlab campaign status, merge, report, show: everything about results that are there.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "campaign/export.h"
#include "cli/campaign.h"
#include "cli/campaign_files.h"
#include "cli/campaign_report.h"
#include "cli/exit_code.h"
#include "cli/text_file.h"
#include "reports/text/format.h"

namespace mq::cli {
namespace {

using campaign::ResultsError;
using campaign::ResultsFile;

// What the files' own trouble comes to.
template <class Work>
int guarded(const Work& work) try {
  return work();
} catch (const ResultsError& trouble) {
  fmt::print(stderr, "mqttlab: {}\n", trouble.what());
  return trouble.is_refused ? exit_code::usage : exit_code::fault;
}

std::vector<std::string> all_files(const std::vector<std::string>& words,
                                   const std::string& folder) {
  std::vector<std::string> files;
  for (const std::string& word : words)
    for (std::string& file : results_files(word, folder))
      if (std::find(files.begin(), files.end(), file) == files.end())
        files.push_back(std::move(file));
  return files;
}

// ---- status -------------------------------------------------------------------------------------

struct StatusFlags {
  std::vector<std::string> results;
  std::string folder;
  bool json = false;
};

int status(const StatusFlags& flags) {
  const auto stored = read_stored(all_files(flags.results, flags.folder));
  if (!stored) return exit_code::nothing;
  fmt::print(
      "{}", flags.json ? campaign::to_json(*stored->summary) : campaign::text_of(*stored->summary));
  return exit_code::held;
}

// ---- report -------------------------------------------------------------------------------------

struct ReportFlags {
  std::vector<std::string> results;
  CampaignReport wish;
};

std::string folder_of(const std::string& file) {
  const std::string folder = std::filesystem::path(file).parent_path().string();
  return folder.empty() ? "." : folder;
}

int report_verb(const ReportFlags& flags) {
  // What `run FILE -o DIR` left is meant by `report FILE -o DIR`.
  std::vector<std::string> files = all_files(flags.results, flags.wish.folder);
  if (files.empty()) files = all_files(flags.results, {});
  const auto stored = read_stored(files);
  if (!stored) return exit_code::nothing;
  CampaignReport wish = flags.wish;
  if (wish.folder.empty()) wish.folder = folder_of(files.front());
  if (const auto trouble = write_report(*stored->summary, wish)) {
    fmt::print(stderr, "mqttlab: {}\n", trouble->text);
    return trouble->is_usage ? exit_code::usage : exit_code::fault;
  }
  fmt::print("{}report    {}/report.html\n", campaign::text_of(*stored->summary), wish.folder);
  if (const std::uint64_t left = stored->summary->left(); left > 0)
    fmt::print(stderr, "mqttlab: {} of {} not there; `campaign run` makes what is missing\n",
               report::count(left), report::count(stored->summary->plan().runs(), "run"));
  return code_of(*stored->summary);
}

// ---- merge --------------------------------------------------------------------------------------

struct MergeFlags {
  std::vector<std::string> results;
  std::string output;
};

std::string target_of(const MergeFlags& flags) {
  if (!flags.output.empty()) return flags.output;
  std::error_code ignored;
  if (flags.results.size() == 1 && std::filesystem::is_directory(flags.results[0], ignored))
    return results_of_all(flags.results[0]);
  return {};
}

int complain_of_nothing() {
  fmt::print(stderr, "mqttlab: there are no results to merge\n");
  return exit_code::nothing;
}

campaign::MergeCount merge_all(const std::string& target, const std::vector<std::string>& files) {
  ResultsFile into(target, ResultsFile::Open::to_write);
  campaign::MergeCount all;
  for (const std::string& file : files) {
    const campaign::MergeCount one = into.merge(file);
    all.added += one.added;
    all.already_there += one.already_there;
    all.contradicting += one.contradicting;
  }
  return all;
}

// A target that was begun for nothing would be in the way of the next attempt.
campaign::MergeCount merge_into(const std::string& target, const std::vector<std::string>& files) {
  std::error_code ignored;
  const bool was_there = std::filesystem::exists(target, ignored);
  const auto forget = [&] {
    if (!was_there) std::filesystem::remove(target, ignored);
  };
  try {
    const campaign::MergeCount all = merge_all(target, files);
    if (all.added + all.already_there == 0) forget();
    return all;
  } catch (const ResultsError&) {
    forget();
    throw;
  }
}

int merge(const MergeFlags& flags) {
  const std::string target = target_of(flags);
  if (target.empty()) {
    fmt::print(stderr,
               "mqttlab: where to? -o FILE.db (a single folder is merged into its "
               "campaign.db)\n");
    return exit_code::usage;
  }
  std::vector<std::string> files = all_files(flags.results, {});
  std::error_code ignored;
  std::erase_if(files, [&](const std::string& file) {
    return std::filesystem::equivalent(file, target, ignored);
  });
  if (files.empty()) return complain_of_nothing();
  const campaign::MergeCount all = merge_into(target, files);
  if (all.added + all.already_there == 0) return complain_of_nothing();
  fmt::print("merged    {} of {}, {} were there already\nresults   {}\n",
             report::count(all.added, "result"), report::count(files.size(), "file"),
             report::count(all.already_there), target);
  if (all.contradicting == 0) return exit_code::held;
  fmt::print(stderr,
             "mqttlab: {} had two results with different hashes: the same seed took another "
             "course; this is a fault of mqttlab\n",
             report::count(all.contradicting, "run"));
  return exit_code::fault;
}

// ---- show ---------------------------------------------------------------------------------------

struct ShowFlags {
  std::string file;
  std::string run;
};

int show(const ShowFlags& flags) {
  auto loaded = load_campaign(flags.file);
  if (!loaded) return exit_code::usage;
  const campaign::Plan plan(std::move(*loaded));
  std::uint32_t run = 0;
  const char* const last = flags.run.data() + flags.run.size();
  const auto [end, fault] = std::from_chars(flags.run.data(), last, run);
  if (fault != std::errc() || end != last || run >= plan.runs()) {
    fmt::print(stderr, "mqttlab: --run {}: expected a number from 0 to {}\n", flags.run,
               plan.runs() - 1);
    return exit_code::usage;
  }
  fmt::print("# Run {} of {}: {}\n{}", run, plan.campaign().file, plan.label(plan.at(run).point),
             plan.text(plan.at(run)));
  return exit_code::held;
}

}  // namespace

void add_campaign_results(Command& campaign, int& exit_code) {
  auto status_flags = std::make_shared<StatusFlags>();
  Command status_verb = campaign.below("status", "how far it is, and what has broken so far");
  status_verb
      .option("RESULTS", status_flags->results, "the campaign file, a folder, or files of results")
      .required();
  status_verb.option("-o,--output", status_flags->folder,
                     "with a campaign file: the folder that `run -o` was given");
  status_verb.flag("--json", status_flags->json, "print everything as one JSON document");
  status_verb.runs(
      [status_flags, &exit_code] { exit_code = guarded([&] { return status(*status_flags); }); });

  auto report_flags = std::make_shared<ReportFlags>();
  Command report_below = campaign.below("report", "heat maps of where promises break, and tables");
  report_below
      .option("RESULTS", report_flags->results, "the campaign file, a folder, or files of results")
      .required();
  report_below.option("--x", report_flags->wish.x, "the parameter from left to right");
  report_below.option("--y", report_flags->wish.y, "the parameter from top to bottom");
  report_below.option("-o,--output", report_flags->wish.folder,
                      "folder for report.html, campaign.csv and campaign.json; default: where the "
                      "results are; with a campaign file, results in it are what is shown");
  report_below.runs([report_flags, &exit_code] {
    exit_code = guarded([&] { return report_verb(*report_flags); });
  });

  auto merge_flags = std::make_shared<MergeFlags>();
  Command merge_verb = campaign.below("merge", "put the results of shards together");
  merge_verb.option("RESULTS", merge_flags->results, "a folder, or files of results").required();
  merge_verb.option("-o,--output", merge_flags->output,
                    "the file that gets them; default: campaign.db in the folder");
  merge_verb.runs(
      [merge_flags, &exit_code] { exit_code = guarded([&] { return merge(*merge_flags); }); });

  auto show_flags = std::make_shared<ShowFlags>();
  Command show_verb = campaign.below("show", "print one run as a scenario for `mqttlab run`");
  show_verb.option("FILE", show_flags->file, "the campaign (YAML)").required();
  show_verb.option("--run", show_flags->run, "its number, as the report has it").required();
  show_verb.runs(
      [show_flags, &exit_code] { exit_code = guarded([&] { return show(*show_flags); }); });
}

}  // namespace mq::cli
