// mqttlab compare FILE --broker ours --broker mosquitto: the same seeds for all, and what differs.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <deque>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "cli/command_line.h"
#include "cli/comparison_files.h"
#include "cli/exit_code.h"
#include "cli/gate_rules.h"
#include "cli/interrupt.h"
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
#include "reports/conform/results_json.h"
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
  const bool ns3 = flags.world.empty() ? match.scenario.plan.world == scenario::WorldKind::ns3
                                       : flags.world == "ns3";
  for (std::uint32_t i = 0; i < flags.seeds; ++i)
    for (const Contender& contender : match.contenders) {
      WorkerOrder order;
      order.scenario_file = match.scenario.file;
      order.scenario_text = match.scenario.text;
      order.seed = flags.seed.value_or(match.scenario.plan.seed) + i;
      order.ns3 = ns3;
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

// `mqttlab conform` for each broker, as many at a time as wanted.
int conform_all(const CompareFlags& flags, const Match& match, std::vector<compare::Side>& sides) {
  const std::string program = program_beside("mqttlab-conform");
  const int nowhere = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  std::deque<std::size_t> waiting;
  for (std::size_t at = 0; at < sides.size(); ++at) waiting.push_back(at);
  std::map<pid_t, std::size_t> running;
  const auto folder = [&](std::size_t at) {
    return ResultsFolder{match.folder + "/" + sides[at].name + "/conform"};
  };
  int code = exit_code::held;
  while (!waiting.empty() || !running.empty()) {
    while (!waiting.empty() && running.size() < flags.jobs && interrupt_seen() == 0) {
      const std::size_t at = waiting.front();
      waiting.pop_front();
      std::vector<std::string> words{"conform", match.contenders[at].word, "-o", folder(at).path};
      if (match.contenders[at].word != "ours") words.emplace_back("--virtual");
      pid_t process = -1;
      const int error = spawn_program(program, words, nowhere, nowhere, process);
      if (error != 0) {
        fmt::print(stderr, "mqttlab: {} cannot be started: {}\n", program, std::strerror(error));
        code = graver(code, exit_code::fault);
      } else {
        running.emplace(process, at);
      }
    }
    if (running.empty()) break;
    int status = 0;
    const pid_t ended = ::waitpid(-1, &status, 0);
    const auto of = running.find(ended);
    if (of == running.end()) continue;  // EINTR: it has been told as well, and ends
    const auto text = read_text_file(folder(of->second).results());
    auto read = report::conform_from_json(text.value_or(""));
    if (auto* results = std::get_if<report::ConformResults>(&read)) {
      sides[of->second].conform = std::move(*results);
    } else {
      fmt::print(stderr, "mqttlab: {} was not tested for the standard\n", sides[of->second].name);
      code = graver(code, exit_code::fault);
    }
    running.erase(of);
  }
  ::close(nowhere);
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
  if (const auto trouble = write_comparison(all, match.folder)) {
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
  verb.flag("--json", flags->json, "print compare.json");
  verb.option("--color", flags->color, "auto, always or never").one_of({"auto", "always", "never"});
  verb.runs([flags, &exit_code] { exit_code = compare_verb(*flags); });
}

}  // namespace mq::cli
