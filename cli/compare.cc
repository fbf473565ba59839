// mqttlab compare FILE --broker ours --broker mosquitto: the same seeds for all, and what differs.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "cli/command_line.h"
#include "cli/compare_conform.h"
#include "cli/comparison_files.h"
#include "cli/exit_code.h"
#include "cli/gate_rules.h"
#include "cli/interrupt.h"
#include "cli/named_report.h"
#include "cli/programs.h"
#include "cli/read_scenario.h"
#include "cli/render.h"
#include "cli/text_file.h"
#include "cli/verbs.h"
#include "cli/worker_pool.h"
#include "compare/comparison.h"
#include "compare/render.h"
#include "installation/installation.h"
#include "peers/peer.h"
#include "scenarios/speak.h"

namespace mq::cli {
namespace {

namespace fs = std::filesystem;

struct CompareFlags {
  std::string file;
  std::vector<std::string> brokers;
  std::optional<std::uint64_t> seed;
  std::uint32_t seeds = 10;
  std::uint32_t jobs = std::max(1U, std::thread::hardware_concurrency());
  std::string world;
  std::string protocol;
  bool conform = false;
  std::string trace = "none";
  gate::Rules rules;
  std::string output;
  std::vector<std::string> reports;
  bool json = false;
  std::string color = "auto";
};

constexpr std::uint32_t seeds_max = 10'000;

// A broker as it was named, and by the name of its folder and column.
struct Contender {
  std::string word;
  std::string name;
};

struct Match {
  Scenario scenario;
  std::vector<Contender> contenders;
  std::vector<std::string> notes;
  std::string protocol;
  std::string folder;
};

// ---- What is to be compared ---------------------------------------------------------------------

std::string name_of(const std::string& word) {
  return word.ends_with(".yaml") ? fs::path(word).stem().string() : word;
}

// The adapter of each broker that is not ours; the exit code if one cannot be had.
std::variant<std::vector<peers::Adapter>, int> adapters_of(const CompareFlags& flags) {
  std::vector<peers::Adapter> adapters;
  int code = exit_code::held;
  for (const std::string& word : flags.brokers) {
    if (word == "ours") continue;
    try {
      adapters.push_back(peers::find_adapter(word));
      peers::installed_program(adapters.back());
    } catch (const peers::PeerError& absent) {
      fmt::print(stderr, "mqttlab: {}\n", absent.what());
      code = graver(code, exit_code::unreachable);
    } catch (const peers::AdapterError& error) {
      fmt::print(stderr, "mqttlab: {}\n", error.what());
      code = graver(code, exit_code::usage);
    }
  }
  if (code != exit_code::held) return code;
  return adapters;
}

bool speaks_5(const peers::Adapter& adapter) {
  const auto& versions = adapter.capabilities.versions;
  return std::find(versions.begin(), versions.end(), "5.0") != versions.end();
}

std::variant<Match, int> prepare_match(const CompareFlags& flags) {
  auto scenario = read_scenario("compare", flags.file);
  if (!scenario) return exit_code::usage;
  Match match{.scenario = std::move(*scenario)};
  std::set<std::string> names;
  for (const std::string& word : flags.brokers) {
    match.contenders.push_back({word, name_of(word)});
    if (names.insert(match.contenders.back().name).second) continue;
    fmt::print(stderr, "mqttlab: --broker {}: a broker of this name is there already\n", word);
    return exit_code::usage;
  }
  if (match.contenders.size() < 2) {
    fmt::print(stderr, "mqttlab: two brokers at least: --broker ours --broker mosquitto\n");
    return exit_code::usage;
  }
  auto adapters = adapters_of(flags);
  if (const int* code = std::get_if<int>(&adapters)) return *code;
  match.protocol = flags.protocol;
  for (const peers::Adapter& adapter : std::get<std::vector<peers::Adapter>>(adapters))
    if (match.protocol.empty() && !speaks_5(adapter) && scenario::speaks_5(match.scenario.plan)) {
      match.protocol = "3.1.1";
      match.notes.push_back(
          fmt::format("{} does not speak MQTT 5.0, so with every broker everybody speaks 3.1.1",
                      adapter.title));
    }
  match.folder = flags.output.empty() ? "results/compare-" + fs::path(flags.file).stem().string()
                                      : flags.output;
  return match;
}

std::string command_of(const CompareFlags& flags) {
  std::string text = launcher_name() + " compare " + quote_for_shell(flags.file);
  for (const std::string& broker : flags.brokers) text += " --broker " + quote_for_shell(broker);
  text += fmt::format(" --seeds {}", flags.seeds);
  if (flags.seed) text += fmt::format(" --seed {}", *flags.seed);
  if (!flags.world.empty()) text += " --world " + flags.world;
  if (!flags.protocol.empty()) text += " --protocol " + flags.protocol;
  return text + (flags.conform ? " --conform" : "");
}

// ---- The runs -----------------------------------------------------------------------------------

std::string run_folder(const Contender& contender, std::uint64_t seed) {
  return fmt::format("{}/seed-{}", contender.name, seed);
}

// Seed by seed, so that an interruption leaves as much of each broker.
std::vector<WorkerOrder> orders_of(const CompareFlags& flags, const Match& match) {
  std::vector<WorkerOrder> orders;
  for (std::uint32_t i = 0; i < flags.seeds; ++i)
    for (const Contender& contender : match.contenders) {
      WorkerOrder order;
      order.scenario_file = match.scenario.file;
      order.scenario_text = match.scenario.text;
      order.seed = flags.seed.value_or(match.scenario.plan.seed) + i;
      order.simulator = simulator_of(match.scenario.plan, flags.world);
      order.trace = *trace_policy(flags.trace);
      order.folder = match.folder + "/" + run_folder(contender, order.seed);
      order.broker = contender.word;
      order.protocol = match.protocol;
      order.measures_cpu = true;
      order.command = command_to_run(
          flags.file, order.seed,
          {.world = flags.world, .broker = contender.word, .protocol = match.protocol});
      orders.push_back(std::move(order));
    }
  return orders;
}

struct Played {
  std::vector<compare::Side> sides;
  int exit_code = exit_code::held;
};

Played play(const CompareFlags& flags, const Match& match, const std::vector<WorkerOrder>& orders) {
  const Terminal terminal(flags.color);
  const auto ends = run_workers(
      orders, flags.jobs,
      [&](const WorkerOrder&) { return match.scenario.plan.duration + match.scenario.plan.calm; },
      terminal);
  Played played;
  for (const Contender& contender : match.contenders)
    played.sides.push_back({.name = contender.name});
  for (std::size_t i = 0; i < orders.size(); ++i) {
    const bool is_measured = ends[i].exit_code == exit_code::held ||
                             ends[i].exit_code == exit_code::broken ||
                             ends[i].exit_code == exit_code::nothing;
    if (!ends[i].trouble.empty()) fmt::print(stderr, "mqttlab: {}\n", ends[i].trouble);
    if (!is_measured) {
      played.exit_code = graver(played.exit_code, ends[i].exit_code);
      continue;
    }
    std::string why;
    const auto results = read_results(ResultsFolder{orders[i].folder}, why);
    if (!results) {
      fmt::print(stderr, "mqttlab: {}\n", why);
      played.exit_code = graver(played.exit_code, exit_code::fault);
      continue;
    }
    const std::size_t at = i % match.contenders.size();
    compare::add_run(played.sides[at], *results, run_folder(match.contenders[at], orders[i].seed));
  }
  return played;
}

// ---- The standard -------------------------------------------------------------------------------

int conform_all(const CompareFlags& flags, const Match& match, std::vector<compare::Side>& sides) {
  std::vector<StandardTest> tests;
  for (const Contender& contender : match.contenders)
    tests.push_back({.broker = contender.word,
                     .name = contender.name,
                     .folder = match.folder + "/" + contender.name + "/conform"});
  const int code = test_for_the_standard(tests, flags.jobs, Terminal(flags.color));
  for (std::size_t at = 0; at < tests.size(); ++at)
    if (tests[at].results) sides[at].conform = std::move(*tests[at].results);
  return code;
}

// ---- What came of it ----------------------------------------------------------------------------

// The runs that the report names get reports of their own.
void render_named_runs(const compare::Comparison& comparison, const Match& match) {
  std::set<std::string> folders;
  for (const auto* list : {&comparison.differences, &comparison.seldom})
    for (const compare::Difference& difference : *list)
      folders.insert(difference.folders.begin(), difference.folders.end());
  for (const std::string& name : folders) {
    const ResultsFolder folder{match.folder + "/" + name};
    std::string why;
    if (const auto results = read_results(folder, why)) render_all(*results, folder);
  }
}

int compare_verb(const CompareFlags& flags) {
  auto prepared = prepare_match(flags);
  if (const int* code = std::get_if<int>(&prepared)) return *code;
  const Match& match = std::get<Match>(prepared);
  const auto reports = named_reports(flags.reports, reports_of_comparison);
  if (!reports) return exit_code::usage;
  const std::vector<WorkerOrder> orders = orders_of(flags, match);
  for (const WorkerOrder& order : orders)
    if (const auto trouble = prepare(ResultsFolder{order.folder})) {
      fmt::print(stderr, "mqttlab: {}\n", *trouble);
      return exit_code::usage;
    }
  take_signals();
  Played played = play(flags, match, orders);
  int code = played.exit_code;
  if (std::any_of(played.sides.begin(), played.sides.end(),
                  [](const compare::Side& side) { return side.runs.empty(); }))
    return graver(code, exit_code::nothing);
  if (flags.conform) code = graver(code, conform_all(flags, match, played.sides));
  if (interrupt_seen() != 0) code = graver(code, interrupt_exit_code());

  compare::Comparison all{.command = command_of(flags),
                          .program_version = version(),
                          .notes = match.notes,
                          .rules = flags.rules,
                          .sides = std::move(played.sides)};
  all = compare::compare(std::move(all));
  render_named_runs(all, match);
  auto trouble = write_comparison(all, match.folder);
  if (!trouble) trouble = write_named(*reports, match.folder);
  if (trouble) {
    fmt::print(stderr, "mqttlab: {}\n", *trouble);
    code = graver(code, exit_code::fault);
  }
  fmt::print("{}", flags.json ? compare::to_json(all) : compare::plain_text(all));
  if (!flags.json) fmt::print("report  {}/report.html\n", match.folder);
  if (!all.problems.empty()) code = graver(code, exit_code::usage);
  return graver(code, compare::is_broken(all) ? exit_code::broken : exit_code::held);
}

}  // namespace

void add_compare(CLI::App& app, int& exit_code) {
  auto flags = std::make_shared<CompareFlags>();
  Command verb(app, "compare", "several brokers under the same scenario and seeds: what differs");
  verb.option("FILE", flags->file, "a scenario (YAML)").required();
  verb.option("--broker", flags->brokers,
              "ours, mosquitto, aedes, ... or the path of an adapter file; the others are compared "
              "with the first")
      .one_each()
      .required();
  verb.option("--seeds", flags->seeds,
              "so many seeds, the same for all; below 5 only promises are compared")
      .within(1, seeds_max)
      .with_default_shown();
  verb.option("--seed", flags->seed, "the first of them, instead of the scenario's");
  verb.option("--jobs", flags->jobs, "simulations at the same time; default: one per core")
      .within(1, 1024);
  verb.option("--world", flags->world, "ns3 or memory; default: the scenario's")
      .one_of({"ns3", "memory"});
  verb.option("--protocol", flags->protocol,
              "3.1.1: everybody speaks MQTT 3.1.1; so too if a broker knows nothing else")
      .one_of({"3.1.1"});
  verb.flag("--conform", flags->conform,
            "test each for the standard too, in virtual time, and put the matrix into the report");
  verb.option("--trace", flags->trace, "what to keep of each run's trace: full, failures or none")
      .one_of({"full", "failures", "none"});
  add_rules(verb, flags->rules);
  verb.option("-o,--output", flags->output, "results folder; default: results/compare-NAME");
  verb.option("--report", flags->reports, help_of_report(reports_of_comparison))
      .one_each()
      .shown_as("KIND=PATH");
  verb.flag("--json", flags->json, "print compare.json");
  verb.option("--color", flags->color, "auto, always or never").one_of({"auto", "always", "never"});
  verb.runs([flags, &exit_code] { exit_code = compare_verb(*flags); });
}

}  // namespace mq::cli
