// mqttlab explore [FILE]: find the seed that breaks it, and make what breaks it small.
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "cli/command_line.h"
#include "cli/exit_code.h"
#include "cli/exploration.h"
#include "cli/interrupt.h"
#include "cli/read_scenario.h"
#include "cli/terminal.h"
#include "cli/text_file.h"
#include "cli/verbs.h"
#include "reports/file/output_file.h"
#include "reports/text/escape.h"
#include "reports/text/format.h"
#include "scenarios/language/parse.h"
#include "scenarios/language/units.h"
#include "sim/trace/sometimes.h"

namespace mq::cli {
namespace {

struct ExploreFlags {
  std::string file;
  std::optional<std::uint64_t> seed;
  std::uint32_t runs = 1000;
  std::string time;
  bool until_coverage = false;
  std::string broker;
  std::vector<std::string> without;
  std::vector<std::string> ignore;
  std::uint32_t jobs = std::max(1U, std::thread::hardware_concurrency());
  std::string world = "memory";
  std::string output = "results/explore";
  bool json = false;
  std::string color = "auto";
};

// Of the states that are still missing, so many are named while they are few.
constexpr std::size_t missing_named_max = 2;

class Explorer {
 public:
  Explorer(const ExploreFlags& flags, const Search& search)
      : flags_(flags), terminal_(flags.color), exploration_(search, [this] { show(); }) {}

  int go();

 private:
  void show() const;
  void say_coverage() const;
  void make_smaller();
  bool write_smallest();
  void say_failure() const;
  void print_json(int code) const;
  int code() const;

