#include "cli/run.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "cli/command_line.h"
#include "cli/exit_code.h"
#include "cli/github.h"
#include "cli/interrupt.h"
#include "cli/named_report.h"
#include "cli/read_scenario.h"
#include "cli/render.h"
#include "cli/results_folder.h"
#include "cli/terminal.h"
#include "cli/text_file.h"
#include "cli/worker_pool.h"
#include "reports/github/annotations.h"
#include "reports/summary/summary.h"
#include "reports/text/format.h"

namespace mq::cli {
namespace {

struct RunFlags {
  std::vector<std::string> files;
  std::optional<std::uint64_t> seed;
  std::uint32_t seeds = 1;
  std::uint32_t repeat = 1;
  std::uint32_t jobs = std::max(1U, std::thread::hardware_concurrency());
  std::string world;
  std::string broker;
  std::string protocol;
  std::string output;
  std::vector<std::string> reports;
  std::string trace = "full";
  bool json = false;
  bool github = false;
  std::string color = "auto";
};

constexpr std::uint32_t seeds_max = 100'000;
constexpr std::uint32_t repeat_max = 1'000;

// One run that was asked for; its repetitions must hash alike.
struct Run {
  const Scenario* scenario;
  std::uint64_t seed;
  ResultsFolder folder;
  std::string command;
  std::vector<WorkerOrder> orders;  // the run itself, then its repetitions
};

std::vector<Run> plan_runs(const RunFlags& flags, const std::vector<Scenario>& scenarios) {
  std::vector<Run> runs;
  for (const Scenario& scenario : scenarios) {
    const std::string base =
        flags.output.empty() ? default_results_path(scenario.file)
        : scenarios.size() == 1
            ? flags.output
            : flags.output + "/" + std::filesystem::path(scenario.file).stem().string();
    for (std::uint32_t i = 0; i < flags.seeds; ++i) {
      Run run;
      run.scenario = &scenario;
      run.seed = flags.seed.value_or(scenario.plan.seed) + i;
      run.folder.path = flags.seeds == 1 ? base : base + "/seed-" + std::to_string(run.seed);
      run.command = command_to_run(
          scenario.given, run.seed,
          {.world = flags.world, .broker = flags.broker, .protocol = flags.protocol});
      for (std::uint32_t repetition = 0; repetition < flags.repeat; ++repetition) {
        WorkerOrder order;
        order.scenario_file = scenario.file;
        order.scenario_text = scenario.text;
        order.seed = run.seed;
        order.simulator = simulator_of(scenario.plan, flags.world);
        order.trace = repetition == 0 ? *trace_policy(flags.trace) : report::TracePolicy::none;
        order.folder = repetition == 0
                           ? run.folder.path
                           : run.folder.path + "/repeat-" + std::to_string(repetition + 1);
        order.command = run.command;
        order.broker = flags.broker;
        order.protocol = flags.protocol;
        run.orders.push_back(std::move(order));
      }
      runs.push_back(std::move(run));
    }
  }
  return runs;
}

// What one run came to: its results, or why there are none.
struct Outcome {
  int exit_code = exit_code::held;
  std::optional<report::Results> results;
  std::vector<std::string> hashes;
};

Outcome gather(const Run& run, const std::vector<WorkerEnd>& ends, std::size_t first) {
  Outcome outcome;
  for (std::size_t i = 0; i < run.orders.size(); ++i) {
    const WorkerEnd& end = ends[first + i];
    if (!end.trouble.empty()) std::fprintf(stderr, "mqttlab: %s\n", end.trouble.c_str());
    outcome.exit_code = graver(outcome.exit_code, end.exit_code);
    std::string why;
    auto results = read_results(ResultsFolder{run.orders[i].folder}, why);
    if (!results) {
      // It has said why.
      if (end.exit_code == exit_code::usage || end.exit_code == exit_code::unreachable) continue;
      outcome.exit_code = graver(outcome.exit_code, exit_code::fault);
      if (end.trouble.empty()) std::fprintf(stderr, "mqttlab: %s\n", why.c_str());
      continue;
    }
    outcome.hashes.push_back(results->hash);
    if (i == 0) outcome.results = std::move(results);
    std::error_code ignored;
    if (i > 0) std::filesystem::remove_all(run.orders[i].folder, ignored);
  }
  return outcome;
}

// Says which runs of one seed took another course, if one did.
bool hashes_agree(const Run& run, const Outcome& outcome) {
  const auto& hashes = outcome.hashes;
  const auto other = std::find_if(hashes.begin(), hashes.end(),
                                  [&](const std::string& hash) { return hash != hashes.front(); });
  if (other == hashes.end()) return true;
  std::fprintf(
      stderr,
      "mqttlab: %s with seed %llu is not repeatable: run 1 has the hash %s, run %zu has %s; "
      "this is a fault of mqttlab\n",
      run.scenario->file.c_str(), static_cast<unsigned long long>(run.seed), hashes.front().c_str(),
      static_cast<std::size_t>(other - hashes.begin()) + 1, other->c_str());
  return false;
}

int finish(const Run& run, Outcome& outcome, const RunFlags& flags, const Terminal& terminal) {
  if (outcome.results) {
    if (const auto trouble = render_all(*outcome.results, run.folder)) {
      std::fprintf(stderr, "mqttlab: %s\n", trouble->c_str());
      outcome.exit_code = graver(outcome.exit_code, exit_code::fault);
    }
  }
  if (flags.repeat > 1 && !hashes_agree(run, outcome))
    outcome.exit_code = graver(outcome.exit_code, exit_code::fault);
  if (outcome.exit_code == exit_code::fault)
    write_bundle(run.folder, run.scenario->text, run.command);
  if (outcome.results && !flags.json)
    print_verdict(*outcome.results, run.folder, flags.repeat, terminal);
  return outcome.exit_code;
}

// Of many runs, what they came to together.
class Tally {
 public:
  void take(const Outcome& outcome, const Run& run) {
    ++runs_;
    if (!outcome.results) {
      ++without_results_;
      return;
    }
    held_ += outcome.results->exit_code == exit_code::held;
    if (outcome.results->exit_code == exit_code::broken) broken_.push_back(run.folder.path);
  }

