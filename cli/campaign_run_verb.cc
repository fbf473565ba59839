// mqttlab campaign run FILE: all runs, or a shard of them, on this machine.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "campaign/shard.h"
#include "cli/campaign.h"
#include "cli/campaign_files.h"
#include "cli/campaign_report.h"
#include "cli/campaign_run.h"
#include "cli/exit_code.h"
#include "cli/interrupt.h"
#include "cli/results_folder.h"
#include "cli/terminal.h"
#include "cli/text_file.h"
#include "installation/installation.h"
#include "reports/text/escape.h"
#include "reports/text/format.h"

namespace mq::cli {
namespace {

using campaign::KeyedRun;
using campaign::ResultsFile;
using Clock = std::chrono::steady_clock;

struct RunFlags {
  std::string file;
  std::string output;
  std::string shard;
  std::uint32_t jobs = std::max(1U, std::thread::hardware_concurrency());
  bool again = false;
  std::string color = "auto";
};

// How far, how fast, how long still.
class Progress {
 public:
  Progress(const Terminal& terminal, std::uint64_t there, std::uint64_t todo)
      : terminal_(terminal), there_(there), todo_(todo) {}

  void take(const std::vector<campaign::Outcome>& outcomes) {
    for (const campaign::Outcome& outcome : outcomes) {
      ++done_;
      broken_ += outcome.verdict == campaign::Verdict::broken ? 1 : 0;
      unjudged_ += outcome.end == campaign::End::judged ? 0 : 1;
    }
    if (!terminal_.live()) return;
    const double wall = std::chrono::duration<double>(Clock::now() - began_).count();
    const double rate = static_cast<double>(done_) / std::max(wall, 1e-3);
    const double left = static_cast<double>(todo_ - done_) / std::max(rate, 1e-9);
    terminal_.show(fmt::format(
        "{} of {} runs  {:.0f} a second  {} broken{}  {} left", report::count(there_ + done_),
        report::count(there_ + todo_), rate, report::count(broken_),
        unjudged_ == 0 ? "" : fmt::format(", {} without a verdict", unjudged_),
        report::long_duration(Duration(static_cast<Duration::rep>(std::min(left, 1e9) * 1e9)))));
  }