  const ExploreFlags& flags_;
  Terminal terminal_;
  Exploration exploration_;
  bool is_smallest_ = false;
  std::string path_;  // of the smallest scenario, once it is written
  std::optional<scenario::Plan> smallest_;
};

void Explorer::show() const {
  if (!terminal_.live()) return;
  if (exploration_.plays() > 0) {
    terminal_.show(fmt::format("making it smaller: {} plays", exploration_.plays()));
    return;
  }
  const auto& reached = exploration_.reached();
  std::string line = fmt::format("{} runs  {:.0f} a second  {} of {} states reached",
                                 report::count(exploration_.ended()),
                                 static_cast<double>(exploration_.ended()) / exploration_.seconds(),
                                 exploration_.states_reached(), reached.size());
  if (reached.size() - exploration_.states_reached() <= missing_named_max)
    for (std::size_t i = 0; i < reached.size(); ++i)
      if (reached[i] == 0) line += fmt::format(", not: {}", trace::sometimes_states[i].phrase);
  terminal_.show(line);
}

void Explorer::say_coverage() const {
  const std::uint64_t runs = exploration_.ended();
  fmt::print("{} with {}, {:.0f} a second", report::count(runs, "run"),
             report::count(exploration_.events(), "event"),
             static_cast<double>(runs) / std::max(exploration_.seconds(), 1e-3));
  if (exploration_.unmeasured() > 0)
    fmt::print("; {} measured nothing", report::count(exploration_.unmeasured()));
  if (exploration_.ignored() > 0)
    fmt::print("; {} broke only what is to be ignored", report::count(exploration_.ignored()));
  fmt::print("\n");
  if (exploration_.troubled() > 0)
    fmt::print("{} could not be run to the end: {}\n",
               report::count(exploration_.troubled(), "run"),
               report::visible(exploration_.last_trouble()));
  for (std::size_t i = 0; i < exploration_.reached().size(); ++i) {
    const std::uint64_t reached = exploration_.reached()[i];
    fmt::print("  {:>7}  {}\n", reached == 0 ? "never" : report::count(reached),
               trace::sometimes_states[i].phrase);
  }
}

void Explorer::make_smaller() {
  const Failure& failure = *exploration_.failure();
  if (!flags_.json) {
    fmt::print("Seed {} breaks {}: {}\n", failure.seed, failure.broken.id,
               report::visible(failure.broken.evidence));
    std::fflush(stdout);
  }
  is_smallest_ = exploration_.make_smaller();
  terminal_.show({});
}

bool Explorer::write_smallest() {
  const Failure& failure = *exploration_.failure();
  std::string name = failure.broken.id;
  std::replace(name.begin(), name.end(), '/', '-');
  path_ = fmt::format("{}/{}-seed-{}.yaml", flags_.output, name, failure.seed);
  const auto parsed = scenario::parse(failure.text, path_);
  if (const auto* plan = std::get_if<scenario::Plan>(&parsed)) smallest_ = *plan;
  std::error_code error;
  std::filesystem::create_directories(flags_.output, error);
  if (!error)
    error = report::write_file(
        path_, fmt::format("# Breaks {}; found with seed {}.\n# {}\n{}", failure.broken.id,
                           failure.seed, report::visible(failure.broken.evidence), failure.text));
  if (!error) return true;
  fmt::print(stderr, "mqttlab: {} could not be written: {}\n{}", path_, error.message(),
             failure.text);
  return false;
}

void Explorer::say_failure() const {
  const Failure& failure = *exploration_.failure();
  fmt::print("Broken: {}: {}\n", failure.broken.id, report::visible(failure.broken.evidence));
  if (smallest_)
    fmt::print("{}  {}, {}, {} (after {} plays{})\n", is_smallest_ ? "smallest" : "so far  ",
               report::count(scenario::run_info(*smallest_).clients.size(), "client"),
               report::count(smallest_->faults.size(), "fault"),
               report::long_duration(smallest_->duration), exploration_.plays(),
               is_smallest_ ? "" : "; interrupted");
  fmt::print("repeat    {} run {}\n", launcher_name(), path_);
}

void Explorer::print_json(int code) const {
  boost::json::object document{{"runs", exploration_.ended()},
                               {"events", exploration_.events()},
                               {"seconds", exploration_.seconds()},
                               {"measured_nothing", exploration_.unmeasured()},
                               {"not_run_to_the_end", exploration_.troubled()},
                               {"ignored", exploration_.ignored()},
                               {"interrupted", interrupt_seen() != 0},
                               {"exit_code", code}};
  boost::json::array states;
  for (std::size_t i = 0; i < exploration_.reached().size(); ++i)
    states.push_back({{"state", std::string(trace::sometimes_states[i].phrase)},
                      {"runs", exploration_.reached()[i]}});
  document["states"] = std::move(states);
  if (const auto& failure = exploration_.failure()) {
    boost::json::object broken{
        {"id", failure->broken.id},    {"evidence", failure->broken.evidence},
        {"seed", failure->seed},       {"plays", exploration_.plays()},
        {"is_smallest", is_smallest_}, {"file", path_},
        {"scenario", failure->text}};
    if (smallest_) {
      broken["clients"] = scenario::run_info(*smallest_).clients.size();
      broken["faults"] = smallest_->faults.size();
    }
    document["broken"] = std::move(broken);
  }
  fmt::print("{}\n", boost::json::serialize(document));
}

int Explorer::code() const {
  if (interrupt_seen() != 0) return interrupt_exit_code();
  if (exploration_.failure()) return exit_code::broken;
  const bool nothing = exploration_.ended() == exploration_.unmeasured() + exploration_.troubled();
  return nothing ? exit_code::nothing : exit_code::held;
}

int Explorer::go() {
  exploration_.run();
  terminal_.show({});
  if (const auto& impossible = exploration_.impossible()) {
    fmt::print(stderr, "mqttlab: {}\n", impossible->why);
    return impossible->exit_code;
  }
  if (!flags_.json) say_coverage();
  if (exploration_.failure()) {
    if (interrupt_seen() == 0) make_smaller();
    if (!write_smallest()) return exit_code::fault;
  }
  if (flags_.json)
    print_json(code());
  else if (exploration_.failure())
    say_failure();
  else if (interrupt_seen() != 0)
    fmt::print("Interrupted; no promise broke in these runs\n");
  else if (code() == exit_code::nothing)
    fmt::print("Nothing was measured\n");
  else
    fmt::print("Every promise was kept\n");
  return code();
}

int explore_verb(const ExploreFlags& flags) {
  Search search{.wanted = {.world = flags.world,
                           .broker = flags.broker == "ours" ? "" : flags.broker,
                           .without = flags.without},
                .simulator = flags.world == "ns3" ? Simulator::ns3 : Simulator::memory,
                .first_seed = flags.seed.value_or(1),
                .runs = flags.runs,
                .until_coverage = flags.until_coverage,
                .jobs = flags.jobs,
                .ignore = flags.ignore};
  if (!flags.time.empty()) {
    const auto limit = scenario::parse_duration(flags.time);
    if (!limit) {
      fmt::print(stderr, "mqttlab: --time {}: expected a duration such as 30s or 10min\n",
                 flags.time);
      return exit_code::usage;
    }
    search.until = Exploration::Clock::now() + *limit;
  }
  if (!flags.file.empty()) {
    const auto scenario = read_scenario("explore", flags.file);
    if (!scenario) return exit_code::usage;
    if (const auto why =
            scenario::refusal(scenario->plan, flags.world == "ns3" ? scenario::WorldKind::ns3
                                                                   : scenario::WorldKind::memory)) {
      fmt::print(stderr, "mqttlab explore: {}: {}; say --world ns3\n", scenario->file, *why);
      return exit_code::usage;
    }
    search.simulator = simulator_of(scenario->plan, flags.world);
    scenario::Problems none;
    search.base = scenario::read_document(scenario->text, none).root;
  }
  take_signals();
  return Explorer(flags, search).go();
}

std::vector<std::string> kinds_of_faults() {
  std::vector<std::string> names;
  for (const auto& kind : explore::fault_kinds) names.emplace_back(kind.name);
  return names;
}

std::string footer() {
  std::string text = "Kinds of faults, for --without:\n";
  for (const auto& kind : explore::fault_kinds)
    text += fmt::format("  {:<11}{}\n", kind.name, kind.meaning);
  return text;
}

}  // namespace

void add_explore(CLI::App& app, int& exit_code) {
  auto flags = std::make_shared<ExploreFlags>();
  Command verb(app, "explore", "many seeds, random fleets and faults; makes what fails small");
  verb.option("FILE", flags->file,
              "draw faults for this scenario; without it, fleets and links as well");
  verb.option("--seed", flags->seed, "the first seed; default: 1");
  verb.option("--runs", flags->runs, "stop after so many runs")
      .within(1, 1'000'000'000)
      .with_default_shown();
  verb.option("--time", flags->time, "stop after this time: 30s, 10min, 8h");
  verb.flag("--until-coverage", flags->until_coverage,
            "stop when every state of `sometimes` was reached");
  verb.option("--broker", flags->broker,
              "another broker than ours, in virtual time: the name or file of its adapter");
  verb.option("--without", flags->without, "kinds of faults that are not drawn: crash,power")
      .split_at(',')
      .one_of(kinds_of_faults());
  verb.option("--ignore", flags->ignore,
              "promises whose breaking is known: qos1,broker/again_has_dup")
      .split_at(',');
  verb.option("--jobs", flags->jobs, "simulations at the same time; default: one per core")
      .within(1, 1024);
  verb.option("--world", flags->world, "memory (fast) or ns3 (TCP over simulated links)")
      .one_of({"ns3", "memory"})
      .with_default_shown();
  verb.option("-o,--output", flags->output, "where the smallest failing scenario goes")
      .with_default_shown();
  verb.flag("--json", flags->json, "print one JSON document, and nothing else");
  verb.option("--color", flags->color, "auto, always or never").one_of({"auto", "always", "never"});
  verb.footer(footer());
  verb.runs([flags, &exit_code] { exit_code = explore_verb(*flags); });
}

}  // namespace mq::cli