  // Empty for a single run, which has said it all.
  std::string text() const {
    if (runs_ == 0) return {};
    std::string text =
        fmt::format("{}: {} held, {} broken", report::count(runs_, "run"), held_, broken_.size());
    if (const std::size_t rest = runs_ - held_ - broken_.size() - without_results_; rest > 0)
      text += fmt::format(", {} with nothing proven or interrupted", rest);
    if (without_results_ > 0) text += fmt::format(", {} without results", without_results_);
    for (std::size_t i = 0; i < std::min(broken_.size(), shown_max); ++i)
      text += (i == 0 ? ": " : ", ") + broken_[i];
    if (broken_.size() > shown_max) text += fmt::format(", {} more", broken_.size() - shown_max);
    return text + "\n";
  }

 private:
  static constexpr std::size_t shown_max = 5;
  std::size_t runs_ = 0;
  std::size_t held_ = 0;
  std::size_t without_results_ = 0;
  std::vector<std::string> broken_;
};

// An earlier run with more seeds left results beside these; `gate` and `report` read whatever lies
// in the folder.
void tell_of_other_runs(const std::vector<Run>& runs) {
  std::set<std::string> ours;
  std::set<std::string> roots;
  for (const Run& run : runs) {
    ours.insert(run.folder.path);
    const std::filesystem::path path(run.folder.path);
    const bool of_seeds = path.filename().string().starts_with("seed-");
    roots.insert(of_seeds ? path.parent_path().string() : path.string());
  }
  for (const std::string& root : roots) {
    std::string ignored;
    std::vector<std::string> others =
        results_below(root, ignored).value_or(std::vector<std::string>{});
    std::erase_if(others, [&](const std::string& folder) { return ours.contains(folder); });
    if (others.empty()) continue;
    std::fprintf(stderr,
                 "mqttlab: %s has results of other runs too (%s%s), which `gate` and `report` "
                 "read as well\n",
                 root.c_str(), others.front().c_str(), others.size() > 1 ? ", ..." : "");
  }
}

// What the runs broke, and the summaries of those that fail before all others: a step's summary may
// have no room for all.
void report_to_github(const std::vector<report::Results>& documents, bool stdout_taken) {
  std::vector<report::github::Annotation> annotations;
  std::string failed;
  std::string held;
  for (const report::Results& results : documents) {
    for (auto& one : report::github::annotations_of(results)) annotations.push_back(std::move(one));
    (results.exit_code == exit_code::held ? held : failed) += report::summary_markdown(results);
  }
  tell_github(annotations, failed + held, stdout_taken);
}

std::string why_not_repeatable(const scenario::Plan& plan, const RunFlags& flags) {
  const std::string& broker = flags.broker.empty() ? plan.broker.external : flags.broker;
  if (broker.find("://") != std::string::npos) return broker + " lives in real time";
  if (plan.broker.service_time && plan.broker.service_time->is_measured)
    return "the broker's service time is measured";
  return {};
}

// Those of --report; it has said why, if there is nothing.
std::optional<std::vector<NamedReport>> reports_of(const RunFlags& flags, std::size_t runs) {
  if (flags.reports.empty() || runs == 1) return named_reports(flags.reports, reports_of_results);
  std::fprintf(
      stderr, "mqttlab: --report names one file, and these are %zu runs; -o is the folder of all\n",
      runs);
  return std::nullopt;
}

int run(const RunFlags& flags) {
  std::vector<Scenario> scenarios;
  bool readable = true;
  for (const std::string& file : flags.files) {
    auto scenario = read_scenario("run", file);
    if (scenario)
      scenarios.push_back(std::move(*scenario));
    else
      readable = false;
  }
  if (!readable) return exit_code::usage;
  for (const Scenario& scenario : scenarios) {
    const std::string why = why_not_repeatable(scenario.plan, flags);
    if (flags.repeat == 1 || why.empty()) continue;
    std::fprintf(stderr,
                 "mqttlab: %s, and no two runs are the same: --repeat cannot compare them\n",
                 why.c_str());
    return exit_code::usage;
  }

  const std::vector<Run> runs = plan_runs(flags, scenarios);
  const auto reports = reports_of(flags, runs.size());
  if (!reports) return exit_code::usage;
  std::vector<WorkerOrder> orders;
  for (const Run& run : runs) {
    for (const WorkerOrder& order : run.orders) {
      if (const auto trouble = prepare(ResultsFolder{order.folder})) {
        std::fprintf(stderr, "mqttlab: %s\n", trouble->c_str());
        return exit_code::usage;
      }
      orders.push_back(order);
    }
  }

  tell_of_other_runs(runs);

  const Terminal terminal(flags.color);
  take_signals();
  const auto length = [&](const WorkerOrder& order) {
    for (const Scenario& scenario : scenarios)
      if (scenario.file == order.scenario_file) return scenario.plan.duration + scenario.plan.calm;
    return Duration::zero();
  };
  const std::vector<WorkerEnd> ends = run_workers(orders, flags.jobs, length, terminal);

  int code = exit_code::held;
  std::vector<report::Results> documents;
  std::size_t first = 0;
  Tally tally;
  for (const Run& run : runs) {
    Outcome outcome = gather(run, ends, first);
    first += run.orders.size();
    code = graver(code, finish(run, outcome, flags, terminal));
    if (const auto trouble =
            outcome.results ? write_named(*reports, run.folder.path) : std::nullopt) {
      std::fprintf(stderr, "mqttlab: %s\n", trouble->c_str());
      code = graver(code, exit_code::fault);
    }
    if (runs.size() > 1) tally.take(outcome, run);
    if (outcome.results) documents.push_back(std::move(*outcome.results));
  }
  if (flags.json)
    print_json(documents);
  else
    fmt::print("{}", tally.text());
  if (github_wanted(flags.github)) report_to_github(documents, flags.json);
  return code;
}

}  // namespace

void add_run(CLI::App& app, int& exit_code) {
  auto flags = std::make_shared<RunFlags>();
  Command verb(app, "run", "simulate scenarios, judge them, write their reports");
  verb.option("FILE", flags->files, "scenario files (YAML), or names of the library").required();
  verb.option("--seed", flags->seed, "the seed, instead of the scenario's");
  verb.option("--seeds", flags->seeds, "run this many seeds, from the first one up")
      .within(1, seeds_max);
  verb.option("--repeat", flags->repeat, "run each seed so often and compare the hashes")
      .within(1, repeat_max);
  verb.option("--jobs", flags->jobs, "simulations at the same time; default: one per core")
      .within(1, 1024);
  verb.option("--world", flags->world, "ns3 (TCP over simulated links) or memory (no TCP, fast)")
      .one_of({"ns3", "memory"});
  verb.option("--broker", flags->broker,
              "another broker, unmodified and in virtual time: mosquitto, aedes, ... or the "
              "path of an adapter file; `ours` is ours; by URL, mqtt://HOST:PORT, in real time");
  verb.option("--protocol", flags->protocol,
              "3.1.1: everybody speaks MQTT 3.1.1, whatever the scenario says")
      .one_of({"3.1.1"});
  verb.option("-o,--output", flags->output, "results folder; default: results/NAME");
  verb.option("--report", flags->reports, help_of_report(reports_of_results))
      .one_each()
      .shown_as("KIND=PATH");
  verb.option("--trace", flags->trace, "what to keep of the trace: full, failures or none")
      .one_of({"full", "failures", "none"});
  verb.flag("--json", flags->json, "print the results as one JSON document");
  verb.flag("--github", flags->github,
            "annotations and the step's summary; by itself in GitHub Actions");
  verb.option("--color", flags->color, "auto, always or never").one_of({"auto", "always", "never"});
  verb.runs([flags, &exit_code] { exit_code = run(*flags); });
}

}  // namespace mq::cli