 private:
  const Terminal& terminal_;
  std::uint64_t there_;
  std::uint64_t todo_;
  std::uint64_t done_ = 0;
  std::uint64_t broken_ = 0;
  std::uint64_t unjudged_ = 0;
  Clock::time_point began_ = Clock::now();
};

// What is in the file already need not be run, unless it ended without a verdict and is wanted
// again.
std::vector<KeyedRun> missing(const std::vector<KeyedRun>& mine, ResultsFile& results, bool again) {
  std::unordered_map<std::uint64_t, bool> there;
  std::vector<campaign::Key> forgotten;
  results.for_each_end([&](campaign::Key key, campaign::End end, campaign::Verdict) {
    if (again && end != campaign::End::judged)
      forgotten.push_back(key);
    else
      there.emplace(static_cast<std::uint64_t>(key), true);
  });
  results.forget(forgotten);
  std::vector<KeyedRun> todo;
  std::copy_if(mine.begin(), mine.end(), std::back_inserter(todo), [&](const KeyedRun& run) {
    return !there.contains(static_cast<std::uint64_t>(run.key));
  });
  return todo;
}

std::optional<campaign::Shard> shard_of(const RunFlags& flags) {
  const auto chosen =
      campaign::chosen_shard(flags.shard, [](const char* name) { return std::getenv(name); });
  if (const auto* why = std::get_if<std::string>(&chosen)) {
    fmt::print(stderr, "mqttlab: {}\n", *why);
    return std::nullopt;
  }
  return std::get<campaign::Shard>(chosen);
}

void check_program(const ResultsFile& results) {
  const auto there = results.about();
  if (there && there->program != version())
    throw campaign::ResultsError(
        fmt::format("{}: its results were made by mqttlab {}, this is {}; another -o keeps them",
                    results.path(), there->program, version()),
        true);
}

std::string same_again(const RunFlags& flags) {
  std::string command = launcher_name() + " campaign run " + quote_for_shell(flags.file);
  if (!flags.output.empty()) command += " -o " + quote_for_shell(flags.output);
  if (!flags.shard.empty()) command += " --shard " + quote_for_shell(flags.shard);
  return command;
}

std::string end_of(std::size_t runs) {
  if (runs == 0) return "no run falls to it, there is nothing to do";
  return (runs == 1 ? "its " : "all ") + report::count(runs, "run") +
         (runs == 1 ? " has ended" : " have ended");
}

int run_into(const RunFlags& flags, const std::string& path, const campaign::Plan& plan,
             const campaign::Shard& shard, CampaignRunner& runner) {
  const std::vector<KeyedRun> runs = campaign::keyed_runs(plan);
  if (const auto same = campaign::collision(runs)) {
    fmt::print(stderr,
               "mqttlab: runs {} and {} have the same key; change the order of nothing, "
               "but any value or seed\n",
               same->first, same->second);
    return exit_code::fault;
  }
  ResultsFile results(path, ResultsFile::Open::to_write);
  check_program(results);
  results.set_about(about(plan.campaign()));
  const std::vector<KeyedRun> mine = campaign::part(runs, shard);
  const std::vector<KeyedRun> todo = missing(mine, results, flags.again);
  const Terminal terminal(flags.color);
  Progress progress(terminal, mine.size() - todo.size(), todo.size());
  runner.run(todo, [&](std::vector<campaign::Outcome> outcomes) {
    results.add(outcomes);
    progress.take(outcomes);
  });
  terminal.show({});

  campaign::Summary summary(plan);
  results.for_each([&](const campaign::Outcome& outcome) { summary.take(outcome); });
  fmt::print("{}results   {}\n", campaign::text_of(summary), path);
  if (shard.count > 1 && interrupt_seen() == 0)
    fmt::print("shard     {} of {}: {}\n", shard.number + 1, shard.count, end_of(mine.size()));
  if (interrupt_seen() != 0) {
    fmt::print("go on     {}\n", same_again(flags));
    return interrupt_exit_code();
  }
  if (shard.count == 1) {
    const std::string folder = std::filesystem::path(path).parent_path().string();
    if (const auto trouble = write_report(summary, {.folder = folder, .x = {}, .y = {}})) {
      fmt::print(stderr, "mqttlab: {}\n", trouble->text);
      return exit_code::fault;
    }
    fmt::print("report    {}/report.html\n", folder);
  }
  // An engine asks of a task only whether it has done its part; the verdict is the report's.
  return shard.count > 1 ? exit_code::held : code_of(summary);
}

int run_verb(const RunFlags& flags, const CampaignProgram& program) {
  auto loaded = load_campaign(flags.file);
  if (!loaded) return exit_code::usage;
  if (const auto code = handed_over(*loaded, program)) return *code;
  const auto shard = shard_of(flags);
  if (!shard) return exit_code::usage;
  const std::string folder =
      flags.output.empty() ? default_campaign_folder(flags.file) : flags.output;
  if (const auto why = make_folder(folder)) {
    fmt::print(stderr, "mqttlab: {}\n", *why);
    return exit_code::usage;
  }
  const std::string path =
      shard->count == 1 ? results_of_all(folder) : results_of_shard(folder, *shard);
  take_signals();
  try {
    const campaign::Plan plan(std::move(*loaded));
    if (const auto refused = campaign::refused_point(plan)) {
      fmt::print(stderr, "{}: with {}: {}\n", plan.campaign().scenario_file,
                 report::visible(plan.label(refused->point)), report::visible(refused->why));
      return exit_code::usage;
    }
    CampaignRunner runner(plan, program.parts, flags.jobs);
    return run_into(flags, path, plan, *shard, runner);
  } catch (const campaign::ResultsError& trouble) {
    fmt::print(stderr, "mqttlab: {}\n", trouble.what());
    return trouble.is_refused ? exit_code::usage : exit_code::fault;
  } catch (const std::system_error& trouble) {
    fmt::print(stderr, "mqttlab: {}\n", trouble.what());
    return exit_code::fault;
  }
}

}  // namespace

void add_campaign_run(Command& campaign, const CampaignProgram& program, int& exit_code) {
  auto flags = std::make_shared<RunFlags>();
  Command verb = campaign.below("run", "run what is not there yet; may be stopped at any time");
  verb.option("FILE", flags->file, "the campaign (YAML)").required();
  verb.option("-o,--output", flags->output,
              "folder of the results; default: results/campaign/NAME");
  verb.option("--jobs", flags->jobs, "runs at the same time; default: one per core")
      .within(1, 1024);
  verb.option("--shard", flags->shard,
              "I/N: only this part, counted from 1; auto/N or auto: as Slurm or Kubernetes say "
              "(by itself in an array job)");
  verb.flag("--again", flags->again, "also what ended without a verdict: crashed, timed out");
  verb.option("--color", flags->color, "auto, always or never").one_of({"auto", "always", "never"});
  verb.runs([flags, &program, &exit_code] { exit_code = run_verb(*flags, program); });
}

}  // namespace mq::cli
