// mqttlab explore [FILE]: find the seed that breaks it, and make what breaks it small.
#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "cli/command_line.h"
#include "cli/exit_code.h"
#include "cli/interrupt.h"
#include "cli/player.h"
#include "cli/scenario_file.h"
#include "cli/terminal.h"
#include "cli/text_file.h"
#include "cli/verbs.h"
#include "explore/draw.h"
#include "explore/emit.h"
#include "explore/shrink.h"
#include "reports/file/output_file.h"
#include "reports/text/escape.h"
#include "reports/text/format.h"
#include "scenarios/language/parse.h"
#include "scenarios/language/units.h"
#include "sim/trace/sometimes.h"

namespace mq::cli {
namespace {

using Clock = std::chrono::steady_clock;

struct ExploreFlags {
  std::string file;
  std::optional<std::uint64_t> seed;
  std::uint32_t runs = 1000;
  std::string time;
  bool until_coverage = false;
  std::uint32_t jobs = std::max(1U, std::thread::hardware_concurrency());
  std::string world = "memory";
  std::string output = "results/explore";
  std::string color = "auto";
};

constexpr int look_every_ms = 200;
// A failure is made smaller for no more plays than this: each takes milliseconds.
constexpr std::size_t shrinking_plays_max = 5000;

constexpr std::uint64_t all_states = (std::uint64_t{1} << trace::sometimes_states.size()) - 1;

struct Failure {
  std::uint64_t seed = 0;
  std::string text;
  Played played;
};

class Explorer {
 public:
  Explorer(const ExploreFlags& flags, std::optional<scenario::Node> base, const Terminal& terminal)
      : flags_(flags), base_(std::move(base)), terminal_(terminal) {
    if (!flags.time.empty())
      if (const auto limit = scenario::parse_duration(flags.time)) until_ = began_ + *limit;
    for (std::uint32_t i = 0; i < flags.jobs; ++i)
      players_.push_back(std::make_unique<Player>(flags.world == "ns3"));
    seeds_.resize(players_.size());
    texts_.resize(players_.size());
  }

  int go();

 private:
  std::string drawn(std::uint64_t seed) const {
    return base_ ? explore::draw(seed, flags_.world, *base_) : explore::draw(seed, flags_.world);
  }
  bool more() const {
    if (failure_ || trouble_ || interrupt_seen() != 0) return false;
    if (flags_.until_coverage && states_ == all_states) return false;
    return begun_ < flags_.runs && Clock::now() < until_;
  }
  void wait() const;
  void take(std::size_t player, const Played& played);
  void show() const;
  void say_coverage() const;
  std::optional<Played> play_alone(const std::string& text);
  int report_failure();
  std::string shrink(std::size_t& plays);

