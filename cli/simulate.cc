#include "cli/simulate.h"

#include <fmt/chrono.h>
#include <sys/prctl.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <iostream>
#include <iterator>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "cli/broker_of_run.h"
#include "cli/client_programs.h"
#include "cli/exit_code.h"
#include "cli/interrupt.h"
#include "cli/results_folder.h"
#include "installation/installation.h"
#include "reports/file/output_file.h"
#include "reports/record/glance.h"
#include "reports/record/recorder.h"
#include "reports/results_json.h"
#include "scenarios/engine/run.h"
#include "scenarios/language/parse.h"
#include "scenarios/speak.h"
#include "sim/tcp_preset.h"

namespace mq::cli {
namespace {

using Clock = std::chrono::steady_clock;

// If nobody hears it, mqttlab has gone, maybe before prctl() asked to be told: the run ends.
void say_progress(Instant reached, const std::string& what = {}) {
  std::printf("%lld%s\n", static_cast<long long>(reached.time_since_epoch().count()), what.c_str());
  if (std::fflush(stdout) != 0 && interrupt_seen() == 0) std::raise(SIGTERM);
}

// The recorder, and the glance of those who watch.
class Both final : public trace::Observer {
 public:
  Both(report::Recorder& recorder, report::Glance& glance) : recorder_(recorder), glance_(glance) {}
  void observe(const trace::Event& event) override {
    glance_.observe(event);
    recorder_.observe(event);
  }

 private:
  report::Recorder& recorder_;
  report::Glance& glance_;
};

// Told a few times a second how far the run is; ends it when the user or a full disk wants it, and
// holds it up when it is to stand still or not to be faster than so.
class Pace {
 public:
  Pace(const report::Recorder& recorder, const report::Glance* glance,
       const std::optional<Pausable>& pausable)
      : recorder_(recorder), glance_(glance), speed_max_(pausable ? pausable->speed_max : 0) {}

  bool go_on(Instant reached) {
    const auto now = Clock::now();
    if (now - said_ >= std::chrono::milliseconds(100)) {
      said_ = now;
      say_progress(reached, glance_of(reached));
    }
    while (!is_over() && hold_up(reached)) {
    }
    return !is_over();
  }

 private:
  bool is_over() const { return interrupt_seen() != 0 || recorder_.error().has_value(); }
  std::string glance_of(Instant reached) const {
    return glance_ == nullptr ? "" : glance_->to_json(reached);
  }

  // A moment, if the run is to wait; false if it may go on.
  bool hold_up(Instant reached) {
    constexpr Clock::duration moment = std::chrono::milliseconds(20);
    const auto now = Clock::now();
    if (pause_wanted()) {
      say_progress(reached, std::string(standing_still) + glance_of(reached));
      while (pause_wanted() && !is_over()) std::this_thread::sleep_for(moment);
      said_ = {};
      began_ += Clock::now() - now;
      return true;
    }
    if (speed_max_ <= 0) return false;
    const std::chrono::duration<double> due(seconds(reached - Instant{}) / speed_max_);
    const auto early = began_ + std::chrono::duration_cast<Clock::duration>(due) - now;
    if (early <= Clock::duration::zero()) return false;
    std::this_thread::sleep_for(std::min(early, moment));
    return true;
  }

