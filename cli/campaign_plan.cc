// mqttlab campaign plan FILE: how large it is, how long it takes, and how an engine is told.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "campaign/engine.h"
#include "cli/campaign.h"
#include "cli/campaign_files.h"
#include "cli/campaign_run.h"
#include "cli/exit_code.h"
#include "cli/interrupt.h"
#include "cli/text_file.h"
#include "reports/text/escape.h"
#include "reports/text/format.h"

namespace mq::cli {
namespace {

using campaign::KeyedRun;
using campaign::Outcome;

struct PlanFlags {
  std::string file;
  std::string output;
  std::string engine;
  std::uint32_t tasks = 0;
  std::uint32_t cores = 0;
  std::uint32_t probe = 5;
  double seconds = 0;
  std::string image = "mqttlab:latest";
  std::string program = "mqttlab";
};

constexpr std::size_t values_shown_max = 8;
constexpr double bytes_of_a_result = 350;

// What runs cost that were tried.
struct Probe {
  std::size_t runs = 0;
  double seconds = 0;  // mean, on one core
  double least = 0;
  double most = 0;
  std::uint64_t memory_kib = 0;  // the most
  std::string trouble;           // of the first that came to no verdict
};

Probe probed(const campaign::Plan& plan, const SimulationParts& parts, std::uint32_t wanted,
             std::uint32_t jobs) {
  CampaignRunner runner(plan, parts, jobs);
  std::vector<KeyedRun> runs = campaign::keyed_runs(plan);
  // In the order of the keys, the first few are a sample of all.
  runs.resize(std::min<std::size_t>(runs.size(), wanted));
  Probe probe;
  runner.run(runs, [&](const std::vector<Outcome>& outcomes) {
    for (const Outcome& outcome : outcomes) {
      const double seconds = static_cast<double>(outcome.cpu_us) / 1e6;
      probe.least = probe.runs == 0 ? seconds : std::min(probe.least, seconds);
      probe.most = std::max(probe.most, seconds);
      probe.seconds += seconds;
      probe.memory_kib = std::max(probe.memory_kib, outcome.memory_kib);
      ++probe.runs;
      if (outcome.end != campaign::End::judged && probe.trouble.empty())
        probe.trouble = fmt::format("{}: {}", campaign::name(outcome.end), outcome.evidence);
    }
  });
  if (probe.runs > 0) probe.seconds /= static_cast<double>(probe.runs);
  return probe;
}

Duration in_seconds(double value) {
  return Duration(static_cast<Duration::rep>(std::min(value, 9e9) * 1e9));
}

void print_axes(const campaign::Plan& plan) {
  const auto& all = plan.campaign();
  for (const campaign::Axis& axis : all.axes) {
    std::string paths;
    for (const std::string& path : axis.paths) paths += (paths.empty() ? "" : ", ") + path;
    std::string values;
    for (std::size_t i = 0; i < std::min(axis.levels.size(), values_shown_max); ++i) {
      std::string level;
      for (const campaign::Setting& setting : axis.levels[i].settings)
        level += (level.empty() ? "" : " & ") + setting.text;
      values += (values.empty() ? "" : ", ") + level;
    }
    if (axis.levels.size() > values_shown_max)
      values += fmt::format(", ... ({})", axis.levels.size());
    fmt::print("  {}: {}\n", report::visible(paths), report::visible(values));
  }
  if (all.brokers.empty()) return;
  std::string brokers;
  for (const std::string& broker : all.brokers) brokers += (brokers.empty() ? "" : ", ") + broker;
  fmt::print("  brokers: {}\n", report::visible(brokers));
}

void print_size(const campaign::Plan& plan) {
  const auto& all = plan.campaign();
  std::string shape = report::count(plan.points(), "point");
  if (!all.brokers.empty()) shape += " x " + report::count(plan.brokers(), "broker");
  fmt::print("{}\n  {} x {} = {}, in the world {}\n", report::visible(all.name), shape,
             report::count(plan.seeds(), "seed"), report::count(plan.runs(), "run"),
             all.world == campaign::World::ns3 ? "ns3" : "memory");
  print_axes(plan);
}

void print_estimate(const campaign::Plan& plan, const Probe& probe) {
  const std::uint32_t cores = std::max(1U, std::thread::hardware_concurrency());
  const double whole = probe.seconds * plan.runs();
  fmt::print("  probe: {}, {} each on one core ({} to {}), up to {}\n",
             report::count(probe.runs, "run"), report::short_duration(in_seconds(probe.seconds)),
             report::short_duration(in_seconds(probe.least)),
             report::short_duration(in_seconds(probe.most)),
             report::bytes(probe.memory_kib * 1024));
  fmt::print("  all of it: about {} of one core, {} on the {} here; results: about {}\n",
             report::long_duration(in_seconds(whole)),
             report::long_duration(in_seconds(whole / cores)), report::count(cores, "core"),
             report::bytes(static_cast<std::uint64_t>(bytes_of_a_result * plan.runs())));
  if (!probe.trouble.empty())
    fmt::print("  a run of the probe came to no verdict: {}\n", report::visible(probe.trouble));
}

// The script or manifest on stdout; what is to be known of it on stderr.
int print_engine(const PlanFlags& flags, const campaign::Plan& plan, double seconds) {
  const auto& all = plan.campaign();
  campaign::EngineOrder order{
      .name = all.name,
      .file = flags.file,
      .folder = flags.output.empty() ? default_campaign_folder(flags.file) : flags.output,
      .program = flags.program,
      .image = flags.image,
      .runs = plan.runs(),
      .cores = flags.cores > 0              ? flags.cores
               : flags.engine == "parallel" ? 1U
                                            : 2U,
      .seconds = seconds,
      .limits = all.limits,
      .text = all.text,
      // As the campaign names it, also if it was found in the library.
      .scenario = std::filesystem::path(campaign::scenario_named(all.text, flags.file).path)
                      .lexically_relative(std::filesystem::path(flags.file).parent_path().empty()
                                              ? "."
                                              : std::filesystem::path(flags.file).parent_path())
                      .string(),
      .scenario_text = all.scenario_text};
  order.tasks = campaign::packed(order.runs, seconds, order.cores, flags.tasks);
  if (flags.tasks > 0 && order.tasks != flags.tasks)
    fmt::print(
        stderr,
        "mqttlab: {} instead of {}: a task is to last {:.0f} s at least, and to have a run\n",
        report::count(order.tasks, "task"), flags.tasks, campaign::task_seconds_min);
  std::string why;
  const std::string text = flags.engine == "slurm"      ? campaign::slurm_script(order)
                           : flags.engine == "parallel" ? campaign::parallel_script(order)
                                                        : campaign::kubernetes_manifest(order, why);
  if (!why.empty()) {
    fmt::print(stderr, "mqttlab: {}: {}\n", flags.file, why);
    return exit_code::usage;
  }
  fmt::print("{}", text);
  return exit_code::held;
}

// A flag that has no effect without an engine.
std::string idle_flag(const PlanFlags& flags) {
  if (!flags.engine.empty()) return {};
  if (flags.tasks > 0) return "--tasks";
  if (flags.cores > 0) return "--cores";
  return flags.output.empty() ? "" : "-o";
}

int plan_verb(const PlanFlags& flags, const CampaignProgram& program) {
  if (const std::string idle = idle_flag(flags); !idle.empty()) {
    fmt::print(stderr, "mqttlab: {} needs --engine: a plan by itself has no use for it\n", idle);
    return exit_code::usage;
  }
  auto loaded = load_campaign(flags.file);
  if (!loaded) return exit_code::usage;
  const bool probes = flags.seconds == 0 && flags.probe > 0;
  if (probes)
    if (const auto code = handed_over(*loaded, program)) return *code;
  if (!flags.engine.empty() && flags.seconds == 0 && flags.probe == 0) {
    fmt::print(stderr,
               "mqttlab: --engine needs to know how long a run takes: --seconds, or a "
               "probe\n");
    return exit_code::usage;
  }
  take_signals();
  const campaign::Plan plan(std::move(*loaded));
  if (const auto refused = campaign::refused_point(plan)) {
    fmt::print(stderr, "{}: with {}: {}\n", plan.campaign().scenario_file,
               report::visible(plan.label(refused->point)), report::visible(refused->why));
    return exit_code::usage;
  }
  if (flags.engine.empty()) print_size(plan);
  std::fflush(stdout);
  Probe probe{.seconds = flags.seconds};
  if (probes) {
    const std::uint32_t jobs =
        std::clamp(std::thread::hardware_concurrency(), 1U, std::max(1U, flags.probe));
    try {
      probe = probed(plan, program.parts, flags.probe, jobs);
    } catch (const std::system_error& trouble) {
      fmt::print(stderr, "mqttlab: {}\n", trouble.what());
      return exit_code::fault;
    }
    if (interrupt_seen() != 0) return interrupt_exit_code();
  }
  if (!flags.engine.empty()) return print_engine(flags, plan, probe.seconds);
  if (probes) print_estimate(plan, probe);
  return exit_code::held;
}

}  // namespace

void add_campaign_plan(Command& campaign, const CampaignProgram& program, int& exit_code) {
  auto flags = std::make_shared<PlanFlags>();
  Command verb =
      campaign.below("plan", "how large it is and how long it takes; scripts for engines");
  verb.option("FILE", flags->file, "the campaign (YAML)").required();
  verb.option("--engine", flags->engine, "print what hands it to slurm, kubernetes or parallel")
      .one_of({"slurm", "kubernetes", "parallel"});
  verb.option("--tasks", flags->tasks,
              "with --engine: so many tasks, or as many as last 30 s; default: of five minutes")
      .within(1, campaign::shards_max);
  verb.option("--cores", flags->cores, "with --engine: of a task; default: 2, of parallel's 1")
      .within(1, 1024);
  verb.option("--probe", flags->probe, "try so many runs to see what they cost; 0: none")
      .within(0, 1000)
      .with_default_shown();
  verb.option("--seconds", flags->seconds, "what a run takes on one core, instead of a probe")
      .between(1e-6, 1e6);
  verb.option("--image", flags->image, "with --engine kubernetes: the image to run")
      .with_default_shown();
  verb.option("--program", flags->program, "with --engine: what mqttlab is called there")
      .with_default_shown();
  verb.option("-o,--output", flags->output, "with --engine: where the results go");
  verb.runs([flags, &program, &exit_code] { exit_code = plan_verb(*flags, program); });
}

}  // namespace mq::cli