  const ExploreFlags& flags_;
  std::optional<scenario::Node> base_;
  const Terminal& terminal_;
  Clock::time_point began_ = Clock::now();
  Clock::time_point until_ = Clock::time_point::max();
  std::vector<std::unique_ptr<Player>> players_;
  std::vector<std::uint64_t> seeds_;  // under way, by player
  std::vector<std::string> texts_;
  std::uint64_t begun_ = 0;
  std::uint64_t ended_ = 0;
  std::uint64_t events_ = 0;
  std::uint64_t unmeasured_ = 0;
  std::uint64_t states_ = 0;
  std::vector<std::uint64_t> reached_ = std::vector<std::uint64_t>(trace::sometimes_states.size());
  std::optional<Failure> failure_;  // of the lowest seed seen
  std::optional<std::string> trouble_;
};

void Explorer::wait() const {
  std::vector<pollfd> watched;
  for (const auto& player : players_)
    if (player->busy()) watched.push_back({player->descriptor(), POLLIN, 0});
  poll(watched.data(), watched.size(), look_every_ms);
}

void Explorer::take(std::size_t player, const Played& played) {
  ++ended_;
  events_ += played.events;
  unmeasured_ += played.measured ? 0 : 1;
  states_ |= played.states;
  for (std::size_t i = 0; i < reached_.size(); ++i) reached_[i] += played.states >> i & 1;
  if (played.end == Played::End::refused) {
    trouble_ = "a scenario was drawn that is none: " + played.evidence;
  } else if (!played.broken.empty() && (!failure_ || seeds_[player] < failure_->seed)) {
    failure_ = Failure{seeds_[player], texts_[player], played};
  }
}

void Explorer::show() const {
  if (!terminal_.live()) return;
  const double wall = std::chrono::duration<double>(Clock::now() - began_).count();
  terminal_.show(
      fmt::format("{} runs  {:.0f} a second  {} of {} states reached", report::count(ended_),
                  wall > 0 ? static_cast<double>(ended_) / wall : 0,
                  std::count_if(reached_.begin(), reached_.end(), [](auto n) { return n > 0; }),
                  reached_.size()));
}

void Explorer::say_coverage() const {
  const double wall = std::chrono::duration<double>(Clock::now() - began_).count();
  fmt::print("{} with {}, {:.0f} a second; {} measured nothing\n", report::count(ended_, "run"),
             report::count(events_, "event"), wall > 0 ? static_cast<double>(ended_) / wall : 0,
             unmeasured_);
  for (std::size_t i = 0; i < reached_.size(); ++i)
    fmt::print("  {:>7}  {}\n", reached_[i] == 0 ? "never" : report::count(reached_[i]),
               trace::sometimes_states[i].phrase);
}

std::optional<Played> Explorer::play_alone(const std::string& text) {
  Player& player = *players_.front();
  if (const auto trouble = player.begin(text)) {
    trouble_ = trouble;
    return std::nullopt;
  }
  while (interrupt_seen() == 0) {
    pollfd watched{player.descriptor(), POLLIN, 0};
    poll(&watched, 1, look_every_ms);
    if (auto played = player.result(Clock::now())) return played;
  }
  return std::nullopt;
}

std::string Explorer::shrink(std::size_t& plays) {
  scenario::Problems problems;
  explore::Shrinker shrinker(scenario::read_document(failure_->text, problems).root);
  const std::string& id = failure_->played.broken.front();
  while (plays < shrinking_plays_max) {
    const auto candidate = shrinker.next();
    if (!candidate) break;
    const auto played = play_alone(*candidate);
    if (!played) break;
    ++plays;
    const bool fails =
        std::find(played->broken.begin(), played->broken.end(), id) != played->broken.end();
    if (fails) failure_->played = *played;
    shrinker.told(fails);
    if (terminal_.live()) terminal_.show(fmt::format("making it smaller: {} plays", plays));
  }
  terminal_.show({});
  return explore::emit(shrinker.smallest());
}

int Explorer::report_failure() {
  const std::string id = failure_->played.broken.front();
  std::size_t plays = 0;
  const std::string smallest = shrink(plays);
  const std::string path = fmt::format("{}/{}-seed-{}.yaml", flags_.output, id, failure_->seed);
  std::error_code error;
  std::filesystem::create_directories(flags_.output, error);
  if (!error)
    error = report::write_file(
        path, fmt::format("# Breaks {}; found with seed {}.\n{}", id, failure_->seed, smallest));
  fmt::print("Broken: {} with seed {}: {}\n", id, failure_->seed,
             report::visible(failure_->played.evidence));
  const auto parsed = scenario::parse(smallest, path);
  if (const auto* plan = std::get_if<scenario::Plan>(&parsed)) {
    const auto clients = scenario::run_info(*plan).clients.size();
    fmt::print("smallest  {}, {}, {} (after {} plays)\n", report::count(clients, "client"),
               report::count(plan->faults.size(), "fault"), report::long_duration(plan->duration),
               plays);
  }
  if (error) {
    fmt::print(stderr, "mqttlab: {} could not be written: {}\n{}", path, error.message(), smallest);
    return exit_code::fault;
  }
  fmt::print("repeat    {} run {}\n", launcher_name(), path);
  return exit_code::broken;
}

int Explorer::go() {
  while (true) {
    bool busy = false;
    for (std::size_t i = 0; i < players_.size(); ++i) {
      if (const auto played = players_[i]->result(Clock::now())) take(i, *played);
      if (!players_[i]->busy() && more()) {
        seeds_[i] = flags_.seed.value_or(1) + begun_++;
        texts_[i] = drawn(seeds_[i]);
        trouble_ = players_[i]->begin(texts_[i]);
      }
      busy |= players_[i]->busy();
    }
    if (interrupt_seen() != 0 || !busy) break;
    wait();
    show();
  }
  terminal_.show({});
  if (trouble_) {
    fmt::print(stderr, "mqttlab: {}\n", *trouble_);
    return exit_code::fault;
  }
  say_coverage();
  if (failure_) return report_failure();
  if (interrupt_seen() != 0) return interrupt_exit_code();
  if (ended_ == unmeasured_) {
    fmt::print("Nothing was measured\n");
    return exit_code::nothing;
  }
  fmt::print("Every promise was kept\n");
  return exit_code::held;
}

int explore_verb(const ExploreFlags& flags) {
  if (!flags.time.empty() && !scenario::parse_duration(flags.time)) {
    fmt::print(stderr, "mqttlab: --time {}: expected a duration such as 30s or 10min\n",
               flags.time);
    return exit_code::usage;
  }
  std::optional<scenario::Node> base;
  if (!flags.file.empty()) {
    const auto found = scenario_file(flags.file);
    if (const auto* none = std::get_if<NoScenario>(&found)) {
      fmt::print(stderr, "mqttlab explore: {}\n", none->why);
      return exit_code::usage;
    }
    const auto& file = std::get<std::string>(found);
    const auto loaded = scenario::load(file);
    if (const auto* problems = std::get_if<scenario::Problems>(&loaded)) {
      for (const auto& problem : *problems)
        fmt::print(stderr, "{}\n", scenario::to_text(file, problem));
      return exit_code::usage;
    }
    scenario::Problems none;
    base = scenario::read_document(read_text_file(file).value_or(""), none).root;
  }
  take_signals();
  const Terminal terminal(flags.color);
  return Explorer(flags, std::move(base), terminal).go();
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
  verb.option("--jobs", flags->jobs, "simulations at the same time; default: one per core")
      .within(1, 1024);
  verb.option("--world", flags->world, "memory (fast) or ns3 (TCP over simulated links)")
      .one_of({"ns3", "memory"})
      .with_default_shown();
  verb.option("-o,--output", flags->output, "where the smallest failing scenario goes")
      .with_default_shown();
  verb.option("--color", flags->color, "auto, always or never").one_of({"auto", "always", "never"});
  verb.runs([flags, &exit_code] { exit_code = explore_verb(*flags); });
}

}  // namespace mq::cli