  const report::Recorder& recorder_;
  const report::Glance* glance_;
  double speed_max_;
  Clock::time_point began_ = Clock::now();
  Clock::time_point said_{};
};

bool is_measured(const scenario::Plan& plan) {
  return plan.broker.service_time && plan.broker.service_time->is_measured;
}

report::Configuration configuration_of(const scenario::Plan& plan, const SimulationParts& parts) {
  report::Configuration configuration;
  configuration.scenario_file = plan.file;
  if (plan.world == scenario::WorldKind::ns3) {
    // One preset a run is shown; links that differ say so among their settings.
    const sim::TcpPreset preset =
        plan.links.empty() ? sim::TcpPreset::linux_ : plan.links[0].model.tcp;
    configuration.tcp_preset = std::string(sim::tcp_settings(preset).name);
    for (const sim::TcpSettingRow& row : sim::describe(preset))
      configuration.tcp.push_back({row.name, row.value, row.source});
  } else {
    configuration.tcp_preset = "none: the memory world has latency and cuts, and no TCP";
  }
  std::vector<std::uint64_t> clients(plan.links.size());
  for (const scenario::GroupPlan& group : plan.groups) clients[group.link] += group.count;
  for (std::size_t i = 0; i < plan.links.size(); ++i) {
    const scenario::LinkPlan& link = plan.links[i];
    if (clients[i] == 0) continue;
    report::LinkUsed used{link.name, link.profile, clients[i], {}};
    for (const scenario::Source& source : link.sources)
      used.settings.push_back({source.of, source.value, source.source});
    configuration.links.push_back(std::move(used));
  }
  configuration.versions = {{"mqttlab", version(), ""}, {"compiler", "g++ " __VERSION__, ""}};
  if (const auto& time = plan.broker.service_time)
    configuration.versions.push_back(
        {"the broker's service time",
         time->is_measured ? "its processor time, as measured: not reproducible"
                           : fmt::format("{} us for each packet", 1e6 * seconds(time->each)),
         ""});
  configuration.versions.insert(configuration.versions.end(), parts.versions.begin(),
                                parts.versions.end());
  return configuration;
}

std::vector<bool> encrypted_clients(const scenario::Plan& plan) {
  std::vector<bool> encrypted;
  for (const auto& group : plan.groups)
    encrypted.insert(
        encrypted.end(), group.count,
        group.transport == scenario::Transport::tls || group.transport == scenario::Transport::wss);
  return encrypted;
}

// The last reason counts.
void fails(report::Results& results, int code, const std::string& why) {
  if (why.empty()) return;
  results.exit_code = code;
  results.why = why;
  std::fprintf(stderr, "mqttlab: %s\n", why.c_str());
}

int simulate_with(BrokerOfRun& broker, const scenario::Plan& plan, const WorkerOrder& order,
                  const SimulationParts& parts) {
  const auto began = Clock::now();
  const std::string started = fmt::format(
      "{:%Y-%m-%dT%H:%M:%SZ}",
      fmt::gmtime(std::chrono::system_clock::to_time_t(std::chrono::system_clock::now())));
  const trace::RunInfo run = scenario::run_info(plan);
  report::Recorder recorder(
      run, {.folder = order.folder, .trace = order.trace, .encrypted = encrypted_clients(plan)});
  std::optional<report::Glance> glance;
  std::optional<Both> both;
  if (order.live) both.emplace(recorder, glance.emplace(run));
  Pace pace(recorder, glance ? &*glance : nullptr, order.pausable);
  const auto world = parts.world(plan.seed);
  scenario::RunOptions options;
  options.client_fault = parts.client_fault;
  if (recorder.keeps_trace())
    options.hear_encrypted = [&recorder](const trace::EncryptedRecords& records) {
      recorder.observe(records);
    };
  if (has_programs(plan)) {
    options.programs_folder = ResultsFolder{order.folder}.programs();
    std::filesystem::remove_all(options.programs_folder);  // of the run before
    std::filesystem::create_directories(options.programs_folder);
  }
  options.go_on_every = broker.told_every();
  if (order.pausable && !options.go_on_every) options.go_on_every = std::chrono::seconds(1);
  options.go_on = [&](Instant reached) {
    broker.reached(reached);
    return pace.go_on(reached) && broker.trouble().empty();
  };
  const scenario::RunEnd end =
      scenario::run(plan, *world, broker.backend(),
                    both ? static_cast<trace::Observer&>(*both) : recorder, options);
  say_progress(end.reached);

  report::Results results = recorder.finish(end.reached);
  if (!broker.told_every() && !is_measured(plan)) results.hash = end.hash;  // else none repeats it
  results.program_version = version();
  results.command = order.command;
  results.traffic = traffic_of(plan, end.traffic);
  results.configuration = configuration_of(plan, parts);
  for (report::Setting& row : broker.about())
    results.configuration.versions.push_back(std::move(row));
  for (const std::string& text : end.programs)
    results.configuration.versions.push_back({"client program", text, ""});
  results.not_reproducible.started = started;
  results.not_reproducible.broker_cpu_seconds = seconds(broker.cpu());
  results.not_reproducible.wall_seconds =
      std::chrono::duration<double>(Clock::now() - began).count();
  if (interrupt_seen() != 0) results.exit_code = interrupt_exit_code();
  fails(results, broker.trouble_code(), broker.trouble());
  fails(results, exit_code::unreachable, end.program_trouble);
  if (const auto trouble = recorder.error())
    fails(results, exit_code::fault,
          trouble->path + " could not be written: " + trouble->error.message());
  const ResultsFolder folder{order.folder};
  if (const auto error = report::write_file(folder.results(), report::to_json(results))) {
    std::fprintf(stderr, "mqttlab: %s could not be written: %s\n", folder.results().c_str(),
                 error.message().c_str());
    return exit_code::fault;
  }
  return results.exit_code;
}

}  // namespace

std::vector<report::LinkTraffic> traffic_of(const scenario::Plan& plan,
                                            const std::vector<sim::World::Traffic>& per_client) {
  std::vector<report::LinkTraffic> traffic(plan.links.size());
  for (std::size_t i = 0; i < plan.links.size(); ++i) traffic[i].link = plan.links[i].name;
  std::size_t client = 0;
  for (const scenario::GroupPlan& group : plan.groups) {
    for (std::size_t number = 0; number < group.count; ++number, ++client) {
      report::LinkTraffic& sum = traffic[group.link];
      const sim::World::Traffic& one = per_client[client];
      sum.packets_up += one.packets_up;
      sum.packets_down += one.packets_down;
      sum.bytes_up += one.bytes_up;
      sum.bytes_down += one.bytes_down;
      sum.lost_up += one.lost_up;
      sum.lost_down += one.lost_down;
    }
  }
  std::erase_if(traffic, [](const auto& sum) { return sum.packets_up + sum.packets_down == 0; });
  return traffic;
}

int simulate(const scenario::Plan& wanted, const WorkerOrder& order, const SimulationParts& parts) {
  scenario::Plan plan = wanted;
  try {
    find_programs(plan);
    const auto broker =
        broker_of_run(plan, parts.broker_fault, ResultsFolder{order.folder}.broker_log(),
                      BrokerWishes{.measures_cpu = order.measures_cpu, .lives_in_real_time = true});
    return simulate_with(*broker, plan, order, parts);
  } catch (const NoBroker& none) {
    std::fprintf(stderr, "mqttlab: %s\n", none.what());
    return none.exit_code;
  }
}

int worker_main(int argc, char** argv, const SimulationParts& parts) try {
  const auto order = from_arguments(std::vector<std::string>(argv + 1, argv + argc));
  if (!order) {
    std::fprintf(stderr, "%s is started by mqttlab, with the scenario on stdin\n", argv[0]);
    return exit_code::usage;
  }
  take_signals_with_driver();
  if (order->pausable) take_pauses();
  prctl(PR_SET_PDEATHSIG, SIGTERM);  // nobody would read what is measured after mqttlab has gone
  const std::string text((std::istreambuf_iterator<char>(std::cin)),
                         std::istreambuf_iterator<char>());
  auto parsed = scenario::parse(text, order->scenario_file);
  if (const auto* problems = std::get_if<scenario::Problems>(&parsed)) {
    for (const auto& problem : *problems)
      std::fprintf(stderr, "%s\n", scenario::to_text(order->scenario_file, problem).c_str());
    return exit_code::usage;
  }
  auto& plan = std::get<scenario::Plan>(parsed);
  plan.seed = order->seed;
  if (!order->broker.empty()) plan.broker.external = order->broker == "ours" ? "" : order->broker;
  if (!order->protocol.empty()) scenario::speak_3_1_1(plan);
  plan.world = order->simulator == Simulator::memory ? scenario::WorldKind::memory
                                                     : scenario::WorldKind::ns3;
  if (const auto why = scenario::refusal(plan, plan.world)) {
    std::fprintf(stderr, "mqttlab: %s\n", why->c_str());
    return exit_code::usage;
  }
  return simulate(plan, *order, parts);
} catch (const std::exception& fault) {
  std::fprintf(stderr, "mqttlab: a fault of mqttlab itself: %s\n", fault.what());
  return exit_code::fault;
}

}  // namespace mq::cli
